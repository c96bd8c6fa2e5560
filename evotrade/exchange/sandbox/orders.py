"""Orders and fills as the exchange keeps them, and the refusals it gives."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from evotrade.errors import ExchangeError
from evotrade.exchange.sandbox.tape import Side

OrderType = Literal["market", "limit", "stop-loss", "stop-loss-limit"]
OrderStatus = Literal["open", "closed", "canceled", "expired"]
TimeInForce = Literal["GTC", "IOC", "GTD"]
Liquidity = Literal["taker", "maker"]


class Refused(ExchangeError):
    """The exchange's own word for no, like `EOrder:Insufficient funds`; clients get it as it is."""


@dataclass(frozen=True)
class OrderRequest:
    """An order that a client asks for, its numbers read and nothing else checked."""

    pair: str
    side: Side
    type: OrderType
    qty: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    cl_ord_id: str | None = None
    userref: int = 0
    time_in_force: TimeInForce = "GTC"
    post_only: bool = False
    deadline_ns: int | None = None
    expire_ns: int = 0
    validate: bool = False


@dataclass(frozen=True)
class Fill:
    """One execution: money moved once, `cost` and `fee` in quote currency."""

    id: str
    trade_id: int
    order_id: str
    cl_ord_id: str | None
    pair: str
    side: Side
    type: OrderType
    time_ns: int
    price: Decimal
    qty: Decimal
    cost: Decimal
    fee: Decimal
    liquidity: Liquidity


@dataclass
class Order:
    """An order and what became of it; `held_price` is what each unit not yet bought may cost."""

    id: str
    request: OrderRequest
    opened_ns: int
    held_price: Decimal
    status: OrderStatus = "open"
    reason: str | None = None
    closed_ns: int = 0
    triggered: bool = False
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    fills: tuple[str, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Whether it may still be filled or canceled."""
        return self.status == "open"

    @property
    def remaining(self) -> Decimal:
        """Volume not yet executed."""
        return self.request.qty - self.filled

    @property
    def average_price(self) -> Decimal:
        """Cost per unit executed, 0 before the first."""
        return self.cost / self.filled if self.filled else Decimal(0)

    @property
    def takes(self) -> bool:
        """Whether it is carried out at any price now: a market order, or a stop that struck."""
        return self.request.type == "market" or (self.request.type == "stop-loss" and self.triggered)

    @property
    def waits_for_trigger(self) -> bool:
        """Whether it is a stop that has not struck."""
        return self.request.stop_price is not None and not self.triggered

    def book(self, fill: Fill) -> None:
        """Count a fill in."""
        self.filled += fill.qty
        self.cost += fill.cost
        self.fee += fill.fee
        self.fills = (*self.fills, fill.id)


def exchange_id(kind: str, number: int) -> str:
    """An id as Kraken makes them (OQCLML-BW3P3-BUCMWZ), the same for the same number; O order, T fill."""
    digest = hashlib.sha256(f"{kind}{number}".encode()).digest()
    letters = kind + base64.b32encode(digest).decode()[:16]
    return f"{letters[:6]}-{letters[6:11]}-{letters[11:17]}"
