"""What happens to a session. Times are the exchange's, in Unix seconds; money is exact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Started:
    """All checks passed: it may trade."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Tick:
    """The market now: last trade, best bid and best ask, in quote currency."""

    at_s: float
    price: float
    bid: float
    ask: float


@dataclass(frozen=True, slots=True)
class BarClosed:
    """A bar `[start_s, end_s)` is over and the evaluator decided at its close: 1 buy, -1 sell, 0 hold.

    `may_act` is False for a bar that was fetched too late to trade on: it is decided, and listed as missed.
    """

    at_s: float
    start_s: int
    end_s: int
    close: float
    decision: int
    may_act: bool = True


@dataclass(frozen=True, slots=True)
class Accepted:
    """The exchange has the order, under its own number."""

    at_s: float
    order_id: str
    exchange_id: str


@dataclass(frozen=True, slots=True)
class Filled:
    """One execution; `fill_id` names it for ever, so that hearing of it twice changes nothing."""

    at_s: float
    order_id: str
    fill_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Ended:
    """The order will fill no more; all its fills have been told."""

    at_s: float
    order_id: str
    status: Literal["filled", "cancelled", "expired", "refused"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The exchange did not answer: the order may exist or not. Nothing is assumed until it is found out."""

    at_s: float
    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedLost:
    """Prices can't be trusted: no new entries until `FeedBack`."""

    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class FeedBack:
    """Prices flow again, and what was missed has been fed."""

    at_s: float


@dataclass(frozen=True, slots=True)
class StopAsked:
    """A person, or the kill switch, ends the session; `flatten` sells what it holds."""

    at_s: float
    flatten: bool
    reason: str


@dataclass(frozen=True, slots=True)
class HaltAsked:
    """It must not trade until a person resumes it; what it holds stays, with its stops."""

    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeAsked:
    """A person lets a halted session go on."""

    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Something that this session cannot go on from."""

    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Time passes without a tick."""

    at_s: float


OrderEvent = Accepted | Filled | Ended | Unknown
Event = (
    Started
    | Tick
    | BarClosed
    | OrderEvent
    | FeedLost
    | FeedBack
    | StopAsked
    | HaltAsked
    | ResumeAsked
    | Failed
    | Clock
)
