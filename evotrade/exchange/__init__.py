"""Kraken: its public candles."""

from evotrade.exchange.candles import Progress, fetch_candles

__all__ = ["Progress", "fetch_candles"]
