"""Train, validation and vault: the division of a series in time.

    |warm-up|        train        |purge|  validation  |purge|   vault   |

Purge and embargo at a border are one warm-up long, at least the longest lookback, so that no decision of
a later split reads a bar on which an earlier one was judged (López de Prado, Advances in Financial
Machine Learning, 2018, section 7.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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


def divide(candles: Candles, shares: Sequence[float], warmup_bars: int) -> Splits:
    """Divide a series by `shares` of its bars. `NotEnoughCandles` when train would be empty."""
    count = len(candles)
    warmup = min(warmup_bars, int(count * _LARGEST_WARMUP_SHARE))
    borders = [0, round(count * shares[0]), round(count * (shares[0] + shares[1])), count]
    if borders[1] - warmup < _FEWEST_BARS:
        raise NotEnoughCandles(
            f"{count} bars of {candles.timeframe} leave {max(0, borders[1] - warmup)} to train on, "
            f"{_FEWEST_BARS} are needed: use more candles or a shorter timeframe"
        )
    train, validation, vault = (
        _span(candles, name, first + warmup, last)
        for name, first, last in zip(("train", "validation", "vault"), borders, borders[1:], strict=False)
    )
    return Splits(train, validation, vault, warmup)


def _span(candles: Candles, split: str, first: int, last: int) -> Span:
    """Bars `first` to `last` (exclusive) as a span of time; empty when the purge leaves nothing."""
    end_s = int(candles.end_s[last - 1]) if last else int(candles.time_s[0])
    start_s = int(candles.time_s[first]) if first < last else end_s
    return Span(split, start_s, end_s)
