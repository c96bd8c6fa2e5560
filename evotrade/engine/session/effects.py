"""What a session wants done, and what others should know: the answer to an event."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from evotrade.engine.session.orders import Order, OrderStatus
from evotrade.engine.session.states import Status


@dataclass(frozen=True, slots=True)
class Place:
    """Send this order; it must be written down before it leaves."""

    order: Order


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel this order, and say how it ended."""

    order_id: str


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order of the session has another status."""

    at_s: float
    order: Order
    status: OrderStatus
    exchange_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Executed:
    """A fill, booked: `pnl` is the profit after fees of what it closed, None for a buy."""

    at_s: float
    fill_id: str
    order: Order
    quantity: Decimal
    price: Decimal
    fee: Decimal
    pnl: Decimal | None
    cash_after: Decimal
    position_after: Decimal


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The session's state is another one, and why."""

    at_s: float
    before: Status
    after: Status
    reason: str


@dataclass(frozen=True, slots=True)
class BarDecided:
    """A bar with its decision; `missed` says why a signal that could have traded did not, "" otherwise.

    It is told at the close, and once more when something else became of its signal: the last word counts.
    """

    at_s: float
    start_s: int
    close: float
    decision: int
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """What the session is worth at the last price, in quote currency: profit since its start."""

    at_s: float
    price: float
    pnl: Decimal
    position: Decimal


Effect = Place | Cancel | OrderChanged | Executed | StatusChanged | BarDecided | Marked
