"""The records of a session: fills, positions, orders, changes of state; and it against the backtest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from evotrade.errors import EvotradeError
from evotrade.ui.desk import parity, reads, words
from evotrade.ui.desk.reads import JSON, Kind
from evotrade.ui.formats import counted
from evotrade.ui.text import sentence

_EVERY_S = 3.0
_ROW_PX, _MOST_ROWS = 28, 12
_SHOWN = 500
_PARITY = "Against backtest"


class _View(NamedTuple):
    kind: Kind
    noun: str
    table: Callable[[Sequence[JSON], str, str], pd.DataFrame]
    empty: str


def show(session: JSON) -> None:
    """One of the records, chosen above it; read anew every few seconds while the session runs."""
    running = session["status"] != "stopped"
    st.fragment(_log, run_every=_EVERY_S if running else None)(session)


def _log(session: JSON) -> None:
    chosen = st.segmented_control(
        "Records",
        (*_VIEWS, _PARITY),
        default=next(iter(_VIEWS)),
        required=True,
        key="records",
        bind="query-params",
        label_visibility="collapsed",
    )
    try:
        if chosen == _PARITY:
            parity.show(session)
        else:
            _records(session, _VIEWS[chosen or next(iter(_VIEWS))])
    except EvotradeError as error:
        st.caption(f":material/cloud_off: {sentence(error)}")


def _records(session: JSON, view: _View) -> None:
    rows = reads.records(session["session_id"], view.kind)[::-1]
    if not rows:
        st.caption(view.empty)
        return
    if len(rows) > _SHOWN:
        st.caption(f"The latest {_SHOWN} of {counted(len(rows), view.noun)}")
    shown = view.table(rows[:_SHOWN], *words.names(session))
    st.dataframe(
        shown,
        hide_index=True,
        height="content" if len(shown) < _MOST_ROWS else _ROW_PX * _MOST_ROWS,
        row_height=_ROW_PX,
        column_config=_CONFIG,
        alt=f"{view.noun.capitalize()}s of session {session['session_id']}, the newest first",
    )


def _fills(rows: Sequence[JSON], base: str, quote: str) -> pd.DataFrame:
    return _frame(
        rows,
        {
            "Time, UTC": lambda row: words.at(row["timestamp"]),
            "Side": lambda row: row["side"],
            "Quantity": lambda row: words.quantity(row["quantity"], base),
            "Price": lambda row: words.price(row["price"], quote),
            "Fee": lambda row: words.money(row["fee"], quote),
            "P&L": lambda row: words.money(row["pnl"], quote, signed=True),
            "Position after": lambda row: words.quantity(row["position_after"], base),
            "Fill": lambda row: row["trade_id"],
            "Order": lambda row: row["order_id"],
        },
    )


def _positions(rows: Sequence[JSON], base: str, quote: str) -> pd.DataFrame:
    return _frame(
        rows,
        {
            "Status": lambda row: row["status"],
            "Entry, UTC": lambda row: words.at(row["entry_at"]),
            "Exit, UTC": lambda row: words.at(row["exit_at"]),
            "Quantity": lambda row: words.quantity(row["quantity"], base),
            "Entry price": lambda row: words.price(row["entry_price"], quote),
            "Exit price": lambda row: words.price(row["exit_price"], quote),
            "Fees": lambda row: words.money(row["fees"], quote),
            "P&L": lambda row: words.money(row["pnl"], quote, signed=True),
            "Closed by": lambda row: (row["exit_reason"] or "").replace("_", " "),
        },
    )


def _orders(rows: Sequence[JSON], base: str, quote: str) -> pd.DataFrame:
    return _frame(
        rows,
        {
            "Made, UTC": lambda row: words.at(row["created_at"]),
            "Leg": lambda row: row["leg"],
            "Side": lambda row: row["side"],
            "Kind": lambda row: row["kind"],
            "Quantity": lambda row: words.quantity(row["quantity"], base),
            "Limit or trigger": lambda row: words.price(row["price"], quote),
            "Status": lambda row: row["status"],
            "Made by": lambda row: row["cause"].replace("_", " "),
            "Reason": lambda row: row["reason"],
            "Attempt": lambda row: row["attempt"],
            "Changed, UTC": lambda row: words.at(row["changed_at"]),
            "Order": lambda row: row["order_id"],
        },
    )


def _transitions(rows: Sequence[JSON], base: str, quote: str) -> pd.DataFrame:
    return _frame(
        rows,
        {
            "Time, UTC": lambda row: words.at(row["at"]),
            "From": lambda row: words.status(row["before"]),
            "To": lambda row: words.status(row["after"]),
            "Reason": lambda row: row["reason"],
        },
    )


def _frame(rows: Sequence[JSON], columns: Mapping[str, Callable[[JSON], Any]]) -> pd.DataFrame:
    data: dict[str, Any] = {name: [value(row) for row in rows] for name, value in columns.items()}
    for name in columns:
        if name.endswith(", UTC"):
            data[name] = pd.to_datetime(pd.Series(data[name], dtype=object), utc=True)
    return pd.DataFrame(data)


_VIEWS: dict[str, _View] = {
    "Trades": _View("trades", "fill", _fills, "No trades yet: the first may come when a bar closes."),
    "Positions": _View("positions", "position", _positions, "No positions yet."),
    "Orders": _View("orders", "order", _orders, "No orders yet: one is made when a closed bar says so."),
    "States": _View("transitions", "change", _transitions, "No changes of state yet."),
}
_TIMES = ("Time, UTC", "Entry, UTC", "Exit, UTC", "Made, UTC", "Changed, UTC")
_RIGHT = ("Quantity", "Price", "Fee", "Fees", "P&L", "Position after", "Entry price", "Exit price")
_CONFIG: dict[str, Any] = {
    **{name: st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150) for name in _TIMES},
    **{
        name: st.column_config.TextColumn(alignment="right", width=125)
        for name in (*_RIGHT, "Limit or trigger")
    },
    "Side": st.column_config.TextColumn(width=55),
    "Leg": st.column_config.TextColumn(width=55),
    "Attempt": st.column_config.NumberColumn(format="%d", width=65),
    "Reason": st.column_config.TextColumn(width=260),
}
