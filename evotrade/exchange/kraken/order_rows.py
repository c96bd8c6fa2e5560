"""Orders and their trades as REST tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

EndedAs = Literal["filled", "cancelled", "expired", "refused"]
ENDED_AS: Mapping[str, EndedAs] = {
    "closed": "filled",
    "filled": "filled",
    "canceled": "cancelled",
    "expired": "expired",
}
"""How REST's and the websocket's words for the end of an order are told."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order at the exchange: quantities in base currency, Unix seconds, `ended` None while it is open."""

    exchange_id: str
    order_id: str | None
    ended: EndedAs | None
    quantity: Decimal
    filled: Decimal
    trade_ids: tuple[str, ...]
    opened_at_s: float
    closed_at_s: float
    reason: str
    is_stop: bool


@dataclass(frozen=True, slots=True)
class TradeRow:
    """One execution; money in quote currency."""

    trade_id: str
    exchange_id: str
    order_id: str | None
    at_s: float
    quantity: Decimal
    price: Decimal
    fee: Decimal


def read_order(exchange_id: str, row: Mapping[str, Any]) -> OrderRow:
    """A row of OpenOrders, ClosedOrders or QueryOrders."""
    name = row.get("cl_ord_id")
    opened_at_s = float(row.get("opentm") or 0)
    return OrderRow(
        exchange_id=exchange_id,
        order_id=str(name) if name else None,
        ended=ENDED_AS.get(str(row["status"])),
        quantity=_money(row["vol"]),
        filled=_money(row["vol_exec"]),
        trade_ids=tuple(str(trade) for trade in row.get("trades") or ()),
        opened_at_s=opened_at_s,
        closed_at_s=float(row.get("closetm") or opened_at_s),
        reason=str(row.get("reason") or ""),
        is_stop=str(row["descr"]["ordertype"]).startswith("stop-loss"),
    )


def read_trade(trade_id: str, row: Mapping[str, Any]) -> TradeRow:
    """A row of TradesHistory or QueryTrades."""
    name = row.get("cl_ord_id")
    return TradeRow(
        trade_id=trade_id,
        exchange_id=str(row["ordertxid"]),
        order_id=str(name) if name else None,
        at_s=float(row["time"]),
        quantity=_money(row["vol"]),
        price=_money(row["price"]),
        fee=_money(row["fee"]),
    )


def _money(value: object) -> Decimal:
    number = Decimal(str(value))
    return number.normalize() if number else Decimal(0)
