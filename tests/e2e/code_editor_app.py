"""A page with nothing but a code editor: `?start=text`, `?pause=1.5` seconds for each run."""

import time

import streamlit as st

from evotrade.ui.editor.code import edit, written

st.session_state.setdefault("begun", (st.query_params.get("start", ""), 0))
start, revision = st.session_state["begun"]


def replace():
    """Set another text."""
    st.session_state["begun"] = ("IF CLOSE > 1 THEN BUY", revision + 1)


def hear():
    """Take note of text that came."""
    st.session_state["heard"] = written(start, revision=revision)


text = edit(start, revision=revision, on_change=hear)
time.sleep(float(st.query_params.get("pause", 0)))
st.text(f"Read: {text!r}")
st.text(f"Heard: {st.session_state.get('heard')!r}")
st.button("Replace", on_click=replace)
