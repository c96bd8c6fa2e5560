"""Timeframes: the lengths of bars, by name.

People, files and tables write `1h`; a suffix in a genome writes `_1H`. Bars lie on UTC boundaries,
weeks start on Monday.
"""

from __future__ import annotations

from evotrade.errors import SettingsError

SECONDS: dict[str, int] = {
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "30m": 1_800,
    "1h": 3_600,
    "4h": 14_400,
    "12h": 43_200,
    "1d": 86_400,
    "1w": 604_800,
}
"""Length in seconds of every timeframe that candles may have."""

_YEAR_S = 365 * 86_400  # crypto trades every day; evolution.md fixes 365


def length_s(timeframe: str) -> int:
    """Length of a bar in seconds. `SettingsError` for an unknown name."""
    try:
        return SECONDS[timeframe.lower()]
    except KeyError:
        raise SettingsError(f"unknown timeframe {timeframe!r}: use one of {', '.join(SECONDS)}") from None


def of_length(seconds: int) -> str:
    """Name of the timeframe whose bars are `seconds` long. `SettingsError` where there is none."""
    for name, length in SECONDS.items():
        if length == seconds:
            return name
    raise SettingsError(f"no timeframe has bars of {seconds} s: use one of {', '.join(SECONDS)}")


def bars_per_year(timeframe: str) -> float:
    """Bars in a year of 365 days."""
    return _YEAR_S / length_s(timeframe)
