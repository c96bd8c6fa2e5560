"""The one way into a page: through main.py, which may check who is there before anything is shown.

Whatever goes wrong behind it becomes one sentence for the person.
"""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from evotrade.errors import EvotradeError
from evotrade.ui.text import as_markdown, sentence

_ENTERED = "entered through main.py"
_ICON = ":material/error:"
_NEWS = "news for the next page"


def open_page(page: StreamlitPage) -> None:
    """Run the page that main.py chose; an error of evotrade becomes its sentence, above the page."""
    st.session_state[_ENTERED] = True
    if news := st.session_state.pop(_NEWS, None):
        st.toast(news, icon=":material/check:")
    above = st.container()
    try:
        page.run()
    except EvotradeError as error:
        above.error(sentence(error), icon=_ICON)
        st.stop()  # a run that ends here lets filters that were not drawn keep their place in the URL


def say_on_next_page(markdown: str) -> None:
    """Show a toast on the page that is switched to: one of this page would go with it."""
    st.session_state[_NEWS] = markdown


def say_what_failed(error: Exception) -> bool:
    """Say an error that no page expected, in a callback or fragment also one of evotrade; True for said.

    Streamlit calls it, after it has written the traceback to the terminal.
    """
    if isinstance(error, EvotradeError):
        st.error(sentence(error), icon=_ICON)
    else:
        st.error(
            f"This page failed ({as_markdown(type(error).__name__)}), which is a fault of evotrade: "
            "the details are in the terminal that runs the app; reload the page to try again.",
            icon=_ICON,
        )
    return True


def guard() -> None:
    """First line of every page: stop, unless main.py opened it in this very run."""
    # Streamlit can be made to run a file of pages/ by itself, past every check in main.py.
    if not st.session_state.pop(_ENTERED, False):
        st.error("This page opens only inside the app: start it with `streamlit run app.py`.")
        st.stop()
