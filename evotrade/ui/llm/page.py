"""The page Language model: its header, and which of its three views is open."""

from __future__ import annotations

import streamlit as st

from evotrade.ui import navigation
from evotrade.ui.llm import calibration, reads, record, sights
from evotrade.ui.llm.model import Available, available, budget_words, say_what_to_set

_CALIBRATION, _ASKS, _PATTERNS = "Calibration", "Asks", "Patterns and names"
_VIEWS = (_CALIBRATION, _ASKS, _PATTERNS)


def header() -> str:
    """The title and the views; the one that is open, which is in the URL."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Language model", width="content", anchor=False)
        view = st.segmented_control(
            "View",
            _VIEWS,
            default=_ASKS if "ask" in st.query_params else _CALIBRATION,
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
        st.space("stretch")
        navigation.create_strategy_button()
    return view or _CALIBRATION


def show(view: str) -> None:
    """The view; what to do where there is nothing to see yet."""
    model = available()
    if model.problem:
        say_what_to_set(model.problem)
    else:
        st.caption(f"{budget_words(model.label)} for one ask")
    if view == _PATTERNS:
        sights.show(model)
        return
    if reads.asks().empty:
        _nothing_yet(model)
    elif view == _ASKS:
        record.show()
    else:
        calibration.show()


def _nothing_yet(model: Available) -> None:
    first = "Set one, then ask" if model.problem else "Ask"
    st.markdown(
        f"**No model was asked yet.** {first} it for a strategy in the editor, under *Ask the LLM*, or on "
        "the panel of a cell; how good its ideas were is counted here."
    )
    st.page_link(navigation.editor_page())
