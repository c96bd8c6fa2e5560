"""Orders of a session on their way: what is known of each, and every fill booked once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from evotrade.engine.session.orders import CLOSED, Leg, Order, OrderStatus, order_id

_CLOSED_KEPT = 8  # a late frame may still tell fills of these
_COUNTED_KEPT = 16  # bars whose attempts are remembered


@dataclass(slots=True)
class Ticket:
    """An order and what became of it. `cancelling` says that a cancel was sent; `fill_ids` are booked."""

    order: Order
    sent_at_s: float
    status: OrderStatus = "intended"
    exchange_id: str | None = None
    filled: Decimal = Decimal(0)
    cancelling: bool = False
    fill_ids: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.status not in CLOSED

    @property
    def rest(self) -> Decimal:
        """What has not filled, in base currency."""
        return self.order.quantity - self.filled

    def to_dict(self) -> dict[str, Any]:
        """The ticket as JSON keeps it."""
        order = {name: getattr(self.order, name) for name in Order.__dataclass_fields__}
        price = order["price"]
        order |= {"quantity": str(order["quantity"]), "price": None if price is None else str(price)}
        names = ("sent_at_s", "status", "exchange_id", "cancelling")
        kept = {name: getattr(self, name) for name in names}
        return {**kept, "order": order, "filled": str(self.filled), "fill_ids": list(self.fill_ids)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Ticket:
        """The ticket that `to_dict` described."""
        order = kept["order"]
        price = None if order["price"] is None else Decimal(order["price"])
        made = Order(**{**order, "quantity": Decimal(order["quantity"]), "price": price})
        return cls(
            **{**kept, "order": made, "filled": Decimal(kept["filled"]), "fill_ids": list(kept["fill_ids"])}
        )


class Tickets:
    """All open orders of a session and the last closed ones, in the order of their making."""

    def __init__(self, session_key: str) -> None:
        self._key = session_key
        self._by_id: dict[str, Ticket] = {}
        self._attempts: dict[str, int] = {}  # by bar and leg: an intent is never sent twice under one id

    def get(self, order_id: str) -> Ticket | None:
        """The ticket of that order, None for one that is not the session's, or ended long ago."""
        return self._by_id.get(order_id)

    def open(self, leg: Leg | None = None) -> Iterator[Ticket]:
        """Those that may still fill."""
        return (one for one in self._by_id.values() if one.is_open and leg in (None, one.order.leg))

    def first_open(self, leg: Leg | None = None) -> Ticket | None:
        """One that may still fill, None where there is none."""
        return next(self.open(leg), None)

    @property
    def unknown(self) -> Ticket | None:
        """One whose outcome is not known."""
        return next((one for one in self.open() if one.status == "unknown"), None)

    def name(self, bar_start_s: int, leg: Leg) -> tuple[str, int]:
        """Id and number of the next attempt at this intent."""
        intent = f"{bar_start_s}/{leg}"
        attempt = self._attempts.pop(intent, 0) + 1
        self._attempts[intent] = attempt
        for old in list(self._attempts)[:-_COUNTED_KEPT]:
            del self._attempts[old]
        return order_id(self._key, bar_start_s, leg, attempt), attempt

    def add(self, ticket: Ticket) -> None:
        """Keep a new ticket; lets go of the oldest closed ones."""
        self._by_id[ticket.order.order_id] = ticket
        closed = [name for name, one in self._by_id.items() if not one.is_open]
        for name in closed[:-_CLOSED_KEPT]:
            del self._by_id[name]

    def to_dict(self) -> dict[str, Any]:
        """The tickets as JSON keeps them."""
        return {"tickets": [one.to_dict() for one in self._by_id.values()], "attempts": dict(self._attempts)}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take over what `to_dict` described."""
        tickets = [Ticket.from_dict(one) for one in kept["tickets"]]
        self._by_id = {one.order.order_id: one for one in tickets}
        self._attempts = dict(kept["attempts"])
