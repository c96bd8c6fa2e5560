"""Pages that follow the store: another process evolves, and the page shows it."""

from __future__ import annotations

import streamlit as st

from evotrade.ui import reads

_EVERY_S = 3
_SHOWN = "store version shown"


def follow_store() -> None:
    """Run the page again whenever the store has changed since the page was run."""
    st.session_state[_SHOWN] = reads.version()
    _look()


@st.fragment(run_every=_EVERY_S)
def _look() -> None:
    if st.session_state[_SHOWN] != reads.version():
        st.rerun()
