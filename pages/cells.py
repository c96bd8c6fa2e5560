"""Cells: every strategy of the store; filter and sort them, choose one and see how it did, compare some."""

import streamlit as st

from evotrade.ui import reads
from evotrade.ui.cells import compare, detail, filters, history, table
from evotrade.ui.entrance import guard
from evotrade.ui.follow import follow_store

guard()
follow_store()

if not reads.count_cells():
    table.show_nothing_yet()
    st.stop()

wanted = filters.ask()
history.show(wanted.filters.get("dish"))
with st.grid(2, min_column_width=440):
    with st.container():
        first = table.show(wanted)
    with st.container():
        if not compare.show():
            detail.show(default=first)
