"""The app's frame, run before every page: navigation, and one sentence instead of a traceback."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from evotrade.ui.entrance import open_page
from evotrade.ui.navigation import sections

LOGO = Path(__file__).with_name("logo.svg")

st.set_page_config(page_title="evotrade", page_icon="🧬", layout="wide", initial_sidebar_state=200)
st.logo(LOGO, size="large")

open_page(st.navigation(sections()))
