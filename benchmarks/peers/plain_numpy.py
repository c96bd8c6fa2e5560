"""What a good numpy and pandas user writes: a genome, a column, a trade list at a time, no compiler."""

from __future__ import annotations

from collections.abc import Sequence

from evotrade.genome import Genome
from evotrade.market.candles import Candles

from .portfolio import full_summary, summary, trade
from .signals import Market, signals
from .windows import Means

__all__ = ["run", "signals"]


def run(
    genomes: Sequence[Genome],
    candles: Candles,
    fee_bps: float,
    full: bool = False,
    means: Means = "numpy",
    keep: int = 0,
) -> list[dict[str, float]]:
    """Trades, fees paid, final equity and deepest drawdown of each genome, or, `full`, all its metrics.

    `means` and `keep` are those of `Market`: who computes windows, and how many values are kept (64 are
    faster where genomes share subtrees, 0 where they are random).
    """
    market = Market(candles, means, keep)
    portfolios = (trade(signals(genome, market), candles, fee_bps) for genome in genomes)
    if full:
        return [full_summary(portfolio, candles, fee_bps) for portfolio in portfolios]
    return [summary(portfolio, fee_bps) for portfolio in portfolios]
