"""Questions that stand before what cannot be undone: stop a session, stop all of them, resume one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import streamlit as st

from evotrade.errors import EvotradeError
from evotrade.ui.desk import reads, words
from evotrade.ui.desk.access import check_access
from evotrade.ui.desk.reads import JSON, Snapshot
from evotrade.ui.entrance import say_on_next_page
from evotrade.ui.formats import counted
from evotrade.ui.text import as_markdown, sentence

_ASKED = "question of the desk"


class Question(NamedTuple):
    """What is to be asked; `session_id` is 0 where it is about all."""

    about: Literal["stop", "resume", "stop all"]
    session_id: int = 0


def ask(question: Question) -> None:
    """Ask it when the page is run next; a callback of a button."""
    st.session_state[_ASKED] = question


def asked() -> Question | None:
    """The question that is open."""
    found: Question | None = st.session_state.get(_ASKED)
    return found


def show(desk: Snapshot) -> None:
    """The dialog of the open question, unless what it is about is gone."""
    question = asked()
    if question is None:
        return
    session = desk.find(question.session_id)
    if question.about == "stop all":
        _stop_all(desk)
    elif session is None:
        _answered()
    elif question.about == "stop":
        _stop(session)
    else:
        _resume(session)


def _answered() -> None:
    st.session_state.pop(_ASKED, None)


@st.dialog("Stop session", icon=":material/stop_circle:", on_dismiss=_answered)
def _stop(session: JSON) -> None:
    number, (base, quote) = session["session_id"], words.names(session)
    st.markdown(f"**Session {number}**: {as_markdown(words.title(session))}, {words.purse(session)}")
    held = words.quantity(session["position"], base)
    if session["open_positions"]:
        st.markdown(
            f"It holds {as_markdown(held)}; its P&L is "
            f"{as_markdown(words.money(session['current_pnl'], quote, signed=True))}."
        )
    else:
        st.markdown("It holds nothing now.")
    if not session["dry_run"]:
        st.caption(":material/warning: This sends a real order to the exchange.")
    with st.container(horizontal=True):
        label = "Stop and sell" if session["open_positions"] else "Stop"
        flatten = st.button(label, type="primary", key="stop for sure")
        keep = bool(session["open_positions"]) and st.button(
            "Stop, keep position",
            key="stop and keep",
            help="What it holds stays in the account; nothing watches it any more.",
        )
    if flatten or keep:
        done = f"Session {number} is told to stop" + ("." if flatten else "; it keeps what it holds.")
        _do(lambda: reads.client().stop(number, flatten=flatten), done, number)


@st.dialog("Resume session", icon=":material/play_arrow:", on_dismiss=_answered)
def _resume(session: JSON) -> None:
    number = session["session_id"]
    st.markdown(f"**Session {number}**: {as_markdown(words.title(session))}, {words.purse(session)}")
    st.markdown(f"It is {session['status']}: {as_markdown(session['reason'] or 'no reason is recorded')}")
    reason = st.text_input(
        "Why it may go on", max_chars=200, placeholder="Kept with its history", key=f"resume reason {number}"
    )
    if st.button("Resume", type="primary", key="resume for sure"):
        _do(lambda: reads.client().resume(number, reason), f"Session {number} goes on.", number)


@st.dialog("Stop all sessions", icon=":material/emergency_home:", on_dismiss=_answered)
def _stop_all(desk: Snapshot) -> None:
    real = sum(not one["dry_run"] for one in desk.sessions)
    st.markdown(
        f"This stops **{counted(len(desk.sessions), 'session')}**, whoever started them"
        + (f", {real} of them with real orders" if real else ", all on paper")
        + "."
    )
    sell = st.checkbox("Sell what they hold", value=True, key="stop all sells")
    sure = st.checkbox("Yes, stop all of them", key="stop all is meant")
    if st.button("Stop all", type="primary", disabled=not sure, key="stop all for sure"):
        _do(lambda: reads.client().stop_all(flatten=sell), "All sessions are told to stop.", None)


def _do(act: Callable[[], object], done: str, session_id: int | None) -> None:
    """Act and close the dialog; what is refused is said in it."""
    try:
        check_access()
        act()
    except EvotradeError as error:
        reads.forget()
        st.error(sentence(error), icon=":material/error:")
        return
    reads.forget()
    _answered()
    if session_id is not None:
        st.query_params["session"] = str(session_id)
    say_on_next_page(done)
    st.rerun()
