"""The list of the Cells page: one page of the cells that the filters want."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from evotrade.cells import status_label
from evotrade.ui import navigation, reads
from evotrade.ui.cells import compared
from evotrade.ui.cells.filters import PAGE, Wanted, clear_button
from evotrade.ui.formats import fitness_format

ROWS = 100
"""Cells on one page of the list: the rest stays in the store."""

_TABLE, _TABLES_BEFORE = "cells", "tables of cells before this one"
_HEIGHT_PX, _ROW_PX = 660, 35
_HYPOTHESIS = 300  # characters; an import may bring any number
_METRICS = ("sharpe", "max_drawdown_pct", "trades")
_COLUMNS = (
    *("cell_id", "status", "strategy", "fitness", *_METRICS, "generation", "dish", "category", "origin"),
    *("hypothesis", "llm_model", "created_at"),
)
_OF_FIRST = "Of the timeframe and split that the cell's panel shows first"


def show_nothing_yet() -> None:
    """What to do in a store without cells."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Cells", width="content", anchor=False)
        st.space("stretch")
        navigation.create_strategy_button()
    st.markdown("**No cells yet.** Evolve some, or bring those of an earlier system, and they appear here:")
    st.code('evotrade evolve --dish "first dish" --data FILE\nevotrade import-cells FILE', language="bash")
    st.caption("Type either in a terminal, in the folder of the project; or write a strategy of your own.")


def show(wanted: Wanted) -> int | None:
    """One page of the cells wanted, the one in the URL marked or else the first; the first one's number."""
    count = reads.count_cells(**wanted.filters)
    # above the table, whose toolbar would lie on the filters otherwise
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{count:,} of {reads.count_cells():,} cells", width="content")
        if wanted.active:
            clear_button()
    if not count:
        st.markdown("**No cell matches these filters:** widen them, or clear the search.")
        return None
    slot = st.container()
    number = _page_number(-(-count // ROWS))
    cells = reads.list_cells(wanted.order, ROWS, ROWS * (number - 1), metrics=_METRICS, **wanted.filters)
    ids = [int(cell_id) for cell_id in cells["cell_id"]]
    with slot:
        _table(cells, ids)
    return ids[0]


def _page_number(pages: int) -> int:
    return 1 if pages == 1 else st.pagination(pages, key=PAGE, bind="query-params")


def _table(cells: pd.DataFrame, ids: Sequence[int]) -> None:
    chosen = st.query_params.get("cell", "" if compared.in_view() else str(ids[0]))
    key = f"{_TABLE} {st.session_state.get(_TABLES_BEFORE, 0)}"
    # The URL decides which cell is shown: a mark left by another page or filter would lie.
    marked = [row for row, cell_id in enumerate(ids) if str(cell_id) == chosen]
    st.session_state[key] = {"selection": {"rows": marked, "columns": [], "cells": []}}
    st.dataframe(
        _for_people(cells),
        key=key,
        on_select=partial(_choose, key, ids, marked),
        selection_mode="single-row",
        hide_index=True,
        height=min(_HEIGHT_PX, _ROW_PX * (len(ids) + 1) + 2),
        row_height=_ROW_PX,
        placeholder="–",
        column_config={
            "cell_id": st.column_config.NumberColumn("Cell", format="%d", width=50, pinned=True),
            "status": st.column_config.TextColumn("Status", width=75),
            "fitness": st.column_config.NumberColumn(
                "Fitness",
                format=fitness_format(cells["objective"]),
                width=95,
                help="On train, in the unit of the cell's objective",
            ),
            "sharpe": st.column_config.NumberColumn("Sharpe", format="%.2f", width=65, help=_OF_FIRST),
            "max_drawdown_pct": st.column_config.ProgressColumn(
                "Drawdown",
                format="%.0f %%",
                min_value=0,
                max_value=100,
                width=95,
                help=f"Deepest. {_OF_FIRST}",
            ),
            "trades": st.column_config.NumberColumn("Trades", format="%,d", width=60, help=_OF_FIRST),
            "strategy": st.column_config.TextColumn("Strategy", width=175),
            "generation": st.column_config.NumberColumn("Generation", format="%d", width=75),
            "dish": st.column_config.TextColumn("Dish", width=95),
            "category": st.column_config.TextColumn("Category", width=95),
            "origin": st.column_config.TextColumn("Origin", width=80),
            "hypothesis": st.column_config.TextColumn("Hypothesis", width=220),
            "llm_model": st.column_config.TextColumn(
                "Model", width=130, help="The language model that wrote the cell, or named it"
            ),
            "created_at": st.column_config.DatetimeColumn("Born, UTC", format="YYYY-MM-DD HH:mm"),
        },
        alt="Cells that match the filters",
    )


def _for_people(cells: pd.DataFrame) -> pd.DataFrame:
    """The columns of the table; a cell without a name goes by the first words of its genome."""
    named = _given(cells, "name")
    return cells.assign(
        status=cells["status"].map(status_label),
        strategy=named.where(named != "", cells["genome"].str.slice(0, 120)),
        category=_given(cells, "category"),
        hypothesis=_given(cells, "hypothesis").str.slice(0, _HYPOTHESIS),
    )[list(_COLUMNS)]


def _given(cells: pd.DataFrame, column: str) -> pd.Series:
    """What people said, or else what a model did."""
    return cells[column].where(cells[column] != "", cells[f"llm_{column}"].fillna(""))


def _choose(table: str, ids: Sequence[int], marked: Sequence[int]) -> None:
    rows = st.session_state[table]["selection"]["rows"]
    if rows == marked:
        return  # the browser sends the mark after the table was gone for a while, and nobody chose
    if rows and rows[0] < len(ids):
        st.query_params["cell"] = str(ids[rows[0]])
    else:
        # The mark stays with the cell in view; a table once drawn with a mark does not take the same again.
        st.session_state[_TABLES_BEFORE] = st.session_state.get(_TABLES_BEFORE, 0) + 1
