"""Launcher of the app: `streamlit run app.py`."""

import streamlit as st

from evotrade.ui.entrance import say_what_failed

app = st.App("evotrade/ui/main.py", on_script_error=say_what_failed)
