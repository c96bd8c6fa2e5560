"""What the page Language model reads, once per version of the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from evotrade.errors import NotFound
from evotrade.store import Store
from evotrade.ui.reads import store

_KEPT_S, _FEW = 600, 16
_ASKS_SHOWN = 500
_LONG = ["instructions", "prompt", "answer"]


def calibration() -> pd.DataFrame:
    """How good each model was, as `Store.llm_calibration` gives it."""
    shared = store()
    return _calibration(shared, shared.version())


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _calibration(_store: Store, version: str) -> pd.DataFrame:
    return _store.llm_calibration()


def predictions() -> pd.DataFrame:
    """What models expected beside what was measured, as `Store.llm_predictions` gives it."""
    shared = store()
    return _predictions(shared, shared.version())


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _predictions(_store: Store, version: str) -> pd.DataFrame:
    return _store.llm_predictions()


def asks() -> pd.DataFrame:
    """The latest asks without their long texts, the newest first."""
    shared = store()
    return _asks(shared, shared.version()).drop(columns=_LONG)


def ask(ask_id: int) -> Mapping[Any, Any]:
    """One of the latest asks with all that is known of it. `NotFound` for none of them."""
    shared = store()
    found = _asks(shared, shared.version())
    rows = found[found["ask_id"] == ask_id].to_dict("records")
    if not rows:
        raise NotFound(f"there is no ask {ask_id} among the latest {_ASKS_SHOWN}: choose one in the list")
    return rows[0]


@st.cache_data(ttl=_KEPT_S, max_entries=4, show_spinner=False)
def _asks(_store: Store, version: str) -> pd.DataFrame:
    return _store.llm_asks(limit=_ASKS_SHOWN)


def attempts(ask_id: int) -> list[dict[Any, Any]]:
    """The attempts of an ask, in order."""
    shared = store()
    return _attempts(shared, shared.version(), ask_id)


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _attempts(_store: Store, version: str, ask_id: int) -> list[dict[Any, Any]]:
    return _store.llm_attempts(ask_id).to_dict("records")


def patterns() -> list[dict[Any, Any]]:
    """What models saw in populations, the newest ask's first."""
    shared = store()
    return _patterns(shared, shared.version())


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _patterns(_store: Store, version: str) -> list[dict[Any, Any]]:
    return _store.llm_patterns().to_dict("records")
