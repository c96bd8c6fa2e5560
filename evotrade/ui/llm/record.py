"""The record: every ask, and one of them with its question, its answers and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from evotrade.errors import NotFound
from evotrade.ui import keys
from evotrade.ui import reads as all_reads
from evotrade.ui.badges import cell_badge
from evotrade.ui.formats import counted, moment
from evotrade.ui.llm import reads
from evotrade.ui.llm.attempts import of_row
from evotrade.ui.llm.attempts import show as show_answer
from evotrade.ui.text import as_markdown, sentence, shortened

_NAME = "asks"
_ROW_PX, _MOST_ROWS = 32, 18
_LONGEST, _TEXT_PX = 60_000, 300
_COLUMNS: dict[str, Any] = {
    "Ask": st.column_config.NumberColumn(format="%d", width=50, pinned=True),
    "For": st.column_config.TextColumn(width=75),
    "Model": st.column_config.TextColumn(width=140),
    "Answers": st.column_config.NumberColumn(format="%d", width=65),
    "Ended": st.column_config.TextColumn(width=80, help="Why it ended; empty while it runs"),
    "Cell": st.column_config.NumberColumn(format="%d", width=55, help="The cell that came of it"),
    "Cost, USD": st.column_config.NumberColumn(format="%.4f", width=80),
    "Begun, UTC": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=130),
}


def show() -> None:
    """The list beside the ask that the URL names (`?ask=7`), or the latest."""
    asks = reads.asks()
    ids = [int(one) for one in asks["ask_id"]]
    asked_for = st.query_params.get("ask", str(ids[0]))
    with st.grid(2, min_column_width=440, gap="medium"):
        with st.container():
            _table(asks, ids, asked_for)
        with st.container(border=True):
            _one(asked_for)


def _table(asks: pd.DataFrame, ids: Sequence[int], asked_for: str) -> None:
    marked = [row for row, number in enumerate(ids) if str(number) == asked_for]
    mark: Any = {"selection": {"rows": marked, "columns": [], "cells": []}}
    names = {"ask_id": "Ask", "kind": "For", "model": "Model", "attempts": "Answers", "reason": "Ended"}
    names |= {"born_id": "Cell", "cost_usd": "Cost, USD", "started_at": "Begun, UTC"}
    st.dataframe(
        asks[list(names)].rename(columns=names),
        key=keys.key_that_shows(mark, _NAME),
        selection_default=mark,
        on_select=partial(_choose, ids),
        selection_mode="single-row",
        hide_index=True,
        height="content" if len(ids) <= _MOST_ROWS else _ROW_PX * (_MOST_ROWS + 1),
        row_height=_ROW_PX,
        placeholder="–",
        column_config=_COLUMNS,
        alt="What language models were asked",
    )


def _choose(ids: Sequence[int]) -> None:
    rows = keys.value_of(_NAME)["selection"]["rows"]
    if rows and rows[0] < len(ids):
        st.query_params["ask"] = str(ids[rows[0]])


def _one(asked_for: str) -> None:
    try:
        if not (asked_for.isascii() and asked_for.isdigit() and len(asked_for) <= 18):
            raise NotFound(f"the address asks for ask {shortened(asked_for, 60)!r}, which is no number")
        ask = reads.ask(int(asked_for))
    except NotFound as error:
        st.warning(sentence(error), icon=":material/search_off:")
        return
    _heading(ask)
    for row in reads.attempts(int(ask["ask_id"])):
        answer = of_row(row)
        with st.container(border=True, gap="small"):
            show_answer(answer, str(ask["objective"]), f"ask {ask['ask_id']} {answer.number}")
    _said(ask)


def _heading(ask: Mapping[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(f"Ask {ask['ask_id']} · {as_markdown(str(ask['kind']))}", anchor=False, width="content")
        if pd.notna(ask["born_id"]):
            _cell(int(ask["born_id"]))
    begun: datetime = ask["started_at"]
    facts = [str(ask["model"]), moment(begun), counted(int(ask["attempts"]), "answer")]
    facts += [f"{int(ask['tokens_in']):,} tokens in, {int(ask['tokens_out']):,} out"]
    facts += [str(ask[name]) for name in ("pair", "dish") if ask[name]]
    st.caption(as_markdown(" · ".join(shortened(fact, 120) for fact in facts)))
    message = ask["message"] if isinstance(ask["message"], str) else "It runs, or was killed."
    st.markdown(as_markdown(shortened(message[:1].upper() + message[1:], 1_000)))
    about = [int(one) for one in ask["cell_ids"]][:6] if ask["cell_ids"] is not None else []
    if about:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("About", width="content")
            for cell_id in about:
                _cell(cell_id)


def _cell(cell_id: int) -> None:
    try:
        cell = all_reads.cell(cell_id)
    except NotFound:
        st.caption(f"cell {cell_id}, which is gone", width="content")
        return
    cell_badge(cell_id, shortened(cell.name or cell.llm_name or "", 60), cell.status)


def _said(ask: Mapping[str, Any]) -> None:
    """The question as it was sent, and an answer that is no strategy."""
    texts = {"What it was told": ask["instructions"], "What it was asked": ask["prompt"]}
    if isinstance(ask["answer"], str):
        texts["Its answer"] = json.dumps(json.loads(ask["answer"]), indent=1, ensure_ascii=False)
    for title, text in texts.items():
        with st.expander(title):
            st.code(shortened(str(text), _LONGEST), language=None, wrap_lines=True, height=_TEXT_PX)
