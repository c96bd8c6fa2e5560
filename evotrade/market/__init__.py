"""Candles: their contract, files, timeframes, gaps and synthetic markets."""

from evotrade.market.candles import SOURCES, Candles, Source, bar_start_s
from evotrade.market.files import CandleFile, RefusedRow, parse_candles
from evotrade.market.gaps import coverage_pct, fill_gaps, gaps
from evotrade.market.pairs import archive_name, kraken_name, pair_name
from evotrade.market.resample import resample
from evotrade.market.synthetic import synthetic_candles

__all__ = [
    "SOURCES",
    "CandleFile",
    "Candles",
    "RefusedRow",
    "Source",
    "archive_name",
    "bar_start_s",
    "coverage_pct",
    "fill_gaps",
    "gaps",
    "kraken_name",
    "pair_name",
    "parse_candles",
    "resample",
    "synthetic_candles",
]
