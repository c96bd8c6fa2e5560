"""An ask on a page: how far it is, what comes, Stop, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from evotrade.ui import formats
from evotrade.ui.llm.attempts import Answer, of_attempt, show
from evotrade.ui.llm.run import Run
from evotrade.ui.text import as_markdown, sentence

_EVERY_S = 1.0
_TAIL = 1_500  # characters of the answer that is coming

Below = Callable[[Answer], None]
"""Draws what can be done with an answer, below it."""


def watch(run: Run[Any], key: str, objective: str = "", below: Below | None = None) -> None:
    """The ask, its latest answer first, drawn anew every second; once it has ended, the page runs again."""
    st.fragment(_watch, run_every=_EVERY_S if run.running else None)(run, run.running, key, objective, below)


def _watch(run: Run[Any], was_running: bool, key: str, objective: str, below: Below | None) -> None:
    if was_running and not run.running:
        st.rerun()
    if run.running:
        _how_far(run, key)
    if run.running and run.writing:
        st.caption(f"Answer {run.number} is coming:")
        st.code(run.writing[-_TAIL:], language=None, wrap_lines=True)
    for attempt in reversed(run.attempts):
        answer = of_attempt(attempt)
        with st.container(border=True, gap="small", key=f"answer {answer.number} of {key}"):
            show(answer, objective, f"{key} {answer.number}")
            if below is not None and not run.running:
                below(answer)


def _how_far(run: Run[Any], key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        allowed = run.budget
        said = f"Answer {run.number} of at most {allowed.attempts}"
        if run.busy_s is not None:
            said = f"The model is busy: asked again in {formats.duration(run.busy_s)}"
        taken = f"{formats.duration(run.taken_s)} of at most {formats.duration(allowed.time_s)}"
        st.progress(min(run.taken_s / allowed.time_s, 1.0), text=f"{said} · {taken}")
        st.button(
            "Stopping …" if run.stopping else "Stop",
            icon=":material/stop_circle:",
            key=f"stop {key}",
            disabled=run.stopping,
            on_click=run.stop,
        )


def say_failure(run: Run[Any]) -> None:
    """Why an ask that ended without a result did."""
    if run.stopped:
        st.markdown(":material/stop_circle: Stopped by a person.")
    elif run.error is not None:
        st.markdown(f":red[:material/error:] {sentence(run.error)}")
    elif run.result is None:
        st.markdown(
            ":red[:material/error:] The ask failed by a fault of evotrade: its details are in the terminal "
            "that runs the app."
        )


def say_end(message: str, *, good: bool) -> None:
    """How it ended, in the sentence of the ask."""
    icon = ":green[:material/check_circle:]" if good else ":orange[:material/info:]"
    st.markdown(f"{icon} {as_markdown(message[:1].upper() + message[1:])}")
