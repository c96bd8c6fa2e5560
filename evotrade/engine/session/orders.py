"""Orders of a session: what was intended, under an id that the same intent always has."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid5

Leg = Literal["entry", "exit", "stop"]
Side = Literal["buy", "sell"]
Kind = Literal["market", "limit", "stop-loss"]
OrderStatus = Literal["intended", "unknown", "open", "filled", "cancelled", "expired", "refused"]

CLOSED: frozenset[OrderStatus] = frozenset({"filled", "cancelled", "expired", "refused"})
"""An order in one of these fills no more."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it is sent: `quantity` in base currency, `price` (limit or trigger) in quote currency.

    `bar_start_s` is the bar whose close decided it, or in which a stop struck; `attempt` counts from 1.
    `reason` is why it was made: signal, the name of a limit, or stop.
    """

    order_id: str
    pair: str
    bar_start_s: int
    leg: Leg
    attempt: int
    side: Side
    kind: Kind
    quantity: Decimal
    price: Decimal | None
    reason: str


def order_id(session_key: str, bar_start_s: int, leg: Leg, attempt: int) -> str:
    """The `cl_ord_id` of an intent: the same intent has the same id, whoever asks after whatever crash.

    `session_key` is the session's own UUID, so that two desks on one account never share an id.
    """
    return str(uuid5(UUID(session_key), f"{bar_start_s}/{leg}/{attempt}"))
