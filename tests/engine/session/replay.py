"""Candles replayed through a session on paper: four ticks a bar, at its open, low, high and close."""

import asyncio
import json
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from evotrade.engine.execution import Execution, Instrument
from evotrade.engine.session.core import Session
from evotrade.engine.session.effects import BarDecided, Cancel, Executed, Place, StatusChanged
from evotrade.engine.session.events import BarClosed, Started, Tick
from evotrade.engine.session.plan import Plan
from evotrade.exchange.paper import PaperBroker
from evotrade.exchange.protocols import PairRules, Quote
from evotrade.market.candles import Candles

KEY = "5a3b7c1e-0d0f-4c3e-9a53-6f6b0a3d1c42"
RULES = PairRules("BTC/USD", "BTC", "USD", "online", Decimal("0.1"), 1, 8, Decimal("0.00005"), Decimal("0.5"))
INSTRUMENT = Instrument(tick_size=0.1, lot_decimals=8, order_min=0.00005, cost_min=0.5)
PRICES = ("open", "low", "high", "close")


def plan(genome="IF DELTA > 0 THEN BUY ELSE SELL", execution=None, **changed):
    terms = execution or Execution(instrument=INSTRUMENT)
    given = {"pair": "BTC/USD", "timeframe": "1h", "started_at_s": 0.0, "cell_id": 7, "session_id": 1}
    money = Decimal(str(terms.initial))
    return Plan(**{**given, "key": KEY, "genome": genome, "allocation": money, "execution": terms, **changed})


@dataclass
class Desk:
    """The least that carries out what a session wants: a paper broker, and a record of what happened."""

    plan: Plan
    latency_s: float = 0.0
    session: Session = None
    broker: PaperBroker = None
    told: list = field(default_factory=list)
    waiting: list = field(default_factory=list)

    def __post_init__(self):
        self.session = Session(self.plan)
        self.broker = self._broker()
        self.feed(Started(self.plan.started_at_s))

    def _broker(self):
        how = {"cash": self.plan.allocation, "latency_s": self.latency_s}
        return PaperBroker(RULES, self.plan.execution, self.waiting.append, **how)

    def feed(self, event):
        self.waiting.append(event)
        while self.waiting:
            for effect in self.session.feed(self.waiting.pop(0)):
                self.told.append(effect)
                if isinstance(effect, Place):
                    asyncio.run(self.broker.place(effect.order))
                elif isinstance(effect, Cancel):
                    asyncio.run(self.broker.cancel(effect.order_id))

    def tick(self, at_s, price, size=0.0):
        self.broker.on_quote(Quote("BTC/USD", at_s, price, price, price, size, size))
        self.feed(Tick(at_s, price, price, price))

    def restart(self):
        kept = json.loads(json.dumps([self.session.snapshot(), self.broker.snapshot()]))
        self.session = Session.restore(self.plan, kept[0])
        self.broker = self._broker()
        self.broker.restore(kept[1])

    def all(self, kind):
        return [effect for effect in self.told if isinstance(effect, kind)]

    @property
    def trades(self):
        """Entry and exit time, prices, quantity, fees and reason of every round trip."""
        fills = self.all(Executed)
        return [
            (a.at_s, b.at_s, a.price, b.price, b.quantity, a.fee + b.fee, b.order.reason)
            for a, b in zip(fills[::2], fills[1::2], strict=False)
        ]

    @property
    def decisions(self):
        return [bar.decision for bar in self.all(BarDecided)]

    @property
    def states(self):
        return [change.after for change in self.all(StatusChanged)]


def detail_of(candles):
    """The ticks of `ticks_of` as bars of 15 minutes, each of one price: what a backtest sees of them."""
    price = np.stack([getattr(candles, name) for name in PRICES], axis=1).ravel()
    time_s = (candles.time_s[:, None] + np.arange(4) * 900).ravel()
    zeros = np.zeros(len(price))
    return Candles(time_s, price, price, price, price, zeros, zeros, "15m")


def replay(desk, candles, decide, restart_every=0):
    """Feed the bars, `decide(bar)` deciding at each close; the next bar's open tick is at that moment."""
    for bar in range(len(candles)):
        start = int(candles.time_s[bar])
        for number, name in enumerate(PRICES):
            desk.tick(start + 900.0 * number, float(getattr(candles, name)[bar]))
        end = start + 3600
        desk.feed(BarClosed(float(end), start, end, float(candles.close[bar]), decide(bar)))
        if restart_every and bar % restart_every == 0:
            desk.restart()
    return desk
