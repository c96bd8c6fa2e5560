"""The numbers of a result: cards of the most telling ones, and a table of all."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from evotrade.cells import Phenotype
from evotrade.ui import formats, phenotypes

_CARDS = ("return_pct", "buy_hold_return_pct", "max_drawdown_pct", "sharpe", "trades", "win_rate_pct")
_CARDS_IN_A_ROW = 3


def show_cards(shown: Phenotype) -> None:
    """The most telling metrics, of those that are known."""
    with st.grid(_CARDS_IN_A_ROW, min_column_width=110, gap="xsmall"):
        for name in _CARDS:
            if phenotypes.knows(shown, name):
                value = formats.headline(name, shown.metrics[name])
                st.metric(formats.metric_label(name), value, border=True)


def show_table(splits: Mapping[str, Phenotype], timeframe: str, whose: str) -> None:
    """All metrics at one timeframe, a column for each split; `whose` they are is said to who cannot see."""
    first = next(iter(splits.values()))
    st.dataframe(
        phenotypes.metrics_table(splits, formats.quote_currency(first.pair)),
        hide_index=True,
        height="content",
        row_height=28,
        column_config={
            name: st.column_config.TextColumn(f"{timeframe} {name}", alignment="right") for name in splits
        },
        alt=f"Metrics of {whose} at {timeframe}, a column for each split",
    )
