"""Suggest from results: what a model says of a session that has ended, and of its divergence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from evotrade.errors import DataError, SessionError
from evotrade.ui import navigation
from evotrade.ui.desk import reads
from evotrade.ui.desk.reads import JSON
from evotrade.ui.llm import tasks
from evotrade.ui.llm.model import available, budget_words
from evotrade.ui.llm.progress import say_failure, watch
from evotrade.ui.llm.runs import latest, remember
from evotrade.ui.text import as_markdown

if TYPE_CHECKING:
    from evotrade.llm import Suggestion

_TOLD = (
    *("agrees", "bars", "differing_bars", "first_difference", "missed_bars"),
    *("live_pnl", "backtest_pnl", "parts", "notes"),
)


def show(session: JSON) -> None:
    """The button and what came of it; nothing where no model is set."""
    model = available()
    if model.problem:
        return
    number = int(session["session_id"])
    run = latest("suggest", number)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Suggest from results",
            icon=":material/auto_awesome:",
            key="suggest",
            disabled=run is not None and run.running,
            on_click=_begin,
            args=(session,),
        )
        st.caption(budget_words(model.label), width="content")
    if run is None:
        return
    if run.running:
        watch(run, "suggest")
    elif run.result is None:
        say_failure(run)
    else:
        with st.container(border=True):
            _suggestion(run.result, session)


def _begin(session: JSON) -> None:
    number = int(session["session_id"])
    remember("suggest", number, tasks.suggest(number, _divergence(session)))


def _divergence(session: JSON) -> Mapping[str, Any] | None:
    try:
        found = reads.verification(session["session_id"], session["status"])
    except (SessionError, DataError):
        return None
    return {name: found[name] for name in _TOLD if name in found}


def _suggestion(said: Suggestion, session: JSON) -> None:
    st.markdown(as_markdown(said.assessment))
    if said.actions:
        st.markdown("\n".join(f"1. {as_markdown(action)}" for action in said.actions))
    if said.fork_instruction:
        st.markdown(f"**Change wished:** {as_markdown(said.fork_instruction)}")
        st.page_link(
            navigation.cells_page(),
            label=f"Fork cell {session['cell_id']} with LLM",
            icon=":material/auto_awesome:",
            query_params={"cell": str(session["cell_id"])},
        )
