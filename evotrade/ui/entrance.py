"""The one way into a page: through main.py, which may check who is there before anything is shown."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from evotrade.errors import EvotradeError
from evotrade.ui.text import sentence

_ENTERED = "entered through main.py"


def open_page(page: StreamlitPage) -> None:
    """Run the page that main.py chose; an error of evotrade becomes its sentence on the page."""
    st.session_state[_ENTERED] = True
    try:
        page.run()
    except EvotradeError as error:
        st.error(sentence(error), icon=":material/error:")


def guard() -> None:
    """First line of every page: stop, unless main.py opened it in this very run."""
    # Streamlit can be made to run a file of pages/ by itself, past every check in main.py.
    if not st.session_state.pop(_ENTERED, False):
        st.error("This page opens only inside the app: start it with `streamlit run app.py`.")
        st.stop()
