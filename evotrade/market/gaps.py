"""Gaps: the bars that a series lacks. They stay gaps, are listed here, and are filled only when asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evotrade import timeframes
from evotrade.errors import SettingsError
from evotrade.market.candles import Candles


def gaps(candles: Candles) -> pd.DataFrame:
    """One row a gap, oldest first: `start` and `end` (UTC, end exclusive), number of `missing_bars`."""
    return gaps_between(candles.time_s, candles.timeframe)


def gaps_between(time_s: npt.NDArray[np.int64], timeframe: str) -> pd.DataFrame:
    """The gaps of a series, as `gaps` has them, of which only the starts of its bars are known, rising."""
    length = timeframes.length_s(timeframe)
    missing = np.diff(time_s) // length - 1
    before = np.flatnonzero(missing)
    return pd.DataFrame(
        {
            "start": pd.to_datetime(time_s[before] + length, unit="s", utc=True),
            "end": pd.to_datetime(time_s[before + 1], unit="s", utc=True),
            "missing_bars": missing[before],
        }
    )


def coverage_pct(candles: Candles) -> float:
    """Bars that exist, in percent of those from the first to the last; NaN without any."""
    if not len(candles):
        return float("nan")
    span_s = int(candles.end_s[-1] - candles.time_s[0])
    return 100 * len(candles) * timeframes.length_s(candles.timeframe) / span_s


def fill_gaps(candles: Candles, how: str) -> Candles:
    """Candles without gaps. `how="flat"`: a missing bar stands at the close before it and trades nothing.

    Open interest stays what it was; nothing is paid as funding. `SettingsError` for any other `how`.
    """
    if how != "flat":
        raise SettingsError(f"unknown way to fill gaps {how!r}: use 'flat', or leave them")
    if not len(candles):
        return candles
    length = timeframes.length_s(candles.timeframe)
    time_s = np.arange(candles.time_s[0], candles.end_s[-1], length)
    bar = np.searchsorted(candles.time_s, time_s, side="right") - 1  # the last one that exists
    missing = candles.time_s[bar] != time_s
    values: dict[str, Any] = {name: getattr(candles, name)[bar] for name in candles.columns}
    for name in ("open", "high", "low"):
        values[name][missing] = values["close"][missing]
    for name in {"volume", "trades", "funding_rate"} & values.keys():
        values[name][missing] = 0.0
    return replace(candles, time_s=time_s, **values)
