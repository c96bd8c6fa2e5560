"""Trades as tables: for notebooks and pages, and as a file for other programs."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from evotrade.engine.fills import Trades

_TIMES = ("entry_time_s", "exit_time_s")

# The file names the unit of every column: quote is the currency of prices, base that of quantities.
_IN_A_FILE = {
    "trade": "trade",
    "entry_time": "entry_time_utc",
    "exit_time": "exit_time_utc",
    "entry_price": "entry_price_quote",
    "exit_price": "exit_price_quote",
    "quantity": "quantity_base",
    "fees": "fees_quote",
    "pnl": "pnl_quote",
    "return_pct": "return_pct",
    "bars_held": "bars_held",
    "reason": "closed_by",
}


def trades_frame(trades: Trades) -> pd.DataFrame:
    """(k,) rows, a trade each, an open one last: the columns of `Trades`, with times in UTC.

    `entry_time` and `exit_time` take the place of those in seconds; an open trade has no exit time.
    """
    frame = pd.DataFrame(asdict(trades))
    for name in _TIMES:
        known = frame[name].where(frame[name] >= 0)
        frame[name.removesuffix("_s")] = pd.to_datetime(known, unit="s", utc=True)
    return frame.drop(columns=list(_TIMES))


def trades_csv(trades: Trades) -> str:
    """The trades as CSV, numbered from 1: times ISO 8601 in UTC, numbers in full, an unknown one empty.

    Prices, fees and pnl are in quote currency, quantities in base currency.
    """
    frame = trades_frame(trades)
    frame.insert(0, "trade", range(1, len(frame) + 1))
    columns = frame[list(_IN_A_FILE)].rename(columns=_IN_A_FILE)
    return columns.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\n")
