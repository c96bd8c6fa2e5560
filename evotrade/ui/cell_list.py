"""The list of the Cells page: what is wanted of 100 000 cells, and one page of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd
import streamlit as st

from evotrade.cells import ORIGINS, status_label
from evotrade.store.cells import CellFilters
from evotrade.ui import reads
from evotrade.ui.formats import fitness_format
from evotrade.ui.reads import Order

ROWS = 100
"""Cells on one page of the list: the rest stays in the store."""

# Keys of widgets are the names of their parameters in the URL.
_PAGE, _TABLE = "page", "cells"
_HEIGHT_PX, _ROW_PX = 660, 35
_MORE = ("dish", "origin", "generation_from", "generation_to", "fitness_min")


ORDERS: Mapping[str, Order] = {
    "Best fitness": Order("fitness", True),
    "Worst fitness": Order("fitness", False),
    "Newest": Order("created_at", True),
    "Oldest": Order("created_at", False),
    "Latest generation": Order("generation", True),
    "Number": Order("cell_id", False),
}


class Wanted(NamedTuple):
    """What the filters ask for."""

    order: Order
    filters: CellFilters


def show_nothing_yet() -> None:
    """What to do in a store without cells."""
    st.title("Cells", anchor=False)
    st.markdown("**No cells yet.** Evolve some, or bring those of an earlier system, and they appear here:")
    st.code('evotrade evolve --dish "first dish" --data FILE\nevotrade import-cells FILE', language="bash")
    st.caption("Type either in a terminal, in the folder of the project.")


def ask() -> Wanted:
    """The header row: title, search, status, further filters and order; all of it lies in the URL."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Cells", width="content", anchor=False)
        text = st.text_input(
            "Search",
            key="text",
            type="search",
            live="400ms",
            bind="query-params",
            on_change=_first_page,
            placeholder="Name, category, hypothesis or genome",
            label_visibility="collapsed",
            width=320,
        )
        status = st.segmented_control(
            "Status",
            ("alive", "dead"),
            key="status",
            bind="query-params",
            on_change=_first_page,
            label_visibility="collapsed",
        )
        more = _more()
        order = st.selectbox(
            "Order",
            tuple(ORDERS),
            key="order",
            bind="query-params",
            on_change=_first_page,
            label_visibility="collapsed",
            width=170,
        )
    return Wanted(ORDERS[order], {"text": text or None, "status": status, **more})


def _more() -> CellFilters:
    # on the first run the URL knows a filter that its widget has not taken over yet
    active = sum(st.session_state.get(name, st.query_params.get(name)) is not None for name in _MORE)
    label = f"Filters ({active})" if active else "Filters"
    with st.popover(label, icon=":material/filter_list:"):
        dish = st.selectbox(
            "Dish", reads.dish_names(), None, key="dish", bind="query-params", on_change=_first_page
        )
        origin = st.selectbox(
            "Origin", ORIGINS, None, key="origin", bind="query-params", on_change=_first_page
        )
        return {
            "dish": dish,
            "origin": origin,
            "min_generation": _generation("Generation, from", "generation_from"),
            "max_generation": _generation("Generation, to", "generation_to"),
            "min_fitness": st.number_input(
                "Fitness, at least",
                value=None,
                step=1.0,
                key="fitness_min",
                bind="query-params",
                on_change=_first_page,
            ),
        }


def _generation(label: str, key: str) -> int | None:
    return st.number_input(label, 0, value=None, key=key, bind="query-params", on_change=_first_page)


def _first_page() -> None:
    st.session_state[_PAGE] = 1


def show(wanted: Wanted) -> int | None:
    """One page of the cells wanted, the one in the URL marked or else the first; the first one's number."""
    count = reads.count_cells(**wanted.filters)
    slot = st.container()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(f"{count:,} of {reads.count_cells():,} cells", width="content")
        number = _page_number(max(1, -(-count // ROWS)))
    cells = reads.list_cells(wanted.order, ROWS, ROWS * (number - 1), **wanted.filters)
    ids = [int(cell_id) for cell_id in cells["cell_id"]]
    with slot:
        _table(cells, ids)
    return ids[0] if ids else None


def _page_number(pages: int) -> int:
    if pages == 1:
        return 1
    if st.session_state.get(_PAGE, 1) > pages:  # the store or the filters have shrunk the list
        _first_page()
    return st.pagination(pages, key=_PAGE, bind="query-params")


def _table(cells: pd.DataFrame, ids: Sequence[int]) -> None:
    chosen = st.query_params.get("cell", str(ids[0]) if ids else "")
    # The URL decides which cell is shown: a mark left by another page or filter would lie.
    marked = [row for row, cell_id in enumerate(ids) if str(cell_id) == chosen]
    st.session_state[_TABLE] = {"selection": {"rows": marked, "columns": [], "cells": []}}
    st.dataframe(
        _for_people(cells),
        key=_TABLE,
        on_select=partial(_choose, ids),
        selection_mode="single-row",
        hide_index=True,
        height=min(_HEIGHT_PX, _ROW_PX * (max(1, len(ids)) + 1) + 2),
        row_height=_ROW_PX,
        placeholder="–",
        column_config={
            "cell_id": st.column_config.NumberColumn("Cell", format="%d", width=50, pinned=True),
            "status": st.column_config.TextColumn("Status", width=75),
            "strategy": st.column_config.TextColumn("Strategy", width=175),
            "fitness": st.column_config.NumberColumn(
                "Fitness",
                format=fitness_format(cells["objective"]),
                width=80,
                help="On train, in the unit of the cell's objective",
            ),
            "generation": st.column_config.NumberColumn("Generation", format="%d", width=75),
            "dish": st.column_config.TextColumn("Dish", width=95),
            "origin": st.column_config.TextColumn("Origin", width=80),
            "created_at": st.column_config.DatetimeColumn("Born, UTC", format="YYYY-MM-DD HH:mm"),
        },
        alt="Cells that match the filters",
    )


def _for_people(cells: pd.DataFrame) -> pd.DataFrame:
    """The columns of the table; a cell without a name goes by the first words of its genome."""
    shown = cells[["cell_id", "status", "fitness", "generation", "dish", "origin", "created_at"]].copy()
    named = cells["name"].where(cells["name"] != "", cells["llm_name"].fillna(""))
    shown.insert(2, "strategy", named.where(named != "", cells["genome"].str.slice(0, 120)))
    shown["status"] = cells["status"].map(status_label)
    return shown


def _choose(ids: Sequence[int]) -> None:
    rows = st.session_state[_TABLE]["selection"]["rows"]
    if rows:
        st.query_params["cell"] = str(ids[rows[0]])
