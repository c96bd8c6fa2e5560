"""Badges that mean the same on every page."""

from __future__ import annotations

import streamlit as st

from evotrade.cells import status_label
from evotrade.ui import navigation
from evotrade.ui.phenotypes import Series
from evotrade.ui.text import as_markdown


def status_badge(status: str) -> None:
    """🟢 alive or 💀 dead."""
    st.badge(status_label(status), color="green" if status == "alive" else "gray")


def cell_label(cell_id: int, name: str, status: str) -> str:
    """Markdown of a cell as every page mentions it: status, number, and name where it has one."""
    sign = status_label(status).partition(" ")[0]
    return f"{sign} Cell {cell_id}" + (f" · {as_markdown(name)}" if name else "")


def cell_badge(cell_id: int, name: str, status: str) -> None:
    """A link to the panel of a cell, for any page but Cells itself, whose address it would not change."""
    label = cell_label(cell_id, name, status)
    st.page_link(navigation.cells_page(), label=label, query_params={"cell": str(cell_id)})


def market_badge(market: Series) -> None:
    """Pair and source of candles; a synthetic market cannot be taken for a real one."""
    icon, colour = (
        (":material/science:", "orange") if market.synthetic else (":material/candlestick_chart:", "blue")
    )
    # not st.badge: it escapes brackets once more, and would let them out
    st.markdown(f":{colour}-badge[{icon} {as_markdown(market.label)}]", width="content")
