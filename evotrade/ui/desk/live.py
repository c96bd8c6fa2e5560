"""The Live desk: its header, and which session is in view."""

from __future__ import annotations

import streamlit as st

from evotrade.errors import DaemonError, NotFound
from evotrade.ui import navigation
from evotrade.ui.desk import charts, log, numbers, questions, reads, start
from evotrade.ui.desk.questions import Question
from evotrade.ui.desk.reads import JSON, Snapshot
from evotrade.ui.text import sentence

_LONGEST_NUMBER = 18  # digits that a 64-bit number surely holds


def header(desk: Snapshot) -> None:
    """Title, the kill switch while something runs, and the button that starts a session."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Live desk", width="content", anchor=False)
        st.space("stretch")
        if desk.sessions and not desk.trouble:
            st.button(
                "Stop all",
                icon=":material/emergency_home:",
                key="stop all",
                on_click=questions.ask,
                args=(Question("stop all"),),
                help="The kill switch: stops every session; it asks first",
            )
        if not start.is_open():
            start.button(desk)


def session_of_address(asked_for: str) -> JSON:
    """The session of `?session=7`. `NotFound` also for text that is no number."""
    if not (asked_for.isascii() and asked_for.isdigit() and len(asked_for) <= _LONGEST_NUMBER):
        raise NotFound(f"the address asks for session {asked_for!r}, which is no number of a session")
    return reads.session(int(asked_for))


def in_view(desk: Snapshot) -> JSON | None:
    """The session in the address, otherwise the one that was started last; None where there is none."""
    asked_for = st.query_params.get("session")
    if asked_for is None:
        return desk.sessions[-1] if desk.sessions else None
    try:
        return session_of_address(asked_for)
    except NotFound as error:
        st.warning(sentence(error), icon=":material/search_off:")
        st.caption("Choose a session in the table, or correct `?session=` in the address.")
    except DaemonError:
        pass  # the board says that the daemon is away
    return None


def details(session: JSON, desk: Snapshot) -> None:
    """Charts and records of a session; of one that has ended also its numbers, which the board lacks."""
    if desk.find(session["session_id"]) is None:
        numbers.heading(session, acts=False)
        numbers.cards(session, is_stale=False)
        st.page_link(
            navigation.history_page(),
            label="It has ended: see it in History",
            icon=":material/history:",
            query_params={"session": str(session["session_id"])},
        )
    charts.show(session)
    log.show(session)
