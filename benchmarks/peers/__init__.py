"""The peers' side of the engine benchmark: the same strategies by other means, to compare and to time.

`plain_numpy` and `vectorbt_peer` run whole populations, `sma` compares one strategy with four engines
(`backtesting_peer` among them), `population` makes the genomes. Nothing here is used by evotrade.
"""
