"""Rows of the desk as the API tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evotrade.api.session_schemas import FillOut, PositionOut
from evotrade.desk.views import SessionView


def fills_of(view: SessionView, rows: Sequence[Mapping[str, Any]]) -> list[FillOut]:
    """A session's fills."""
    return [
        FillOut(
            trade_id=row["fill_id"],
            session_id=view.session_id,
            cell_id=view.cell_id,
            timestamp=row["filled_at"],
            **{name: row[name] for name in ("order_id", "side", "quantity", "price", "fee", "pnl")},
            position_after=row["position_after"],
        )
        for row in rows
    ]


def positions_of(view: SessionView, rows: Sequence[Mapping[str, Any]]) -> list[PositionOut]:
    """A session's closed trades, then what it holds, at the last price."""
    closed = [
        PositionOut(
            position_id=row["trade_id"],
            session_id=view.session_id,
            status="closed",
            price=None,
            **{
                name: row[name]
                for name in (
                    *("entry_at", "exit_at", "quantity", "entry_price", "exit_price", "fees", "pnl"),
                    "exit_reason",
                )
            },
        )
        for row in rows
        if row["exit_at"] is not None
    ]
    return closed if not view.position else [*closed, _held(view, rows)]


def _held(view: SessionView, rows: Sequence[Mapping[str, Any]]) -> PositionOut:
    nothing: Mapping[str, Any] = {}
    entry = next((row for row in reversed(rows) if row["exit_at"] is None), nothing)
    return PositionOut(
        position_id=entry.get("trade_id"),
        session_id=view.session_id,
        status="open",
        entry_at=entry.get("entry_at"),
        exit_at=None,
        quantity=view.position,
        entry_price=view.entry_price,
        exit_price=None,
        price=view.price,
        fees=entry.get("fees"),
        pnl=view.current_pnl - view.realized_pnl,
        exit_reason=None,
    )
