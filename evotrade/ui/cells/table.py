"""The list of the Cells page: what is wanted of 100 000 cells, and one page of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd
import streamlit as st

from evotrade.cells import ORIGINS, status_label
from evotrade.store.cells import CellFilters
from evotrade.ui import navigation, reads
from evotrade.ui.formats import fitness_format
from evotrade.ui.reads import Order

STATUSES = ("alive", "dead")

ROWS = 100
"""Cells on one page of the list: the rest stays in the store."""

# Keys of widgets are the names of their parameters in the URL.
_PAGE, _STATUS = "page", "status"
_TABLE, _TABLES_BEFORE = "cells", "tables of cells before this one"
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
            args=("text",),
            placeholder="Name, category, hypothesis or genome",
            label_visibility="collapsed",
            width="stretch",
        )
        status = _status()
        more = _more()
        order = st.selectbox(
            "Order",
            tuple(ORDERS),
            key="order",
            bind="query-params",
            on_change=_first_page,
            args=("order",),
            label_visibility="collapsed",
            width=160,
        )
        navigation.create_strategy_button()
    return Wanted(ORDERS[order], {"text": text or None, "status": status, **more})


def _status() -> str | None:
    # Not bound: Streamlit would put the label into the URL, and `?status=%F0%9F%9F%A2+alive` reads badly.
    asked_for = st.query_params.get(_STATUS)
    in_force = asked_for if asked_for in STATUSES else None
    if st.session_state.get(_STATUS) != in_force:
        st.session_state[_STATUS] = in_force
    return st.segmented_control(
        "Status",
        STATUSES,
        format_func=status_label,
        key=_STATUS,
        on_change=_ask_for_status,
        label_visibility="collapsed",
    )


def _ask_for_status() -> None:
    status = st.session_state[_STATUS]
    if status:
        st.query_params[_STATUS] = status
    else:
        st.query_params.pop(_STATUS, None)
    _first_page(_STATUS)


def _more() -> CellFilters:
    # on the first run the URL knows a filter that its widget has not taken over yet
    active = sum(st.session_state.get(name, st.query_params.get(name)) is not None for name in _MORE)
    label = f"Filters ({active})" if active else "Filters"
    with st.popover(label, icon=":material/filter_list:"):
        return {
            "dish": _choice("Dish", reads.dish_names(), "dish"),
            "origin": _choice("Origin", ORIGINS, "origin"),
            "min_generation": _generation("Generation, from", "generation_from"),
            "max_generation": _generation("Generation, to", "generation_to"),
            "min_fitness": st.number_input(
                "Fitness, at least",
                value=None,
                step=1.0,
                key="fitness_min",
                bind="query-params",
                on_change=_first_page,
                args=("fitness_min",),
            ),
        }


def _choice(label: str, options: Sequence[str], key: str) -> str | None:
    return st.selectbox(
        label, options, None, key=key, bind="query-params", on_change=_first_page, args=(key,)
    )


def _generation(label: str, key: str) -> int | None:
    return st.number_input(
        label, 0, value=None, key=key, bind="query-params", on_change=_first_page, args=(key,)
    )


def _first_page(changed: str) -> None:
    if _PAGE in st.query_params:
        # Taking `page` out of the URL, Streamlit writes all of it, and still without the filter that the
        # browser has changed just now; one that is set here as well goes in with it.
        st.session_state[changed] = st.session_state[changed]
        st.session_state[_PAGE] = 1


def show(wanted: Wanted) -> int | None:
    """One page of the cells wanted, the one in the URL marked or else the first; the first one's number."""
    count = reads.count_cells(**wanted.filters)
    # above the table, whose toolbar would lie on the filters otherwise
    st.caption(f"{count:,} of {reads.count_cells():,} cells")
    if not count:
        st.markdown("**No cell matches these filters:** widen them, or clear the search.")
        return None
    slot = st.container()
    number = _page_number(-(-count // ROWS))
    cells = reads.list_cells(wanted.order, ROWS, ROWS * (number - 1), **wanted.filters)
    ids = [int(cell_id) for cell_id in cells["cell_id"]]
    with slot:
        _table(cells, ids)
    return ids[0]


def _page_number(pages: int) -> int:
    return 1 if pages == 1 else st.pagination(pages, key=_PAGE, bind="query-params")


def _table(cells: pd.DataFrame, ids: Sequence[int]) -> None:
    chosen = st.query_params.get("cell", str(ids[0]))
    key = f"{_TABLE} {st.session_state.get(_TABLES_BEFORE, 0)}"
    # The URL decides which cell is shown: a mark left by another page or filter would lie.
    marked = [row for row, cell_id in enumerate(ids) if str(cell_id) == chosen]
    st.session_state[key] = {"selection": {"rows": marked, "columns": [], "cells": []}}
    st.dataframe(
        _for_people(cells),
        key=key,
        on_select=partial(_choose, key, ids),
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
            "strategy": st.column_config.TextColumn("Strategy", width=175),
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
    shown.insert(3, "strategy", named.where(named != "", cells["genome"].str.slice(0, 120)))
    shown["status"] = cells["status"].map(status_label)
    return shown


def _choose(table: str, ids: Sequence[int]) -> None:
    rows = st.session_state[table]["selection"]["rows"]
    if rows and rows[0] < len(ids):
        st.query_params["cell"] = str(ids[rows[0]])
    else:
        # The mark stays with the cell in view; a table once drawn with a mark does not take the same again.
        st.session_state[_TABLES_BEFORE] = st.session_state.get(_TABLES_BEFORE, 0) + 1
