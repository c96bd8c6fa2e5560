"""Longer bars made of shorter ones, on UTC boundaries (weeks start on Monday)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from evotrade import timeframes
from evotrade.errors import SettingsError
from evotrade.market.candles import Candles, Floats, bar_start_s

Starts = npt.NDArray[np.intp]

_JOIN: dict[str, Callable[[Floats, Starts], Floats]] = {
    "open": lambda values, first: values[first],
    "high": np.maximum.reduceat,
    "low": np.minimum.reduceat,
    "close": lambda values, first: _last(values, first),
    "volume": np.add.reduceat,
    "trades": np.add.reduceat,
    "funding_rate": np.add.reduceat,
    "open_interest": lambda values, first: _last(values, first),
}
"""How the values of the bars inside a higher bar become its one value, by column."""


def resample(candles: Candles, timeframe: str) -> Candles:
    """The higher bars of `timeframe` that are complete, made of the bars that exist in them.

    The first higher bar is dropped, since the history may start inside it, and so is the last while the
    last bar ends before it does; a higher bar without any bar does not exist. With the timeframe that
    the candles have they come back as they are. `SettingsError` for a timeframe that is shorter.
    """
    length, base = timeframes.length_s(timeframe), timeframes.length_s(candles.timeframe)
    if length == base:
        return candles
    if length % base:
        raise SettingsError(
            f"{timeframe} bars cannot be made of {candles.timeframe} bars: use a longer timeframe"
        )
    start_s = bar_start_s(candles.time_s, timeframe)
    first = np.flatnonzero(start_s[1:] != start_s[:-1]) + 1  # where each but the first begins
    ended = np.searchsorted(start_s[first] + length, candles.end_s[-1:], side="right").sum()  # 0 of no bars
    values: dict[str, Any] = {name: _JOIN[name](getattr(candles, name), first) for name in candles.columns}
    arrays = {name: array[:ended] for name, array in {"time_s": start_s[first], **values}.items()}
    for array in arrays.values():
        array.flags.writeable = False
    return candles.made_of_good_bars(timeframe.lower(), arrays)


def _last(values: Floats, first: Starts) -> Floats:
    following = np.append(first[1:], len(values))[: len(first)]
    return np.asarray(values[following - 1])
