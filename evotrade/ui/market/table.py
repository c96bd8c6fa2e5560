"""The list of the series in the store, and the one in view: `?pair=BTC/USD&source=archive&interval=1h`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from evotrade.market.candles import Candles
from evotrade.ui import formats
from evotrade.ui.market import reads
from evotrade.ui.market.reads import Held
from evotrade.ui.text import as_markdown

_TABLE, _TABLES_BEFORE = "series", "tables of series before this one"
_ROW_PX, _MOST_ROWS = 35, 10


_NAMES = ("pair", "source", "interval")


def address(series: Held | Candles) -> dict[str, str]:
    """The parameters of the address that show this series."""
    return dict(zip(_NAMES, (series.pair, series.source, series.timeframe), strict=True))


def in_view(listed: Sequence[Held]) -> Held | None:
    """The first series that is as the address says; None where there is no such one."""
    asked_for = _asked_for().items()
    return next((series for series in listed if asked_for <= address(series).items()), None)


def _asked_for() -> dict[str, str]:
    return {name: st.query_params[name] for name in _NAMES if name in st.query_params}


def show(listed: Sequence[Held], chosen: Held | None) -> None:
    """The list, with the series in view marked; a click chooses another."""
    if chosen is None:
        asked_for = as_markdown(" ".join(_asked_for().values()))
        st.warning(
            f"The store holds no candles of {asked_for}: choose a series in the list, fetch it, or "
            "import a file.",
            icon=":material/search_off:",
        )
    key = f"{_TABLE} {st.session_state.get(_TABLES_BEFORE, 0)}"
    # The address decides which series is shown: a mark left by another visit would lie.
    marked = [row for row, series in enumerate(listed) if series == chosen]
    st.session_state[key] = {"selection": {"rows": marked, "columns": [], "cells": []}}
    st.dataframe(
        _for_people(listed, time.time()),
        key=key,
        on_select=partial(_choose, key, [address(series) for series in listed], marked),
        selection_mode="single-row",
        hide_index=True,
        height="content" if len(listed) < _MOST_ROWS else _ROW_PX * _MOST_ROWS,
        row_height=_ROW_PX,
        column_config=_COLUMNS,
        alt="Series of candles in the store",
    )


_COLUMNS = {
    "Pair": st.column_config.TextColumn(width=110, pinned=True),
    "Source": st.column_config.TextColumn(width=130),
    "Interval": st.column_config.TextColumn(width=65),
    "Bars": st.column_config.NumberColumn(format="localized", width=90),
    "First bar, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=140),
    "Last bar, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=140),
    "Coverage": st.column_config.NumberColumn(
        format="%.2f %%", width=90, help="Bars that exist, of those from the first to the last"
    ),
    "Gaps": st.column_config.NumberColumn(format="localized", width=70),
    "Missing bars": st.column_config.NumberColumn(format="localized", width=100),
    "Age": st.column_config.TextColumn(width=90, help="Time since the last bar closed"),
}


def _for_people(listed: Sequence[Held], now_s: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Pair": [series.pair for series in listed],
            "Source": ["synthetic market" if series.market.synthetic else series.source for series in listed],
            "Interval": [series.timeframe for series in listed],
            "Bars": [series.bars for series in listed],
            "First bar, UTC": pd.to_datetime([series.first_s for series in listed], unit="s", utc=True),
            "Last bar, UTC": pd.to_datetime([series.last_s for series in listed], unit="s", utc=True),
            "Coverage": [series.coverage_pct for series in listed],
            "Gaps": [reads.presence(series).gaps for series in listed],
            "Missing bars": [series.missing_bars for series in listed],
            "Age": [_age(series, now_s) for series in listed],
        }
    )


def _age(series: Held, now_s: float) -> str:
    """How long ago the last bar closed; a synthetic market has no now."""
    known = not series.market.synthetic and now_s >= series.end_s
    return formats.duration(now_s - series.end_s) if known else formats.NO_VALUE


def _choose(table: str, addresses: Sequence[dict[str, str]], marked: Sequence[int]) -> None:
    rows = st.session_state[table]["selection"]["rows"]
    if rows == marked:
        return  # the browser sends the mark after the table was gone for a while, and nobody chose
    if rows and rows[0] < len(addresses):
        st.query_params.update(addresses[rows[0]])
    else:
        # The mark stays with the series in view; a table once drawn with a mark does not take the same again.
        st.session_state[_TABLES_BEFORE] = st.session_state.get(_TABLES_BEFORE, 0) + 1
