"""The trades of a backtest: on candles, in a table, and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st
from streamlit.elements.arrow import DataframeStateInput
from streamlit.elements.lib.column_types import ColumnConfig

from evotrade.engine.backtest import Backtest
from evotrade.engine.fills import Trades
from evotrade.lab.trades import trades_csv, trades_frame
from evotrade.market.candles import Candles
from evotrade.plots.trades import (
    DRAWN_TRADES,
    drawn_timeframe,
    price_decimals,
    touching,
    trades_figure,
)
from evotrade.timeframes import length_s
from evotrade.ui import formats
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.keys import key_that_shows, value_of

_CHART_PX, _TABLE_PX, _ROW_PX = 380, 300, 28
_TRADE, _WINDOW, _TABLE = "trade", "window", "table of trades"
_ALL, _ONE = "all", "one"
_DAY_S = 86_400
_DAYS = {"1y": 365, "90d": 90, "30d": 30}
_LABELS = {_ALL: "All", "1y": "1 year", "90d": "90 days", "30d": "30 days", _ONE: "One trade"}
_AROUND_BARS = 30
_REASONS = {
    "signal": "signal",
    "stop_loss": "stop loss",
    "trailing_stop": "trailing stop",
    "take_profit": "take profit",
    "max_drawdown": "drawdown limit",
    "daily_loss": "daily loss limit",
    "end": "end of the span",
    "open": "still open",
}


def show(result: Backtest, *, quote: str, file_name: str) -> None:
    """Trades on candles with ways from one to the next, their table, and a button that saves them.

    Window and trade in view lie in the URL: `?window=one&trade=3`.
    """
    trades = result.simulation.trades
    if not len(trades):
        st.caption("No trades: the strategy never bought on these candles.")
        return
    place = _place(len(trades))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _steps(place, len(trades))
        st.space("stretch")
        window = _window(_windows(result.candles))
    _chart(_stretch(result.candles, trades, window, place), trades, quote, place)
    _table(trades, quote, place)
    st.download_button(
        "Download trades (CSV)",
        partial(trades_csv, trades),  # made when it is asked for
        file_name=file_name,
        mime="text/csv",
        icon=":material/download:",
        key="download trades",
        on_click="ignore",
    )


def _place(count: int) -> int:
    """Where the trade of `?trade=3` is among all, or the nearest one that there is."""
    text = st.query_params.get(_TRADE, "1")
    return min(max(1, int(text)), count) - 1 if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _go_to(place: int) -> None:
    st.query_params[_TRADE] = str(place + 1)
    st.query_params[_WINDOW] = _ONE


def _steps(place: int, count: int) -> None:
    step = partial(st.button, type="tertiary", on_click=_go_to)
    back, forth = ":material/chevron_left:", ":material/chevron_right:"
    step("Previous", icon=back, key="previous trade", disabled=place == 0, args=(place - 1,))
    st.markdown(f"Trade {place + 1:,} of {count:,}", width="content")
    step("Next", icon=forth, key="next trade", disabled=place == count - 1, args=(place + 1,))


def _windows(candles: Candles) -> list[str]:
    """The stretches that are shorter than all of it."""
    span_s = int(candles.end_s[-1] - candles.time_s[0])
    return [_ALL, *(name for name, days in _DAYS.items() if days * _DAY_S < span_s), _ONE]


def _window(options: Sequence[str]) -> str:
    asked_for = st.query_params.get(_WINDOW)
    in_force = asked_for if asked_for and asked_for in options else _ALL
    st.segmented_control(
        "Stretch",
        options,
        default=in_force,
        required=True,
        format_func=_LABELS.__getitem__,
        key=key_that_shows(in_force, _WINDOW),
        on_change=_ask_for_window,
        label_visibility="collapsed",
        wrap=True,
    )
    return in_force


def _ask_for_window() -> None:
    if window := value_of(_WINDOW):
        st.query_params[_WINDOW] = window


def _stretch(candles: Candles, trades: Trades, window: str, place: int) -> Candles:
    end_s = int(candles.end_s[-1])
    if window == _ALL:
        return candles
    if window != _ONE:
        return candles.between(end_s - _DAYS[window] * _DAY_S, end_s)
    entry_s, exit_s = int(trades.entry_time_s[place]), int(trades.exit_time_s[place])
    left_s = exit_s if exit_s >= 0 else end_s
    margin_s = max(_AROUND_BARS * length_s(candles.timeframe), (left_s - entry_s) // 2)
    return candles.between(entry_s - margin_s, left_s + margin_s)


def _chart(candles: Candles, trades: Trades, quote: str, place: int) -> None:
    draw(
        trades_figure(candles, trades, theme_in_force(), quote=quote, chosen=place),
        key="trades on candles",
        height_px=_CHART_PX,
        alt="Candles with the entries and exits of the trades in the table below",
    )
    days = f"{formats.day(int(candles.time_s[0]))} to {formats.day(int(candles.end_s[-1]))}"
    st.caption(f"{days}, drawn with bars of {drawn_timeframe(candles)}, {_counted(trades, candles)}")


def _counted(trades: Trades, candles: Candles) -> str:
    count = len(touching(trades, candles))
    if count > DRAWN_TRADES:
        return f"the latest {DRAWN_TRADES:,} of {count:,} trades"
    return "1 trade" if count == 1 else f"{count:,} trades"


def _table(trades: Trades, quote: str, place: int) -> None:
    frame = trades_frame(trades)
    frame.insert(0, "trade", range(1, len(frame) + 1))
    frame["reason"] = frame["reason"].map(_REASONS)
    marked: DataframeStateInput = {"selection": {"rows": [place], "columns": [], "cells": []}}
    st.dataframe(
        frame[list(columns := _columns(trades, quote))],
        key=key_that_shows(marked, _TABLE),
        on_select=_choose,
        selection_mode="single-row-required",
        selection_default=marked,
        hide_index=True,
        height=min(_TABLE_PX, _ROW_PX * (len(frame) + 1) + 2),
        row_height=_ROW_PX,
        placeholder=formats.NO_VALUE,
        column_config=columns,
        alt="The trades with entry, exit, prices, quantity, fees, result, and why they were closed",
    )


def _choose() -> None:
    if chosen := value_of(_TABLE):
        _go_to(*chosen["selection"]["rows"])


def _columns(trades: Trades, quote: str) -> dict[str, ColumnConfig]:
    money = f", {quote}" if quote else ""
    price = f"%,.{price_decimals(float(trades.entry_price.min()))}f"
    number, moment = st.column_config.NumberColumn, st.column_config.DatetimeColumn
    return {
        "trade": number("Trade", format="%d", width=55),
        "entry_time": moment("Entry, UTC", format="YYYY-MM-DD HH:mm", timezone="UTC"),
        "exit_time": moment("Exit, UTC", format="YYYY-MM-DD HH:mm", timezone="UTC"),
        "return_pct": number("Result", format="%+,.2f %%", help="After the fees of both sides"),
        "entry_price": number(f"Entry price{money}", format=price),
        "exit_price": number(f"Exit price{money}", format=price),
        "quantity": number("Quantity", format="%,.6f", help="In base currency"),
        "fees": number(f"Fees{money}", format="%,.2f", help="Of both sides"),
        "bars_held": number("Bars held", format="%,d"),
        "reason": st.column_config.TextColumn("Closed by"),
    }
