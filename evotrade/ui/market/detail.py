"""One series: its price to know it by, which of its bars exist, and its largest gaps."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from evotrade.plots.coverage import Calendar, close_figure, coverage_figure
from evotrade.ui import formats
from evotrade.ui.badges import market_badge
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.market import reads
from evotrade.ui.market.reads import Held, Presence
from evotrade.ui.text import as_markdown

_PRICE_PX, _ROW_PX, _AROUND_PX = 300, 28, 110
_GAP_ROWS = 9
_LEAST_WIDTH_PX = 430


def show(series: Held) -> None:
    """The panel of a series."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(as_markdown(f"{series.pair} {series.timeframe}"), anchor=False, width="content")
            market_badge(series.market)
        st.caption(as_markdown(summary(series)))
        found = reads.presence(series)
        with st.grid(2 if found.gaps else 1, min_column_width=_LEAST_WIDTH_PX):
            with st.container():
                _price(series)
            if found.gaps:
                with st.container():
                    _gaps(series, found)
        _calendar(series, found.calendar)


def summary(series: Held) -> str:
    """Bars, span and coverage in a line."""
    first, end = (
        formats.moment(datetime.fromtimestamp(time, UTC)) for time in (series.first_s, series.end_s)
    )
    bars = f"{formats.counted(series.bars, 'bar')} from {first} to {end}"
    if not series.missing_bars:
        return f"{bars}, without gaps"
    return f"{bars}, {series.coverage_pct:.2f} % covered, {series.missing_bars:,} missing"


def _price(series: Held) -> None:
    line = reads.closes(series)
    figure = close_figure(
        pd.DatetimeIndex(line["time"]),
        line["close"].to_numpy(),
        theme=theme_in_force(),
        quote=formats.quote_currency(series.pair),
    )
    alt = f"Closes of {series.pair} {series.timeframe} from {series.source}"
    draw(figure, key="closes", height_px=_PRICE_PX, alt=alt)


def _gaps(series: Held, found: Presence) -> None:
    shown = f"the {len(found.largest)} largest of " if found.gaps > len(found.largest) else ""
    st.caption(f"Gaps, the largest first: {shown}{found.gaps:,}")
    lengths = (found.largest["end"] - found.largest["start"]).dt.total_seconds()
    st.dataframe(
        pd.DataFrame(
            {
                "From, UTC": found.largest["start"],
                "To, UTC": found.largest["end"],
                "Missing bars": found.largest["missing_bars"],
                "Duration": [formats.duration(length) for length in lengths],
            }
        ),
        hide_index=True,
        height="content" if len(found.largest) < _GAP_ROWS else _ROW_PX * _GAP_ROWS,
        row_height=_ROW_PX,
        column_config={
            name: st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")
            for name in ("From, UTC", "To, UTC")
        }
        | {"Missing bars": st.column_config.NumberColumn(format="localized")},
        alt=f"Largest gaps of {series.pair} {series.timeframe} from {series.source}",
    )


def _calendar(series: Held, counted: Calendar) -> None:
    draw(
        coverage_figure(counted, theme_in_force()),
        key="coverage",
        height_px=_ROW_PX * len(counted.rows) + _AROUND_PX,
        alt=f"Share of the bars of {series.pair} {series.timeframe} from {series.source} that exist, a cell "
        f"a {'day' if counted.of_days else 'month'}: {summary(series)}",
    )
