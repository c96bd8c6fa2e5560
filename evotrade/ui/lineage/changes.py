"""What changed from a parent to the chosen cell, node by node."""

from __future__ import annotations

import streamlit as st

from evotrade.cells import Cell
from evotrade.errors import NotFound
from evotrade.ui import reads
from evotrade.ui.genome_diff import show_diff
from evotrade.ui.text import sentence

_OF = "changes from"


def show(cell: Cell) -> None:
    """Both genomes side by side and each change; with two parents one of them is asked for."""
    st.subheader("What changed from parent to child", anchor=False)
    parents = list(
        dict.fromkeys(number for number in (cell.parent_id, cell.second_parent_id) if number is not None)
    )
    if not parents:
        st.caption(f"Cell {cell.cell_id} has no parent: its line begins with it.")
        return
    number = parents[0] if len(parents) == 1 else _one_of(cell, parents)
    try:
        parent = reads.cell(number)
    except NotFound as error:
        st.caption(f":material/search_off: Nothing to compare with: {sentence(error)}.")
        return
    show_diff(
        parent.genome,
        cell.genome,
        key="changes",
        titles=(f"Parent, cell {number}", f"Child, cell {cell.cell_id}"),
    )


def _one_of(cell: Cell, parents: list[int]) -> int:
    chosen = st.segmented_control(
        "Parent",
        parents,
        default=parents[0],
        required=True,
        format_func=lambda number: f"From cell {number}",
        key=f"{_OF} {cell.cell_id}",
        label_visibility="collapsed",
    )
    return chosen or parents[0]
