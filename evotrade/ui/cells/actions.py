"""What can be done with a cell from its panel."""

from __future__ import annotations

from functools import partial

import streamlit as st

from evotrade.cells import Cell
from evotrade.lab.cell_export import export_cell, to_json
from evotrade.store import Store
from evotrade.ui import navigation, reads
from evotrade.ui.cells import ask, compared


def show(cell: Cell) -> None:
    """A row of links and buttons, and below it what a model is asked about the cell."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        navigation.link_to_start(cell.cell_id)
        navigation.link_to_fork(cell.cell_id)
        ask.buttons(cell.cell_id)
        navigation.link_to_lineage(cell.cell_id)
        compared.button(cell.cell_id)
        _export(cell.cell_id)
    ask.show(cell)


def _export(cell_id: int) -> None:
    st.download_button(
        "Export",
        partial(document, reads.store(), cell_id),  # made when it is asked for
        file_name=f"cell-{cell_id}.json",
        mime="application/json",
        icon=":material/download:",
        type="tertiary",
        key="export",
        on_click="ignore",
        help="The cell with its genome, numbers and origin, for `evotrade import`",
    )


def document(store: Store, cell_id: int) -> str:
    """The cell as the text of a JSON file."""
    return to_json(export_cell(store, cell_id))
