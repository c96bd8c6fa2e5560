"""A session's money: what its own fills made of its allocation, in exact decimals, and their trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Trade:
    """An entry and what closes it; `number` counts within the session from 1. Times in Unix seconds.

    Prices are means over the fills, fees those of both sides, `cost` what was paid with fees for all that
    was bought. An open trade has no exit; `pnl` is then of what was sold of it already.
    """

    number: int
    entry_at_s: float
    bought: Decimal
    paid: Decimal
    cost: Decimal
    fees: Decimal
    sold: Decimal = NOTHING
    got: Decimal = NOTHING
    pnl: Decimal = NOTHING
    exit_at_s: float | None = None
    exit_reason: str | None = None

    @property
    def entry_price(self) -> Decimal:
        """Mean price of what was bought, in quote currency."""
        return self.paid / self.bought

    @property
    def exit_price(self) -> Decimal | None:
        """Mean price of what was sold, in quote currency; None before the first sale."""
        return self.got / self.sold if self.sold else None

    @property
    def is_open(self) -> bool:
        """Whether something of it is still held."""
        return self.sold < self.bought


@dataclass(slots=True)
class Book:
    """Cash in quote currency and a position in base currency; `cost` is what the position cost, with fees.

    `realized` is the profit after fees of all that was sold, `trade` the newest trade, open or closed.
    """

    cash: Decimal
    position: Decimal = NOTHING
    cost: Decimal = NOTHING
    realized: Decimal = NOTHING
    fees: Decimal = NOTHING
    trade: Trade | None = None

    @property
    def trades(self) -> int:
        """How many trades were entered."""
        return self.trade.number if self.trade else 0

    @property
    def entry_price(self) -> Decimal | None:
        """Mean price of the open trade's entry; None when flat."""
        return self.trade.entry_price if self.trade and self.trade.is_open else None

    def worth(self, price: float) -> Decimal:
        """Cash plus the position at `price`, without the costs of selling it."""
        return self.cash + self.position * Decimal(repr(price))

    def buy(self, at_s: float, quantity: Decimal, price: Decimal, fee: Decimal) -> None:
        """Book an execution of an entry, which opens a trade or adds to the open one."""
        paid = quantity * price
        self.cash -= paid + fee
        self.position += quantity
        self.cost += paid + fee
        self.fees += fee
        old = self.trade
        if old is None or not old.is_open:
            self.trade = Trade(self.trades + 1, at_s, quantity, paid, paid + fee, fee)
            return
        self.trade = Trade(
            number=old.number,
            entry_at_s=old.entry_at_s,
            bought=old.bought + quantity,
            paid=old.paid + paid,
            cost=old.cost + paid + fee,
            fees=old.fees + fee,
            sold=old.sold,
            got=old.got,
            pnl=old.pnl,
        )

    def sell(self, at_s: float, quantity: Decimal, price: Decimal, fee: Decimal, reason: str) -> Decimal:
        """Book an execution of an exit, of at most the position; its profit after the fees of both sides."""
        got = quantity * price
        # the last part takes what is left of the cost, so that parts sum to the whole exactly
        cost = self.cost if quantity == self.position else self.cost * quantity / self.position
        pnl = got - fee - cost
        self.cash += got - fee
        self.position -= quantity
        self.cost -= cost
        self.fees += fee
        self.realized += pnl
        old = self.trade
        assert old is not None  # a position was bought by a trade
        closed = old.sold + quantity >= old.bought
        self.trade = Trade(
            number=old.number,
            entry_at_s=old.entry_at_s,
            bought=old.bought,
            paid=old.paid,
            cost=old.cost,
            fees=old.fees + fee,
            sold=old.sold + quantity,
            got=old.got + got,
            pnl=old.pnl + pnl,
            exit_at_s=at_s if closed else None,
            exit_reason=reason if closed else None,
        )
        return pnl

    def to_dict(self) -> dict[str, Any]:
        """The book as JSON keeps it, digit by digit."""
        names = ("cash", "position", "cost", "realized", "fees")
        trade = self.trade and {name: _plain(value) for name, value in asdict(self.trade).items()}
        return {**{name: str(getattr(self, name)) for name in names}, "trade": trade}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Book:
        """The book that `to_dict` described."""
        money = {name: Decimal(text) for name, text in kept.items() if name != "trade"}
        return cls(**money, trade=_trade(kept["trade"]))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _trade(kept: Mapping[str, Any] | None) -> Trade | None:
    if kept is None:
        return None
    money = ("bought", "paid", "cost", "fees", "sold", "got", "pnl")
    return Trade(**{**kept, **{name: Decimal(kept[name]) for name in money}})
