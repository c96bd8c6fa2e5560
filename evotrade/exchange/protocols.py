"""What the desk needs of an exchange: a market to watch and a broker to trade with.

Two markets (Kraken, the sandbox) are one class at different addresses; two brokers (paper, Kraken) are two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from evotrade.engine.session.events import OrderEvent
from evotrade.engine.session.orders import Order
from evotrade.market.candles import Candles

PairStatus = Literal[
    "online", "cancel_only", "post_only", "limit_only", "reduce_only", "maintenance", "delisted"
]


@dataclass(frozen=True, slots=True)
class PairRules:
    """The exchange's rules for orders of one pair, exact. Quantities in base, costs in quote currency."""

    pair: str
    base: str
    quote: str
    status: PairStatus
    tick_size: Decimal
    price_decimals: int
    lot_decimals: int
    order_min: Decimal
    cost_min: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """A pair's last trade and best prices, at the exchange's time (Unix seconds).

    `bid_size` and `ask_size` (base currency) are 0 where the book is not known.
    """

    pair: str
    at_s: float
    price: float
    bid: float
    ask: float
    bid_size: float = 0.0
    ask_size: float = 0.0


@dataclass(frozen=True, slots=True)
class ClosedBars:
    """Bars of a pair and timeframe that are over and were not told before, oldest first.

    `late` says that they were fetched after a gap, not seen as they closed.
    """

    candles: Candles
    at_s: float
    late: bool


@dataclass(frozen=True, slots=True)
class FeedState:
    """Whether prices flow: `reason` says why not ("" when they do), `since_s` is the exchange's time."""

    ok: bool
    reason: str
    since_s: float


MarketEvent = Quote | ClosedBars | FeedState
Listener = Callable[[MarketEvent], None]
"""Called in the event loop; must return at once, and never raises."""

Report = Callable[[OrderEvent], None]
"""Takes what became of an order; called in the event loop, must return at once, and never raises."""


class Market(Protocol):
    """One connection to public data for all sessions."""

    source: str
    """How its candles are marked: kraken or sandbox."""

    def listen(self, listener: Listener) -> None:
        """Tell this listener everything from now on."""

    async def start(self) -> None:
        """Begin to connect; returns at once, and goes on for ever."""

    async def close(self) -> None:
        """End all connections."""

    async def watch(self, pair: str, timeframe: str, after_s: int) -> None:
        """Tell quotes of the pair, and each bar of the timeframe that starts at or after `after_s` once.

        Bars since then that are already over are fetched first.
        """

    async def unwatch(self, pair: str, timeframe: str) -> None:
        """Stop telling them."""

    async def history(self, pair: str, timeframe: str, since_s: int) -> Candles:
        """Closed bars that start at `since_s` or later. `ExchangeError` where they can't be had."""

    async def rules(self, pair: str) -> PairRules:
        """The rules of the pair now. `ExchangeError`, `SettingsError` for a pair that it does not know."""

    def now_s(self) -> float:
        """The exchange's time, Unix seconds, by its last message and the time passed since."""


class Broker(Protocol):
    """Carries out orders; everything that becomes of them is told to `report`."""

    async def place(self, order: Order) -> None:
        """Send the order, which is written down already. Never raises: the outcome is an event."""

    async def cancel(self, order_id: str) -> None:
        """Cancel the order; how it ended is an event."""

    async def reconcile(self, orders: Sequence[Order]) -> list[OrderEvent]:
        """All that the exchange knows of these orders, fills first; `Ended("refused")` for one it never had.

        Raises `ExchangeError` when it can't be asked: then nothing is known.
        """

    async def balances(self) -> dict[str, Decimal]:
        """What the account holds, by asset (USD, BTC)."""

    async def free_balances(self) -> dict[str, Decimal]:
        """What of it no open order holds, by asset."""

    async def close(self) -> None:
        """Let go of connections."""
