"""The app's frame, run before every page: navigation, and one sentence instead of a traceback."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from evotrade.ui.entrance import open_page

PAGES = Path(__file__).parents[2] / "pages"
LOGO = Path(__file__).with_name("logo.svg")

st.set_page_config(page_title="evotrade", page_icon="🧬", layout="wide")
st.logo(LOGO, size="large")

lab = [
    st.Page(
        PAGES / "cells.py",
        title="Cells",
        icon=":material/grid_view:",
        help="Every strategy of the store: filter and sort them, choose one and see how it did.",
    ),
]

open_page(st.navigation({"Lab": lab}))
