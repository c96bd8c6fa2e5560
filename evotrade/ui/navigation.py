"""The pages, and the ways from one to another: what is in view travels in the URL."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

_PAGES = Path(__file__).parents[2] / "pages"


def cells_page() -> StreamlitPage:
    """Every strategy, and one of them in detail: `?cell=29`."""
    return st.Page(
        _PAGES / "cells.py",
        title="Cells",
        icon=":material/grid_view:",
        help="Every strategy of the store: filter and sort them, choose one and see how it did.",
        default=True,
    )


def lineage_page() -> StreamlitPage:
    """Who descends from whom: `?cell=29`."""
    return st.Page(
        _PAGES / "lineage.py",
        title="Lineage",
        icon=":material/account_tree:",
        help="The whole population by birth and fitness; ancestors and descendants of one cell, and what "
        "changed from parent to child.",
    )


def editor_page() -> StreamlitPage:
    """Write a strategy, or fork one: `?fork=29`."""
    return st.Page(
        _PAGES / "editor.py",
        title="Strategy editor",
        icon=":material/edit_square:",
        help="Write a strategy, test it on candles, see what it thinks at each bar, make a cell of it.",
    )


def llm_page() -> StreamlitPage:
    """What language models were asked, and how good they were: `?view=Asks&ask=7`."""
    return st.Page(
        _PAGES / "llm.py",
        title="Language model",
        icon=":material/auto_awesome:",
        help="How good the ideas of language models were, what they were asked and answered, and what they "
        "saw in populations.",
    )


def market_page() -> StreamlitPage:
    """The candles in the store: `?pair=BTC/USD`."""
    return st.Page(
        _PAGES / "market.py",
        title="Market data",
        icon=":material/candlestick_chart:",
        help="The candles of the store with their coverage and gaps; fetch or import more.",
    )


def live_page() -> StreamlitPage:
    """Sessions that run: `?session=7`; `?start=29` opens the panel to start one of that cell."""
    return st.Page(
        _PAGES / "live.py",
        title="Live desk",
        icon=":material/monitoring:",
        help="Let cells trade, on paper or for real; watch what runs, and stop it.",
    )


def history_page() -> StreamlitPage:
    """Sessions that have ended: `?session=7`."""
    return st.Page(
        _PAGES / "history.py",
        title="History",
        icon=":material/history:",
        help="Sessions that have ended: their results, their trades, and how they did against the backtest.",
    )


def system_page() -> StreamlitPage:
    """How the daemon is."""
    return st.Page(
        _PAGES / "system.py",
        title="System",
        icon=":material/settings:",
        help="Health of the daemon, its jobs and counters, alerts, size of the store, settings in force.",
    )


def sections() -> dict[str, list[StreamlitPage]]:
    """All pages, as the navigation lists them."""
    return {
        "Lab": [cells_page(), lineage_page(), editor_page(), llm_page(), market_page()],
        "Desk": [live_page(), history_page(), system_page()],
    }


def create_strategy_button(market: str = "") -> None:
    """The primary button at the end of each lab page's header row; `market` names the series in view."""
    if st.button("Create strategy", type="primary", icon=":material/add:", key="create strategy"):
        st.switch_page(editor_page(), query_params={"market": market} if market else None)


def link_to_lineage(cell_id: int) -> None:
    """A link to the cell among its relatives."""
    st.page_link(
        lineage_page(), label="Lineage", icon=":material/account_tree:", query_params={"cell": str(cell_id)}
    )


def link_to_fork(cell_id: int) -> None:
    """A link to the editor with that cell's genome, whose child the new cell will be."""
    st.page_link(
        editor_page(), label="Fork by hand", icon=":material/fork_right:", query_params={"fork": str(cell_id)}
    )


def link_to_start(cell_id: int) -> None:
    """A link to the Live desk with the panel that starts a session of that cell."""
    st.page_link(
        live_page(),
        label="Start live trading",
        icon=":material/play_circle:",
        query_params={"start": str(cell_id)},
    )
