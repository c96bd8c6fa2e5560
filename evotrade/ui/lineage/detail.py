"""Who the chosen cell is, and its ways to others."""

from __future__ import annotations

import streamlit as st

from evotrade.cells import Cell
from evotrade.ui import formats, navigation
from evotrade.ui.badges import cell_label, status_badge
from evotrade.ui.lineage import reads
from evotrade.ui.lineage.overview import ask_for
from evotrade.ui.text import as_markdown, facts, shortened

_NAME, _WORD = 80, 60


def show(cell: Cell) -> None:
    """Heading, birth and the size of its family."""
    _heading(cell)
    _parents(cell)
    family = reads.family(cell.cell_id)
    operator = "" if cell.operator in ("", cell.origin) else f" by {shortened(cell.operator, _WORD)}"
    facts(
        (
            ("Fitness", formats.fitness(cell)),
            ("Generation", f"{cell.generation:,}"),
            ("Origin", f"{cell.origin}{operator}"),
            ("Dish", shortened(cell.dish, _WORD) or formats.NO_VALUE),
            ("Ancestors", f"{family.ancestors:,}"),
            ("Descendants", f"{family.descendants:,}"),
        )
    )


def _heading(cell: Cell) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = shortened(cell.name or cell.llm_name or "", _NAME)
        st.subheader(
            f"Cell {cell.cell_id}" + (f" · {as_markdown(name)}" if name else ""),
            anchor=False,
            width="content",
        )
        status_badge(cell.status)
        st.space("stretch")
        st.page_link(
            navigation.cells_page(),
            label="Open in Cells",
            icon=":material/grid_view:",
            help="Genome, metrics and equity of this cell",
            query_params={"cell": str(cell.cell_id)},
        )


def _parents(cell: Cell) -> None:
    parents = [number for number in (cell.parent_id, cell.second_parent_id) if number is not None]
    if not parents:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Parent" if len(parents) == 1 else "Parents", width="content")
        found = reads.certificates(parents)
        for number, name, status in found[["cell_id", "name", "status"]].to_numpy(object).tolist():
            # a button, since a link to the page that is open leaves the browser's address as it was
            label = cell_label(number, shortened(name, _WORD), status)
            st.button(label, type="tertiary", key=f"parent {number}", on_click=ask_for, args=(number,))
        for number in sorted(set(parents) - set(found["cell_id"])):
            st.caption(f"Cell {number}, which is not in the store", width="content")
