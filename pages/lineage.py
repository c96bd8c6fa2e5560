"""Lineage: the population by birth and fitness; one cell among its relatives, and what changed to it."""

import streamlit as st

from evotrade.ui import reads
from evotrade.ui.entrance import guard
from evotrade.ui.follow import follow_store
from evotrade.ui.lineage import changes, detail, header, line, overview, relatives

guard()
follow_store()

if not reads.count_cells():
    header.show_nothing_yet()
    st.stop()

wanted = header.ask()
cell = overview.chosen(wanted)
overview.show(wanted, cell)
if cell is None:
    st.stop()

with st.grid(2, min_column_width=420, gap="medium"):
    with st.container():
        detail.show(cell)
        line.show(cell)
    with st.container():
        relatives.show(cell)
changes.show(cell)
