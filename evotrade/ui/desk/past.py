"""History: sessions that have ended, and one of them in detail."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from evotrade.errors import DaemonError, NotFound
from evotrade.ui import keys, navigation
from evotrade.ui.desk import charts, live, log, numbers, reads, suggest, words
from evotrade.ui.desk.reads import JSON
from evotrade.ui.desk.table import for_people
from evotrade.ui.formats import counted
from evotrade.ui.text import as_markdown, sentence

_NAME = "ended sessions"
_ROW_PX, _MOST_ROWS = 35, 10
_EVERY_S = 5.0
_ALL, _PAPER, _REAL = "All", "Paper", "Real"

_COLUMNS: dict[str, Any] = {
    "Session": st.column_config.NumberColumn(format="%d", width=65, pinned=True),
    "Cell": st.column_config.NumberColumn(format="%d", width=60),
    "Final P&L": st.column_config.TextColumn(width=120, alignment="right", help="After fees"),
    "P&L, %": st.column_config.TextColumn(width=80, alignment="right", help="Of the allocation"),
    "Trades": st.column_config.NumberColumn(format="localized", width=60),
    "Started, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=130),
    "Ended, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=130),
    "Ran": st.column_config.TextColumn(width=80, help="In the exchange's time"),
    "Reason": st.column_config.TextColumn(width=220, help="Why it ended"),
}


def header() -> None:
    """The title."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("History", width="content", anchor=False)


def show() -> None:
    """The list and the session in view; without the daemon it says so, and looks again."""
    try:
        ended = reads.history()
    except DaemonError as error:
        _daemon_away(error)
        return
    if not ended:
        _nothing_yet()
        return
    shown = _filtered(ended)
    if not shown:
        st.markdown("**No session of this kind has ended:** choose another kind.")
        return
    session = _in_view(shown)
    _table(shown, session)
    if session is not None:
        _details(session)


def _daemon_away(error: DaemonError) -> None:
    st.warning(sentence(error), icon=":material/cloud_off:")
    st.code("evotrade daemon", language="bash")
    st.caption(
        "What has ended is kept in the store, and only the daemon reads it. Type this in a terminal, in the "
        "folder of the project; the page goes on by itself once the daemon is there."
    )
    st.fragment(_look_for_daemon, run_every=1.0)()


def _look_for_daemon() -> None:
    if not reads.snapshot().trouble:
        st.rerun()


def _nothing_yet() -> None:
    st.markdown("**No session has ended yet.** Start one on the Live desk; once it is stopped, it is here.")
    st.page_link(navigation.live_page(), label="Live desk", icon=":material/monitoring:")
    st.fragment(_look_for_news, run_every=_EVERY_S)(0)


def _look_for_news(known: int) -> None:
    try:
        newest = reads.history()
    except DaemonError:
        st.rerun()
    if len(newest) != known:
        st.rerun()


def _filtered(ended: Sequence[JSON]) -> list[JSON]:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = st.segmented_control(
            "Orders",
            (_ALL, _PAPER, _REAL),
            default=_ALL,
            required=True,
            key="kind",
            bind="query-params",
            label_visibility="collapsed",
        )
        wanted = [one for one in ended if kind == _ALL or one["dry_run"] == (kind == _PAPER)]
        won = sum(float(words.profit(one) or 0) > 0 for one in wanted)
        st.caption(f"{counted(len(wanted), 'session')}, {won:,} with a profit", width="content")
        st.fragment(_look_for_news, run_every=_EVERY_S)(len(ended))
    return wanted


def _in_view(ended: Sequence[JSON]) -> JSON | None:
    asked_for = st.query_params.get("session")
    if asked_for is None:
        return ended[0]
    try:
        return live.session_of_address(asked_for)
    except NotFound as error:
        st.warning(sentence(error), icon=":material/search_off:")
        st.caption("Choose a session in the table, or correct `?session=` in the address.")
        return None


def _table(ended: Sequence[JSON], chosen: JSON | None) -> None:
    ids = [one["session_id"] for one in ended]
    marked = [row for row, number in enumerate(ids) if chosen and number == chosen["session_id"]]
    mark: Any = {"selection": {"rows": marked, "columns": [], "cells": []}}
    st.dataframe(
        _rows(ended),
        key=keys.key_that_shows(mark, _NAME),
        selection_default=mark,
        on_select=partial(_choose, ids),
        selection_mode="single-row",
        hide_index=True,
        height="content" if len(ids) <= _MOST_ROWS else _ROW_PX * (_MOST_ROWS + 1),
        row_height=_ROW_PX,
        column_config=_COLUMNS,
        alt="Sessions that have ended",
    )


def _rows(ended: Sequence[JSON]) -> pd.DataFrame:
    rows = for_people(ended).rename(columns={"P&L": "Final P&L", "Uptime": "Ran"})
    for name, field in (("Started, UTC", "start_time"), ("Ended, UTC", "end_time")):
        times = pd.Series([words.at(one[field]) for one in ended], dtype=object)
        rows[name] = pd.to_datetime(times, utc=True)
    order = ("Session", "Cell", "Pair", "Timeframe", "Orders", "Final P&L", "P&L, %", "Trades")
    return rows[[*order, "Started, UTC", "Ended, UTC", "Ran", "Reason"]]


def _choose(ids: Sequence[int]) -> None:
    rows = keys.value_of(_NAME)["selection"]["rows"]
    if rows and rows[0] < len(ids):
        st.query_params["session"] = str(ids[rows[0]])


def _details(session: JSON) -> None:
    if session["status"] != "stopped":
        number = session["session_id"]
        st.caption(
            f"Session {number} still runs ({as_markdown(session['status'])}): see it on the Live desk."
        )
        st.page_link(
            navigation.live_page(),
            label=f"Session {number} on the Live desk",
            icon=":material/monitoring:",
            query_params={"session": str(number)},
        )
        return
    numbers.heading(session, acts=False)
    numbers.cards(session, is_stale=False)
    suggest.show(session)
    charts.show(session)
    log.show(session)
