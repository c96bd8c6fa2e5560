"""Risk limits as a person fills them in: an empty field is no limit."""

from __future__ import annotations

from datetime import time
from typing import Any

import streamlit as st

from evotrade.engine.execution import DAYS, Limits
from evotrade.errors import SettingsError
from evotrade.ui.text import sentence

_FIELDS: dict[str, tuple[str, str]] = {
    "stop_loss_pct": ("Stop-loss, %", "Sells this far below the entry price"),
    "trailing_stop_pct": ("Trailing stop, %", "Sells this far below the best price since the entry"),
    "take_profit_pct": ("Take-profit, %", "Sells this far above the entry price"),
    "max_drawdown_pct": ("Max drawdown, %", "Halts the session this far below its best equity"),
    "max_daily_loss_pct": ("Max daily loss, %", "Halts it at such a loss since midnight UTC"),
    "max_trades_per_day": ("Max trades a day", "Entries in a UTC day"),
    "cool_down_bars": ("Cool-down, bars", "Bars to wait after a losing trade"),
}
_COUNTS = ("max_trades_per_day", "cool_down_bars")


def ask() -> dict[str, Any] | None:
    """The limits that are filled in, as `Client.start` takes them; None where they make no sense."""
    with st.expander("Risk limits", icon=":material/shield:", key="start limits"):
        with st.grid(4, min_column_width=130):
            found = {name: _number(name) for name in _FIELDS}
        hours = _hours()
    given: dict[str, Any] = {name: value for name, value in found.items() if value}
    if hours is not None:
        given["trading_hours"] = hours
    try:
        Limits.from_dict(given)
    except SettingsError as error:
        st.caption(f":red[:material/error: {sentence(error)}]")
        return None
    return given


def _number(name: str) -> float | int | None:
    label, told = _FIELDS[name]
    if name in _COUNTS:
        return st.number_input(
            label, min_value=0, value=None, step=1, placeholder="none", help=told, key=f"limit {name}"
        )
    most = None if name == "take_profit_pct" else 99.9
    return st.number_input(
        label,
        min_value=0.0,
        max_value=most,
        value=None,
        step=0.5,
        placeholder="none",
        help=told,
        key=f"limit {name}",
    )


def _hours() -> dict[str, Any] | None:
    """When entries may fill; None for always."""
    if not st.checkbox("Only enter at certain hours", key="limit hours"):
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.pills("Days", DAYS, selection_mode="multi", default=DAYS, key="limit days")
        start = st.time_input("From", time(9), key="limit start", width=110)
        end = st.time_input("To", time(17), key="limit end", width=110)
        zone = st.text_input("Time zone", "UTC", max_chars=64, key="limit zone", width=180)
    return {"days": tuple(days), "start": f"{start:%H:%M}", "end": f"{end:%H:%M}", "zone": zone.strip()}
