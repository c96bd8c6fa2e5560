"""The ways to bring candles into the store: header, the panel that is open, and what an empty store says."""

from __future__ import annotations

import streamlit as st

from evotrade.ui import navigation
from evotrade.ui.market import fetching, importing
from evotrade.ui.market.reads import Held

_OPEN = "add"
_WAYS = {
    "fetch": ("Fetch from Kraken", ":material/cloud_download:"),
    "file": ("Import a file", ":material/upload_file:"),
}


def header(series: Held | None, *, empty: bool) -> None:
    """The header row: title, the ways to bring candles unless the store is empty, a strategy on `series`."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Market data", width="content", anchor=False)
        st.space("stretch")
        if not empty:
            _buttons("header")
        navigation.create_strategy_button(f"{series.market.label} · {series.timeframe}" if series else "")


def panel(series: Held | None) -> None:
    """The panel that the address opens (`?add=fetch`, `?add=file`); that of fetching starts from `series`."""
    match st.query_params.get(_OPEN):
        case "fetch":
            with st.container(border=True):
                fetching.panel(series)
        case "file":
            with st.container(border=True):
                importing.panel(close=_close)


def show_nothing_yet() -> None:
    """What to do in a store without candles."""
    st.markdown("**No candles yet.** Fetch some from Kraken, or import a file, and they appear here:")
    with st.container(horizontal=True):
        _buttons("empty store")
    st.caption("Or let one command bring candles and a first evolution, typed in the folder of the project:")
    st.code("evotrade up", language="bash")


def _buttons(place: str) -> None:
    for way, (label, icon) in _WAYS.items():
        st.button(label, icon=icon, key=f"{way} {place}", on_click=_toggle, args=(way,))


def _toggle(way: str) -> None:
    if st.query_params.get(_OPEN) == way:
        _close()
    else:
        st.query_params[_OPEN] = way


def _close() -> None:
    st.query_params.pop(_OPEN, None)
