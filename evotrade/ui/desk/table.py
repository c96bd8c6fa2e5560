"""Active sessions: a row each, with what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from evotrade.ui import keys
from evotrade.ui.desk import questions, words
from evotrade.ui.desk.questions import Question
from evotrade.ui.desk.reads import JSON, Snapshot

_NAME, _CLICK = "active sessions", "action on a session"
_ROW_PX, _MOST_ROWS = 35, 8
_STOP, _RESUME = "Stop", "Resume"
_OLD = "color: #94A3B8"  # grey enough for light and dark

_COLUMNS: dict[str, Any] = {
    "Session": st.column_config.NumberColumn(format="%d", width=65, pinned=True),
    "Cell": st.column_config.NumberColumn(format="%d", width=60),
    "Pair": st.column_config.TextColumn(width=90),
    "Timeframe": st.column_config.TextColumn(width=75),
    "Orders": st.column_config.TextColumn(width=65, help="On paper, or REAL ones at the exchange"),
    "Status": st.column_config.TextColumn(width=110),
    "P&L": st.column_config.TextColumn(width=120, alignment="right", help="After fees, at the last price"),
    "P&L, %": st.column_config.TextColumn(width=80, alignment="right", help="Of the allocation"),
    "Trades": st.column_config.NumberColumn(format="localized", width=60),
    "Uptime": st.column_config.TextColumn(width=80, help="In the exchange's time"),
    "Reason": st.column_config.TextColumn(width=220, help="Why it has this status"),
}


def show(desk: Snapshot, chosen: int | None) -> None:
    """The table with the session in view marked; a click on a row shows another."""
    ids = [one["session_id"] for one in desk.sessions]
    marked = [row for row, number in enumerate(ids) if number == chosen]
    mark: Any = {"selection": {"rows": marked, "columns": [], "cells": []}}
    data = for_people(desk.sessions, known=not desk.trouble)
    actions = [[] if desk.trouble else _actions(one) for one in desk.sessions]
    data.insert(len(data.columns) - 1, "Actions", pd.Series(actions, dtype=object))
    buttons = st.column_config.ButtonColumn(
        "Actions", width=105, key=_CLICK, on_click=partial(_act, desk.sessions), type="secondary"
    )
    st.dataframe(
        data.style.map(lambda _: _OLD) if desk.is_stale else data,
        key=keys.key_that_shows(mark, _NAME),
        selection_default=mark,
        on_select=partial(_choose, ids),
        selection_mode="single-row",
        hide_index=True,
        height="content" if len(ids) <= _MOST_ROWS else _ROW_PX * (_MOST_ROWS + 1),
        row_height=_ROW_PX,
        column_config={**_COLUMNS, "Actions": buttons},
        alt="Active sessions",
    )


def for_people(sessions: Sequence[JSON], *, known: bool = True) -> pd.DataFrame:
    """Sessions as rows of text and numbers; `known` says whether they are still so."""
    return pd.DataFrame(
        {
            "Session": [one["session_id"] for one in sessions],
            "Cell": [one["cell_id"] for one in sessions],
            "Pair": [one["pair"] for one in sessions],
            "Timeframe": [one["timeframe"] for one in sessions],
            "Orders": [words.purse(one) for one in sessions],
            "Status": [words.status(one["status"], known=known) for one in sessions],
            "P&L": [words.money(words.profit(one), words.names(one)[1], signed=True) for one in sessions],
            "P&L, %": [words.percent(words.profit(one), one["allocation"]) for one in sessions],
            "Trades": [one["trade_count"] for one in sessions],
            "Uptime": [words.uptime(one) for one in sessions],
            "Reason": [one["reason"] for one in sessions],
        }
    )


def _actions(session: JSON) -> list[str]:
    if session["status"] == "stopping":
        return []
    return [_RESUME, _STOP] if session["status"] == "halted" else [_STOP]


def _choose(ids: Sequence[int]) -> None:
    rows = keys.value_of(_NAME)["selection"]["rows"]
    if rows and rows[0] < len(ids):
        st.query_params["session"] = str(ids[rows[0]])


def _act(sessions: Sequence[JSON]) -> None:
    """Ask about the session of the row; the question names it, since rows move when sessions end."""
    click = st.session_state[_CLICK]
    if click is not None and click["row"] < len(sessions):
        number = sessions[click["row"]]["session_id"]
        questions.ask(Question("resume" if click["label"] == _RESUME else "stop", number))
