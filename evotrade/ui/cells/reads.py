"""What the panel of a cell reads besides the cell, once per version of the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import streamlit as st

from evotrade.store import Store
from evotrade.ui.reads import store

_KEPT_S, _MANY = 600, 512


class Relative(NamedTuple):
    """A parent or a child, as a link names it."""

    cell_id: int
    name: str
    status: str


def relatives(cell_ids: tuple[int, ...]) -> list[Relative]:
    """Those cells by name and status, in that order; numbers that no cell has are left out."""
    shared = store()
    return _relatives(shared, shared.version(), cell_ids) if cell_ids else []


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _relatives(_store: Store, version: str, cell_ids: tuple[int, ...]) -> list[Relative]:
    rows = _store.certificates(cell_ids)[list(Relative._fields)]
    return [Relative(*row) for row in rows.to_numpy(object).tolist()]


class Verdict(NamedTuple):
    """A status that a cell got, and why."""

    status: str
    reasons: Sequence[str]
    changed_at: datetime


def history(cell_id: int) -> list[Verdict]:
    """Every status of the cell since its birth, oldest first."""
    shared = store()
    return _history(shared, shared.version(), cell_id)


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _history(_store: Store, version: str, cell_id: int) -> list[Verdict]:
    rows = _store.status_history(cell_id)[list(Verdict._fields)]
    return [Verdict(*row) for row in rows.to_numpy(object).tolist()]
