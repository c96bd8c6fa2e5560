"""What the Market data page reads of the store's candles, once for all viewers."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import streamlit as st

from evotrade import timeframes
from evotrade.market.candles import Candles
from evotrade.market.gaps import gaps_between
from evotrade.plots.coverage import Calendar, calendar
from evotrade.store import Store
from evotrade.ui.phenotypes import Series
from evotrade.ui.reads import store

LARGEST_GAPS = 100
"""Gaps of a series that are listed: of a market that hardly trades there are hundreds of thousands."""

_KEPT_S = 600
_FEW, _MANY = 64, 512


class Held(NamedTuple):
    """A series that the store holds; `first_s` and `last_s` are bar starts in Unix seconds."""

    pair: str
    source: str
    timeframe: str
    bars: int
    first_s: int
    last_s: int

    @classmethod
    def of(cls, candles: Candles) -> Held:
        """What the store would hold of candles that it has not yet; there is at least one."""
        first_s, last_s = int(candles.time_s[0]), int(candles.time_s[-1])
        return cls(candles.pair, candles.source, candles.timeframe, len(candles), first_s, last_s)

    @property
    def market(self) -> Series:
        """Its pair and source."""
        return Series(self.pair, self.source)

    @property
    def end_s(self) -> int:
        """When its last bar closed, Unix seconds."""
        return self.last_s + timeframes.length_s(self.timeframe)

    @property
    def missing_bars(self) -> int:
        """How many bars lack between the first and the last."""
        return (self.end_s - self.first_s) // timeframes.length_s(self.timeframe) - self.bars

    @property
    def coverage_pct(self) -> float:
        """Bars that exist, in percent of those from the first to the last, never rounded up to all."""
        return 10_000 * self.bars // (self.bars + self.missing_bars) / 100


class Presence(NamedTuple):
    """Which bars of a series exist: how many gaps, the largest ones first, and the calendar."""

    gaps: int
    largest: pd.DataFrame
    calendar: Calendar


def held() -> list[Held]:
    """Every series of the store, by pair and source, short bars first."""
    shared = store()
    return _held(shared, shared.version())


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _held(_store: Store, version: str) -> list[Held]:
    found = [
        Held(
            pair=row["pair"],
            source=row["source"],
            timeframe=row["timeframe"],
            bars=int(row["bars"]),
            first_s=int(row["first"].timestamp()),
            last_s=int(row["last"].timestamp()),
        )
        for row in _store.coverage().to_dict("records")
    ]
    return sorted(found, key=lambda row: (row.pair, row.source, timeframes.length_s(row.timeframe)))


def presence(series: Held) -> Presence:
    """Its gaps and calendar."""
    shared = store()
    return _presence(shared, str(shared.path), series)


# Bars are corrected, never deleted: a series with as many as before between the same two has the same ones.
# So an evolution that writes to the store every second does not make a million bars be counted again.
@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _presence(_store: Store, path: str, series: Held) -> Presence:
    starts = _store.bar_starts(series.pair, series.timeframe, series.source)
    found = gaps_between(starts, series.timeframe)
    largest = found.sort_values("missing_bars", ascending=False, kind="stable").head(LARGEST_GAPS)
    return Presence(len(found), largest, calendar(starts, series.timeframe))


def closes(series: Held) -> pd.DataFrame:
    """`time` and `close` of the line to know the series by, see `Store.closes`."""
    shared = store()
    return _closes(shared, shared.version(), series)


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _closes(_store: Store, version: str, series: Held) -> pd.DataFrame:
    return _store.closes(series.pair, series.timeframe, series.source)
