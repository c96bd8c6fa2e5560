"""A sandbox with a market and a broker on it, through the real SDK."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from evotrade.engine.session.events import Ended, Filled, OrderEvent
from evotrade.engine.session.orders import Kind, Leg, Order, Side
from evotrade.exchange.kraken import (
    Address,
    BrokerSettings,
    ConnectionSettings,
    Keys,
    KrakenBroker,
    KrakenMarket,
    MarketSettings,
    Rest,
    RestSettings,
)
from evotrade.exchange.kraken.backfill import BackfillSettings
from evotrade.exchange.kraken.budget import Allowance
from evotrade.exchange.kraken.history import concatenated
from evotrade.exchange.protocols import ClosedBars, FeedState, MarketEvent, Quote
from evotrade.exchange.sandbox import MANUAL, UNLIMITED, Sandbox, SandboxSettings, demo_candles, serve
from evotrade.market.candles import Candles

HOUR = 3_600
QUICK = ConnectionSettings(start_s=2, silence_s=1.5, reply_s=1, back_off_s=0.02, most_back_off_s=0.1)
QUICK_MARKET = MarketSettings(
    step_s=0.02,
    hold_s=2,
    poll_s=0.1,
    connection=QUICK,
    backfill=BackfillSettings(settle_s=0.1, again_s=0.1, most_again_s=0.3),
    rest=RestSettings(public_pause_s=0, tries=2, back_off_s=0.02, timeout_s=2),
)
QUICK_BROKER = BrokerSettings(
    deadline_s=0.6,
    margin_s=0.1,
    recheck_s=0.1,
    confirm_s=0.3,
    again_s=0.05,
    most_again_s=0.2,
    connection=QUICK,
)


@dataclass
class Stage:
    """Everything a test needs."""

    sandbox: Sandbox
    market: KrakenMarket
    broker: KrakenBroker
    events: list[MarketEvent] = field(default_factory=list)
    reports: list[OrderEvent] = field(default_factory=list)

    @property
    def now_s(self) -> int:
        return self.sandbox.exchange.now_ns // 10**9

    @property
    def bars(self) -> Candles:
        told = [event.candles for event in self.events if isinstance(event, ClosedBars)]
        return concatenated(told) or demo_candles()[:0]

    @property
    def quotes(self) -> list[Quote]:
        return [event for event in self.events if isinstance(event, Quote)]

    @property
    def states(self) -> list[FeedState]:
        return [event for event in self.events if isinstance(event, FeedState)]

    def count(self, name: str) -> float:
        return self.market.counters[name]

    async def until(self, is_so: Callable[[], Any], wait_s: float = 8) -> None:
        """Wait for it."""
        async with asyncio.timeout(wait_s):
            while not is_so():
                await asyncio.sleep(0.01)

    async def watch(self, timeframe: str = "1h", back_bars: int = 0, length_s: int = HOUR) -> None:
        """Watch from so many bars ago, until the feed stands."""
        start_s = self.now_s // length_s * length_s - back_bars * length_s
        await self.market.watch("BTC/USD", timeframe, start_s)
        await self.until(lambda: self.market.state.ok)

    async def advance(self, seconds: float, steps: int = 1) -> None:
        """Let time pass in steps, each with a moment to be heard of."""
        for _ in range(steps):
            self.sandbox.advance(seconds / steps)
            await asyncio.sleep(0.02)

    def expected(self, since_s: int, timeframe: str = "1h") -> Candles:
        """The exchange's own bars that are over."""
        return self.sandbox.exchange.markets["BTC/USD"].replayed.between(since_s, self.now_s)

    def fills(self, order: Order) -> list[Filled]:
        return [e for e in self.reports if isinstance(e, Filled) and e.order_id == order.order_id]

    def ended(self, order: Order) -> list[Ended]:
        return [e for e in self.reports if isinstance(e, Ended) and e.order_id == order.order_id]


@asynccontextmanager
async def stage(market: MarketSettings = QUICK_MARKET, **settings: Any) -> AsyncIterator[Stage]:
    """A sandbox whose clock moves by hand, a market started and a broker not yet."""
    chosen = {"candles": [demo_candles()[:1_500]], "speed": MANUAL, "limits": UNLIMITED} | settings
    async with serve(SandboxSettings(**chosen)) as sandbox:
        address = Address(sandbox.url, sandbox.ws_url, sandbox.auth_ws_url)
        watched = KrakenMarket("sandbox", address, settings=market)
        rest = Rest(
            sandbox.url,
            Keys(sandbox.key, sandbox.secret),
            settings=RestSettings(allowance=Allowance(1_000, 100), back_off_s=0.02, tries=3, timeout_s=1),
        )
        reports: list[OrderEvent] = []
        broker = broker_on(rest, sandbox, watched, reports)
        made = Stage(sandbox, watched, broker, reports=reports)
        watched.listen(made.events.append)
        await watched.start()
        try:
            yield made
        finally:
            await broker.close()
            await watched.close()


def broker_on(rest: Rest, sandbox: Sandbox, market: KrakenMarket, reports: list[OrderEvent]) -> KrakenBroker:
    """A broker of the sandbox's account."""
    return KrakenBroker(
        rest,
        reports.append,
        rules=market.rules,
        now_s=lambda: sandbox.exchange.now_ns / 1e9,
        address=Address(sandbox.url, sandbox.ws_url, sandbox.auth_ws_url),
        settings=QUICK_BROKER,
    )


def an_order(
    side: Side = "buy",
    kind: Kind = "market",
    quantity: str = "0.01",
    price: str | None = None,
    leg: Leg = "entry",
) -> Order:
    """A new order."""
    at = None if price is None else Decimal(price)
    name = str(uuid.uuid4())
    return Order(name, "BTC/USD", 1_580_000_400, leg, 1, side, kind, Decimal(quantity), at, "signal")


def same_bars(told: Candles, expected: Candles) -> bool:
    """Whether they are the same to the last bit."""
    names = ("time_s", "open", "high", "low", "close", "volume", "trades")
    return all(np.array_equal(getattr(told, name), getattr(expected, name)) for name in names)
