"""What became of the capital: equity, or the trades behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from evotrade.cells import Cell, Phenotype
from evotrade.engine.backtest import Backtest
from evotrade.engine.buy_hold import buy_and_hold
from evotrade.errors import DataError, GenomeError, NotFound
from evotrade.plots.equity import equity_figure
from evotrade.ui import formats, reads
from evotrade.ui.cells import trades
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.text import as_markdown

_CHART_PX = 380
_VIEWS = ("Equity", "Trades")
_STRANGE = re.compile(r"[^A-Za-z0-9]+")
_NAME_LENGTH = 80


def show(cell: Cell, shown: Phenotype) -> None:
    """Equity or trades of the backtest behind one of the cell's phenotypes, or why there are none."""
    if shown.recorded:
        st.caption("No equity or trades to draw: another system recorded only these numbers.")
        return
    show_run(partial(reads.replayed, cell, shown), shown, f"cell {cell.cell_id}")


@st.fragment  # a step from trade to trade draws nothing else anew
def show_run(replay: Callable[[], Backtest], shown: Phenotype, what: str) -> None:
    """Equity or trades of the backtest that `replay` runs, or why it cannot; `what` was tested."""
    view = st.segmented_control(
        "View",
        _VIEWS,
        default=_VIEWS[0],
        required=True,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    with st.skeleton(height=_CHART_PX):
        try:
            result = replay()
        except (NotFound, DataError, GenomeError) as error:
            st.caption(f":material/show_chart: No equity or trades to draw: {as_markdown(str(error))}")
            return
        quote = formats.quote_currency(shown.pair)
        if view == "Trades":
            trades.show(result, quote=quote, file_name=_file_name(what, shown))
        else:
            _equity(result, quote, what)


def _equity(result: Backtest, quote: str, what: str) -> None:
    figure = equity_figure(
        pd.to_datetime(result.candles.end_s, unit="s", utc=True),
        result.simulation.equity,
        buy_and_hold(result.candles, result.execution),
        initial=result.execution.initial,
        theme=theme_in_force(),
        quote=quote,
    )
    draw(
        figure,
        key="equity",
        height_px=_CHART_PX,
        alt=f"Equity of {what} against buy and hold, and its drawdown",
    )


def _file_name(what: str, shown: Phenotype) -> str:
    """`cell-29-BTC-USD-1h-train-trades.csv`: letters and digits only, whatever the names are made of."""
    words = _STRANGE.sub("-", f"{what} {shown.pair} {shown.timeframe} {shown.split}")[:_NAME_LENGTH].strip(
        "-"
    )
    return f"{words}-trades.csv"
