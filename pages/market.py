"""Market data: the candles of the store with their coverage and gaps; fetch or import more."""

import streamlit as st

from evotrade.ui.entrance import guard
from evotrade.ui.follow import follow_store
from evotrade.ui.market import bring, detail, reads, strip, table

guard()
follow_store()

held = reads.held()
series = table.in_view(held)
bring.header(series, empty=not held)
strip.show()
bring.panel(series)

if not held:
    bring.show_nothing_yet()
    st.stop()

table.show(held, series)
if series is not None:
    detail.show(series)
