"""The asks of a session, by what they are about: the latest of each kind."""

from __future__ import annotations

from typing import Any

import streamlit as st

from evotrade.ui.llm.run import Run

_RUNS, _MOST = "asks of models", 50


def latest(kind: str, about: object) -> Run[Any] | None:
    """The latest ask of that kind, if there is one."""
    return _runs().get((kind, about))


def remember(kind: str, about: object, run: Run[Any]) -> None:
    """Keep an ask in place of the latest of its kind; the oldest of many is stopped and forgotten."""
    runs = _runs()
    runs.pop((kind, about), None)
    runs[kind, about] = run
    if len(runs) > _MOST:
        runs.pop(next(iter(runs))).stop()


def forget(kind: str, about: object) -> None:
    """Show it no more."""
    _runs().pop((kind, about), None)


def _runs() -> dict[tuple[str, object], Run[Any]]:
    found: dict[tuple[str, object], Run[Any]] = st.session_state.setdefault(_RUNS, {})
    return found
