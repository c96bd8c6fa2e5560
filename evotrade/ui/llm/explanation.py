"""What a model said of a cell: read from the record, so that it is there for everybody and stays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from evotrade.store import Store
from evotrade.ui import reads
from evotrade.ui.formats import moment
from evotrade.ui.text import as_markdown

_KEPT_S, _FEW = 600, 64
_LISTS = {"rules": "Rules", "strengths": "Should work", "weaknesses": "Should fail"}


def known(cell_id: int) -> Mapping[str, Any] | None:
    """The latest explanation of the cell with its `model` and `finished_at`; None where nobody asked."""
    shared = reads.store()
    return _known(shared, shared.version(), cell_id)


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _known(_store: Store, version: str, cell_id: int) -> Mapping[str, Any] | None:
    row = _store.llm_answer("explain", cell_id)
    return None if row is None else {**row, **json.loads(row["answer"])}


def show(found: Mapping[str, Any]) -> None:
    """Summary, rules, strengths and weaknesses, all as text."""
    st.markdown(as_markdown(str(found.get("summary", ""))))
    for name, title in _LISTS.items():
        items: Sequence[object] = found.get(name) or ()
        if items:
            st.markdown(f"**{title}**\n" + "\n".join(f"- {as_markdown(str(one))}" for one in items))
    said = f"By {found['model']}, {moment(found['finished_at'])}"
    st.caption(f":material/smart_toy: {as_markdown(said)}")
