"""Cells: every strategy of the store; filter and sort them, choose one and see how it did."""

import streamlit as st

from evotrade.ui import cell_detail, cell_list, reads
from evotrade.ui.entrance import guard
from evotrade.ui.follow import follow_store

guard()
follow_store()

if not reads.count_cells():
    cell_list.show_nothing_yet()
    st.stop()

wanted = cell_list.ask()
left, right = st.columns((5, 6))
with left:
    first = cell_list.show(wanted)
with right:
    cell_detail.show(default=first)
