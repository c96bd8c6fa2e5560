"""The board of the Live desk, once a second: the daemon, the active sessions, and one in numbers.

One fragment for all of it, which reads one snapshot that all viewers share. It runs the whole page again
when sessions come, go or change their state, and when the daemon comes or goes.
"""

from __future__ import annotations

import time
from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

import streamlit as st

from evotrade.ui import navigation
from evotrade.ui.desk import numbers, questions, reads, start, strip, table, words
from evotrade.ui.desk.questions import Question
from evotrade.ui.desk.reads import JSON, Snapshot
from evotrade.ui.formats import counted
from evotrade.ui.text import as_markdown

_EVERY_S, _IDLE_S = 1.0, 5.0


class Shape(NamedTuple):
    """What the page is built for; another shape needs another page."""

    down: bool
    sessions: tuple[tuple[int, str], ...]
    chosen: str | None
    question: Question | None


def shape_of(desk: Snapshot) -> Shape:
    """The shape that the page needs now."""
    return Shape(
        bool(desk.trouble),
        tuple((one["session_id"], one["status"]) for one in desk.sessions),
        st.query_params.get("session"),
        questions.asked(),
    )


def show(desk: Snapshot, session: JSON | None) -> None:
    """The board, with `session` in view; looks each second while something runs or the daemon is away."""
    busy = bool(desk.sessions or desk.trouble)
    shown = session["session_id"] if session else None
    st.fragment(_board, run_every=_EVERY_S if busy else _IDLE_S)(shape_of(desk), shown)


def _board(built_for: Shape, session_id: int | None) -> None:
    desk = reads.snapshot()
    if shape_of(desk) != built_for:
        st.rerun()
    strip.show(desk)
    strip.say_trouble(desk, time.time())
    _sessions(desk, session_id)
    session = None if session_id is None else desk.find(session_id)
    if session is not None:
        numbers.show(session, desk)


def _sessions(desk: Snapshot, session_id: int | None) -> None:
    if not desk.sessions:
        if not desk.trouble and not start.is_open():
            _nothing_runs()
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="sum of sessions"):
        st.subheader("Active sessions", anchor=False, width="content")
        st.caption(as_markdown(_summary(desk)), width="content")
    table.show(desk, session_id)


def _nothing_runs() -> None:
    st.markdown("**No session runs.** A session lets one cell trade one pair, on paper or with real orders.")
    st.caption(
        "Press *Start live trading* above, or choose a cell on the page Cells and start it there. "
        "What has ended is under History."
    )
    with st.container(horizontal=True, gap="small"):
        st.page_link(navigation.cells_page(), label="Cells", icon=":material/grid_view:")
        st.page_link(navigation.history_page(), label="History", icon=":material/history:")


def _summary(desk: Snapshot) -> str:
    """How many sessions, with how much, and what they made so far; currencies are never mixed."""
    allocated: dict[str, Decimal] = defaultdict(Decimal)
    made: dict[str, Decimal] = defaultdict(Decimal)
    for one in desk.sessions:
        quote = words.names(one)[1]
        allocated[quote] += Decimal(one["allocation"])
        made[quote] += Decimal(one["current_pnl"])
    parts = [counted(len(desk.sessions), "session")]
    parts += [f"{words.money(str(amount), quote)} allocated" for quote, amount in allocated.items()]
    parts += [f"P&L {words.money(str(amount), quote, signed=True)}" for quote, amount in made.items()]
    return " · ".join(parts)
