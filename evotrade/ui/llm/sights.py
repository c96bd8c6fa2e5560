"""What a model sees in a population: patterns with the cells that show them, and names for many cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from evotrade.errors import NotFound
from evotrade.ui import reads as all_reads
from evotrade.ui.badges import cell_badge
from evotrade.ui.formats import counted, moment
from evotrade.ui.llm import reads, tasks
from evotrade.ui.llm.model import Available
from evotrade.ui.llm.progress import say_failure, watch
from evotrade.ui.llm.run import Run
from evotrade.ui.llm.runs import latest, remember
from evotrade.ui.reads import Order
from evotrade.ui.text import as_markdown, shortened

_ALL = "All cells"
_LINKS, _SHOWN = 12, 60
_MOST, _BATCH = 200, 20
_LONG, _TITLE = 3_000, 120


def show(model: Available) -> None:
    """The two asks, and the patterns that were found so far."""
    if not all_reads.count_cells():
        st.markdown("**No cells yet:** evolve some first, then a model can look over them.")
        return
    dish = _dish()
    if not model.problem:
        with st.grid(2, min_column_width=420, gap="medium"):
            with st.container(border=True):
                _find(dish)
            with st.container(border=True):
                _name(dish)
    _patterns(dish)


def _dish() -> str | None:
    names = all_reads.dish_names()
    chosen = st.selectbox("Dish", names, None, key="dish", bind="query-params", placeholder=_ALL, width=300)
    return chosen if chosen in names else None


def _find(dish: str | None) -> None:
    run = latest("patterns", dish)

    def begin() -> None:
        remember("patterns", dish, tasks.find_patterns(dish))

    st.button(
        "Find patterns",
        icon=":material/travel_explore:",
        key="find patterns",
        disabled=run is not None and run.running,
        on_click=begin,
    )
    st.caption("What the best cells and a spread of the others have in common, and what their results say.")
    if run is not None:
        _progress(run, "patterns", "pattern", "found")


def _name(dish: str | None) -> None:
    run = latest("names", dish)
    running = run is not None and run.running
    unnamed = all_reads.count_cells(dish=dish, by_model=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        count = st.number_input("Cells", 1, _MOST, _BATCH, _BATCH, key="cells to name", width=130)

        def begin() -> None:
            wanted = int(st.session_state["cells to name"])
            cells = all_reads.list_cells(Order("fitness", True), wanted, 0, dish=dish, by_model=False)
            remember("names", dish, tasks.name_cells([int(one) for one in cells["cell_id"]]))

        st.button(
            "Name cells",
            icon=":material/label:",
            key="name cells",
            disabled=running or not unnamed,
            on_click=begin,
        )
    batches = counted(-(-min(int(count), unnamed) // _BATCH), "ask")
    st.caption(
        f"Name, category and hypothesis for the best of {unnamed:,} without a model's words, {_BATCH} at a "
        f"time: {batches}. What people called them stays."
        if unnamed
        else "Every cell has a name by a model already."
    )
    if run is not None:
        _progress(run, "names", "cell", "named")


def _progress(run: Run[Any], key: str, noun: str, done: str) -> None:
    if run.running:
        watch(run, key)
    elif run.result is not None:
        st.markdown(f":green[:material/check_circle:] {counted(len(run.result), noun)} {done}.")
    else:
        say_failure(run)


def _patterns(dish: str | None) -> None:
    found = [one for one in reads.patterns() if dish is None or one["dish"] == dish]
    if not found:
        st.markdown(
            "**No patterns yet.** *Find patterns* keeps what a model sees, with the cells that show it."
        )
        return
    st.caption(f"{counted(len(found), 'pattern')}, the latest first")
    with st.grid(2, min_column_width=420, gap="small"):
        for one in found[:_SHOWN]:
            with st.container(border=True, gap="small"):
                _pattern(one)


def _pattern(one: Mapping[str, Any]) -> None:
    st.markdown(f"**{as_markdown(shortened(str(one['name']), _TITLE))}**")
    st.text(shortened(str(one["description"]), _LONG))
    ids = [int(number) for number in one["cell_ids"]]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for cell_id in ids[:_LINKS]:
            _cell(cell_id)
        if len(ids) > _LINKS:
            st.caption(f"and {len(ids) - _LINKS:,} more", width="content")
    facts = (str(one["dish"]) or _ALL, str(one["model"]), moment(one["found_at"]))
    st.caption(as_markdown(" · ".join(shortened(fact, _TITLE) for fact in facts)))


def _cell(cell_id: int) -> None:
    try:
        cell = all_reads.cell(cell_id)
    except NotFound:
        return
    cell_badge(cell_id, shortened(cell.name or cell.llm_name or "", 40), cell.status)
