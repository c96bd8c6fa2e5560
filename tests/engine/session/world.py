"""An exchange that keeps its promises and is otherwise as unkind as it may be, driven by drawn numbers.

An order that it has fills at its limit or better, in parts, after a cancel was asked, or never; an answer may
be lost, which leaves the order there or not; fills and ends are told twice or late.
"""

import json
from decimal import Decimal

from evotrade.engine.session import events
from evotrade.engine.session.core import Session
from evotrade.engine.session.effects import Cancel, Executed, Marked, Place
from evotrade.engine.session.orders import CLOSED
from evotrade.errors import SessionError

FEE = Decimal("0.004")
LOT = Decimal("1e-8")


class Resting:
    """An order at the exchange; `there` is False when it never arrived."""

    def __init__(self, order):
        self.order, self.state, self.there = order, "sent", True
        self.rest, self.cancelling, self.fills = order.quantity, False, []


class World:
    """A session, the exchange's own record of its orders, and every effect so far."""

    def __init__(self, plan, restore_every=0):
        self.plan, self.session = plan, Session(plan)
        self.price, self.at_s, self.bar = 100.0, 0.0, 0
        self.orders, self.told, self.fed = {}, [], 0
        self.restore_every = restore_every

    def feed(self, event):
        """Feed an event, from a restored snapshot now and then; carry out what comes of it."""
        self.fed += 1
        if self.restore_every and self.fed % self.restore_every == 0:
            kept = json.loads(json.dumps(self.session.snapshot()))
            self.session = Session.restore(self.plan, kept)
        try:
            effects = self.session.feed(event)
        except SessionError:
            effects = []
        for effect in effects:
            self._carry_out(effect)
        self.told += effects

    def _carry_out(self, effect):
        if isinstance(effect, Place):
            order = effect.order
            busy = [one.order.leg for one in self.orders.values() if one.state not in CLOSED]
            assert order.order_id not in self.orders, "an id is used once"
            assert order.leg not in busy, f"another {order.leg} is open"
            assert order.side == "buy" or "entry" not in busy
            assert not ({"exit", "stop"} & {order.leg} and {"exit", "stop"} & set(busy)), "sold twice"
            assert "unknown" not in [one.state for one in self.orders.values()]
            self.orders[order.order_id] = Resting(order)
        elif isinstance(effect, Cancel):
            self.orders[effect.order_id].cancelling = True

    def step(self, name, number):
        """One thing happens: `name` says what, `number` in [0, 1) how."""
        self.at_s += 300 * number**3  # often soon, sometimes late
        getattr(self, name)(number)

    def tick(self, number):
        self.price = round(self.price * (0.97 + 0.06 * number), 1)
        self.feed(events.Tick(self.at_s, self.price, self.price, self.price))

    def bar_closed(self, number):
        start = self.bar
        self.bar += 3600
        self.at_s = max(self.at_s, float(self.bar))
        decision, may_act = int(number * 3) - 1, int(number * 30) % 5 != 0
        close = (self.at_s, start, self.bar, self.price, decision, may_act)
        self.feed(events.BarClosed(*close))

    def feed_lost(self, number):
        kind = events.FeedLost(self.at_s, "silent") if number < 0.5 else events.FeedBack(self.at_s)
        self.feed(kind)

    def person(self, number):
        asked = [events.HaltAsked, events.ResumeAsked, events.ResumeAsked][int(number * 3)]
        self.feed(asked(self.at_s, "a person"))

    def clock(self, number):
        self.feed(events.Clock(self.at_s))

    def exchange(self, number):
        """An order, drawn, goes a step on."""
        alive = [one for one in self.orders.values() if one.state not in CLOSED]
        if alive:
            one = alive[int(number * len(alive)) % len(alive)]
            getattr(self, f"_{one.state}")(one, number * 97 % 1)

    def _sent(self, one, number):
        if number < 0.6:
            self._accept(one)
        elif number < 0.75:
            self._end(one, "refused")
        else:
            one.state, one.there = "unknown", number < 0.9
            self.feed(events.Unknown(self.at_s, one.order.order_id, "no answer"))

    def _unknown(self, one, number):
        if one.there:
            if number < 0.5:  # found with a fill before anything else
                self._fill(one, one.rest * Decimal("0.5"))
            self._accept(one)
        else:
            self._end(one, "refused")

    def _open(self, one, number):
        if number < 0.35:
            self._fill(one, one.rest * Decimal(repr(number)))
        elif number < 0.75 and not (one.cancelling and number > 0.5):
            self._fill(one, one.rest)
            self._end(one, "filled")
        elif one.cancelling:
            self._end(one, "cancelled")
        elif number > 0.97:
            self._end(one, "expired")

    def _accept(self, one):
        one.state = "open"
        self.feed(events.Accepted(self.at_s, one.order.order_id, f"X{len(self.orders)}"))

    def _end(self, one, status):
        one.state = status
        told = events.Ended(self.at_s, one.order.order_id, status, "")
        self.feed(told)
        self.feed(told)

    def _fill(self, one, quantity):
        quantity = quantity.quantize(LOT)
        if not 0 < quantity <= one.rest:
            return
        order, price = one.order, Decimal(repr(self.price))
        if order.side == "buy" and order.price is not None:
            price = min(price, order.price)
        one.rest -= quantity
        name = f"{order.order_id[:8]}-{len(one.fills)}"
        fee = quantity * price * FEE
        one.fills.append((order.side, quantity, price, fee))
        told = events.Filled(self.at_s, order.order_id, name, quantity, price, fee)
        self.feed(told)
        self.feed(told)

    @property
    def record(self):
        """Cash and position by the exchange's own record."""
        cash, position = self.plan.allocation, Decimal(0)
        for side, quantity, price, fee in (fill for one in self.orders.values() for fill in one.fills):
            sign = 1 if side == "buy" else -1
            cash, position = cash - sign * quantity * price - fee, position + sign * quantity
        return cash, position

    def check(self):
        """What holds after every event."""
        book = self.session.book
        assert (book.cash, book.position) == self.record
        assert book.cash >= 0
        assert book.position >= 0
        assert (book.cost > 0) == (book.position > 0)
        fills = [effect for effect in self.told if isinstance(effect, Executed)]
        assert sum((fill.pnl or Decimal(0) for fill in fills), Decimal(0)) == book.realized
        assert abs(self.plan.allocation + book.realized - book.cash - book.cost) < Decimal("1e-18")
        marks = [effect for effect in self.told[-1:] if isinstance(effect, Marked)]
        worth = book.cash + book.position * Decimal(repr(self.price)) - self.plan.allocation
        assert all(mark.pnl == worth for mark in marks)

    def settle(self):
        """A kind exchange and a moving market, until the session has nothing more to do."""
        for _ in range(200):
            if self.session.status == "stopped":
                return
            self.at_s += 70
            for one in [one for one in self.orders.values() if one.state not in CLOSED]:
                self._finish(one)
            self.feed(events.Tick(self.at_s, self.price, self.price, self.price))

    def _finish(self, one):
        if one.state in ("sent", "unknown"):
            self._accept(one) if one.there else self._end(one, "refused")
        elif one.cancelling:
            self._end(one, "cancelled")
        elif one.order.kind == "market":
            self._fill(one, one.rest)
            self._end(one, "filled")
