"""Train, validation and vault: the division of a series in time.

    |warm-up|        train        |purge|  validation  |purge|   vault   |

The borders are times, the same at every timeframe of a dish: a share of the bars would fall on another day
at 1d than at 1h where the series has gaps, and one timeframe would train on another's validation.

Purge and embargo at a border are one warm-up long, at least the longest lookback, so that no decision of
a later split reads a bar on which an earlier one was judged (López de Prado, Advances in Financial
Machine Learning, 2018, section 7.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from evotrade.engine.backtest import Span
from evotrade.errors import NotEnoughCandles
from evotrade.market.candles import Candles

_LARGEST_WARMUP_SHARE = 0.1  # a short series gives up at most a tenth of its bars at each of three borders
_FEWEST_BARS = 20


class Splits(NamedTuple):
    """The spans of a dish at one timeframe; `warmup_bars` is the longest lookback it can judge."""

    train: Span
    validation: Span
    vault: Span
    warmup_bars: int


def borders(candles: Candles, shares: Sequence[float]) -> tuple[int, ...]:
    """Start of train and ends of train, validation and vault, Unix seconds: `shares` of at least one bar."""
    count = len(candles)
    ends = (round(count * shares[0]), round(count * (shares[0] + shares[1])), count)
    return (int(candles.time_s[0]), *(int(candles.end_s[max(1, end) - 1]) for end in ends))


def divide(
    candles: Candles, borders_s: Sequence[int], warmup_bars: int, series_bars: int | None = None
) -> Splits:
    """Divide a series at `borders_s`; a bar across a border is in no split.

    The warm-up is at most a tenth of `series_bars`: those of this series, unless it is to be divided as
    another one was. Raises `NotEnoughCandles` when the warm-up leaves less than 20 bars to train on.
    """
    count = len(candles) if series_bars is None else series_bars
    warmup = min(warmup_bars, int(count * _LARGEST_WARMUP_SHARE))
    train, validation, vault = (
        _span(candles, name, begin_s, end_s, warmup)
        for name, (begin_s, end_s) in zip(("train", "validation", "vault"), pairwise(borders_s), strict=True)
    )
    inside = train.bars(candles)
    if (left := inside.stop - inside.start) < _FEWEST_BARS:
        raise NotEnoughCandles(
            f"{len(candles)} bars of {candles.timeframe} leave {left} to train on, "
            f"{_FEWEST_BARS} are needed: use more candles or a shorter timeframe"
        )
    return Splits(train, validation, vault, warmup)


def _span(candles: Candles, split: str, begin_s: int, end_s: int, warmup: int) -> Span:
    """What the warm-up leaves of the bars between two borders; empty when that is nothing."""
    first = int(np.searchsorted(candles.time_s, begin_s)) + warmup
    last = int(np.searchsorted(candles.end_s, end_s, side="right"))
    if first >= last:
        return Span(split, end_s, end_s)
    return Span(split, int(candles.time_s[first]), int(candles.end_s[last - 1]))
