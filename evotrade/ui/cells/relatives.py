"""Ways from a cell to its parents and children, which keep the filters of the list."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from evotrade.cells import Cell
from evotrade.ui import reads as all_reads
from evotrade.ui.badges import cell_label
from evotrade.ui.cells import reads
from evotrade.ui.cells.reads import Relative

_LINKED_CHILDREN = 20


def show(cell: Cell) -> None:
    """A row with the cell's parents and children, or nothing where there are none."""
    children = all_reads.children(cell.cell_id)
    parents = tuple(number for number in (cell.parent_id, cell.second_parent_id) if number is not None)
    if not parents and not children:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if parents:
            st.caption("Parent" if len(parents) == 1 else "Parents", width="content")
        for parent in reads.relatives(parents):
            go_to(parent)
        if children:
            _children(children)


def _children(children: Sequence[int]) -> None:
    label = "1 child" if len(children) == 1 else f"{len(children):,} children"
    with st.popover(label, icon=":material/arrow_downward:", type="tertiary"):
        for child in reads.relatives(tuple(children[:_LINKED_CHILDREN])):
            go_to(child)
        if len(children) > _LINKED_CHILDREN:
            st.caption(f"and {len(children) - _LINKED_CHILDREN:,} more")


def go_to(relative: Relative, key: str = "go to") -> None:
    """A button that puts another cell into the panel; two to the same cell need different keys."""
    # not a link: one to the page that is open already leaves the browser's address as it was
    st.button(
        cell_label(relative.cell_id, relative.name, relative.status),
        type="tertiary",
        key=f"{key} {relative.cell_id}",
        on_click=_show,
        args=(relative.cell_id,),
    )


def _show(cell_id: int) -> None:
    st.query_params["cell"] = str(cell_id)
