"""The population of the page, and which of its cells is looked at."""

from __future__ import annotations

import streamlit as st

from evotrade.cells import Cell
from evotrade.errors import NotFound
from evotrade.ui import formats
from evotrade.ui import reads as all_reads
from evotrade.ui.lineage import reads
from evotrade.ui.lineage.header import Wanted
from evotrade.ui.lineage.population import show_population
from evotrade.ui.text import as_markdown, sentence

_CELL = "cell"


def chosen(wanted: Wanted) -> Cell | None:
    """The cell that the URL names (`?cell=29`), or else the best one wanted; None where there is none."""
    asked_for = st.query_params.get(_CELL)
    try:
        if asked_for is not None:
            return all_reads.cell_of_address(asked_for)
        cells = reads.population(wanted.dish)
        best = cells.best()
        first = best if best is not None else 0
        return all_reads.cell(int(cells.cell_id[first])) if len(cells) else None
    except NotFound as error:
        st.warning(sentence(error), icon=":material/search_off:")
        st.caption("Choose a cell in the picture, or correct `?cell=` in the address.")
        return None


def show(wanted: Wanted, cell: Cell | None) -> None:
    """All cells wanted in one picture; the chosen one and its family are marked."""
    drawn = reads.drawn(wanted.dish)
    if wanted.dish is not None and not len(drawn.cells):
        st.markdown(
            f"**No cells in {as_markdown(wanted.dish)} yet:** choose another dish, or evolve this one."
        )
        return
    show_population(
        drawn,
        wanted.look,
        chosen=cell.cell_id if cell else None,
        choose=ask_for,
        alt=_in_words(len(drawn.cells), cell),
        key="population",
    )
    if cell and wanted.dish is not None and cell.dish != wanted.dish:
        st.caption(f"Cell {cell.cell_id} is not of this dish, and not in the picture.")


def ask_for(cell_id: int) -> None:
    """Put a cell into the URL; the page is run with it after the callback."""
    st.query_params[_CELL] = str(cell_id)


def _in_words(count: int, cell: Cell | None) -> str:
    marked = f"; cell {cell.cell_id} and its family are marked" if cell else ""
    return f"Fitness of {formats.counted(count, 'cell')} in the order of their birth{marked}"
