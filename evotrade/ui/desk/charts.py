"""A session drawn: profit and position over time, and its bars with its fills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from evotrade import timeframes
from evotrade.errors import EvotradeError
from evotrade.plots.session import FillMark, Moment, SessionBar, pnl_figure, session_figure
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.desk import reads, words
from evotrade.ui.desk.reads import JSON
from evotrade.ui.text import sentence

_EVERY_S = 5.0
_CHART_PX = 320
_LEAST_WIDTH_PX = 420
_ALL = "All"
_RANGES = {"1 h": timedelta(hours=1), "6 h": timedelta(hours=6), "1 day": timedelta(days=1)} | {
    "7 days": timedelta(days=7)
}


def show(session: JSON) -> None:
    """Both charts; drawn anew every few seconds while the session runs, since that loses a zoom."""
    running = session["status"] != "stopped"
    st.fragment(_charts, run_every=_EVERY_S if running else None)(session)


def _charts(session: JSON) -> None:
    number = session["session_id"]
    span = st.segmented_control(
        "Range",
        (*_RANGES, _ALL),
        default=_ALL,
        required=True,
        key="range",
        bind="query-params",
        label_visibility="collapsed",
    )
    try:
        now = reads.session(number)
        fills = [fill_mark(row) for row in reads.records(number, "trades")]
        moments = [moment(row) for row in reads.records(number, "ticks") if row["price"] is not None]
        bars = [session_bar(row) for row in reads.records(number, "bars")]
    except EvotradeError as error:
        st.caption(f":material/show_chart: Nothing to draw: {sentence(error)}")
        return
    moments = with_now(moments, now)
    since = _since(moments, bars, span)
    with st.grid(2, min_column_width=_LEAST_WIDTH_PX):
        _profit(now, [one for one in moments if one.at >= since], fills)
        _bars(now, [bar for bar in bars if bar.start >= since], fills, moments)


def _profit(session: JSON, moments: Sequence[Moment], fills: Sequence[FillMark]) -> None:
    base, quote = words.names(session)
    if not moments:
        st.caption(":material/show_chart: P&L and position are drawn once the first price has come.")
        return
    figure = pnl_figure(moments, fills, theme_in_force(), quote=quote, base=base)
    number = session["session_id"]
    draw(figure, "pnl", _CHART_PX, f"P&L and position of session {number} over time")


def _bars(
    session: JSON, bars: Sequence[SessionBar], fills: Sequence[FillMark], moments: Sequence[Moment]
) -> None:
    length_s = timeframes.length_s(session["timeframe"])
    running = running_bar(moments, length_s, bars) if session["status"] != "stopped" else None
    if not bars and running is None:
        st.caption(
            f":material/candlestick_chart: Its first bar of {session['timeframe']} has not closed yet."
        )
        return
    figure = session_figure(
        bars, fills, length_s, theme_in_force(), quote=words.names(session)[1], running=running
    )
    draw(figure, "bars", _CHART_PX, f"Bars of session {session['session_id']} with its fills")


def _since(moments: Sequence[Moment], bars: Sequence[SessionBar], span: str | None) -> datetime:
    """Where the range begins, counted back from the last thing known; the session's time, not ours."""
    known = [one.at for one in moments[:1]] + [bar.start for bar in bars[:1]]
    latest = [one.at for one in moments[-1:]] + [bar.start for bar in bars[-1:]]
    if not known or span not in _RANGES:
        return min(known, default=words.EARLIEST)
    return max(latest) - _RANGES[span]


def fill_mark(row: JSON) -> FillMark:
    """A fill as the daemon told it."""
    at = datetime.fromisoformat(row["timestamp"])
    numbers = (float(row[name]) for name in ("quantity", "price", "position_after"))
    return FillMark(at, row["side"], *numbers)


def moment(row: JSON) -> Moment:
    """A tick as the daemon told it."""
    return Moment(datetime.fromisoformat(row["seen_at"]), float(row["price"]), float(row["pnl"] or 0))


def session_bar(row: JSON) -> SessionBar:
    """A bar as the daemon told it."""
    prices: dict[str, Any] = {name: float(row[name]) for name in ("open", "high", "low", "close")}
    return SessionBar(datetime.fromisoformat(row["start"]), **prices, missed=row["missed"])


def with_now(moments: Sequence[Moment], session: JSON) -> list[Moment]:
    """The moments and the newest one, which is not in the store yet."""
    at, price = words.at(session["price_at"]), session["price"]
    if at is None or price is None or (moments and at <= moments[-1].at):
        return list(moments)
    return [*moments, Moment(at, float(price), float(session["current_pnl"]))]


def running_bar(moments: Sequence[Moment], length_s: int, bars: Sequence[SessionBar]) -> SessionBar | None:
    """The bar that has not closed yet, made of the prices seen since the last one closed."""
    if not moments:
        return None
    length = timedelta(seconds=length_s)
    last = moments[-1].at
    start = last - timedelta(seconds=last.timestamp() % length_s)
    if bars and bars[-1].start >= start:
        return None
    prices = [one.price for one in moments if start <= one.at < start + length]
    return SessionBar(start, prices[0], max(prices), min(prices), prices[-1], "")
