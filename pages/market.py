"""Market data."""

import streamlit as st

from evotrade.ui import navigation
from evotrade.ui.entrance import guard

guard()
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.title("Market data", width="content", anchor=False)
    st.space("stretch")
    navigation.create_strategy_button()
