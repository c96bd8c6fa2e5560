"""Launcher of the app: `streamlit run app.py`."""

import streamlit as st

app = st.App("evotrade/ui/main.py")
