"""What happens at the exchange, in order, for those who are subscribed to it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from evotrade.exchange.sandbox.orders import Fill, Order
from evotrade.exchange.sandbox.rules import PairRules
from evotrade.exchange.sandbox.tape import Trade


@dataclass(frozen=True)
class Traded:
    """A trade of the tape happened."""

    trade: Trade


@dataclass(frozen=True)
class OrderChanged:
    """`kind` is Kraken's exec_type; `order` is a copy as of this moment, `fill` the execution of a trade."""

    kind: str
    order: Order
    time_ns: int
    fill: Fill | None = None


@dataclass(frozen=True)
class BalanceChanged:
    """A fill moved an asset: `amount` without `fee`, `balance` after both."""

    asset: str
    amount: Decimal
    fee: Decimal
    balance: Decimal
    fill: Fill


@dataclass(frozen=True)
class SystemChanged:
    """The exchange has another status, for example maintenance."""

    status: str


@dataclass(frozen=True)
class PairChanged:
    """A pair has another status."""

    rules: PairRules


Event = Traded | OrderChanged | BalanceChanged | SystemChanged | PairChanged
