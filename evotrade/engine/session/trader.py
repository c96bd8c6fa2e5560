"""What a session is to hold, and the orders that bring it there, one after another.

A session has at most one entry and one exit under way. Before anything is sold, an open entry and a resting
stop are cancelled and the cancel confirmed; while the outcome of any order is unknown, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from evotrade.engine.session.book import Book
from evotrade.engine.session.effects import Cancel, Executed, OrderChanged, Place
from evotrade.engine.session.events import Accepted, Ended, Filled, Tick, Unknown
from evotrade.engine.session.guard import Guard
from evotrade.engine.session.intents import Entry, Exit, Signal, Told, plain, wait_s
from evotrade.engine.session.orders import Kind, Leg, Order, OrderStatus, Side
from evotrade.engine.session.plan import Plan
from evotrade.engine.session.resting import RestingStop
from evotrade.engine.session.sizing import Sizing
from evotrade.engine.session.tickets import Ticket, Tickets
from evotrade.errors import SessionError
from evotrade.market.candles import bar_start_s

_OVERDRAWN = Decimal("0.001")  # of the allocation: more than an exchange's rounding of fees can cost


class Trader:
    """Book, orders and limits of one session; what happens is told to `told`."""

    def __init__(self, plan: Plan, told: Told) -> None:
        self.plan = plan
        self.book = Book(plan.allocation)
        self.tickets = Tickets(plan.key)
        self.guard = Guard(plan.execution.limits, float(plan.allocation))
        self.sizing = Sizing(plan.execution)
        self.entry: Entry | None = None
        self.exit: Exit | None = None
        self.tick: Tick | None = None
        self.refused_entries = 0
        self.resting = RestingStop(plan.execution.limits.trailing_stop_pct)
        self._told = told

    @property
    def holds(self) -> bool:
        """Whether there is a position, of a size that can be sold."""
        return self.sizing.is_enough(self.book.position)

    @property
    def can_sell(self) -> bool:
        """Whether the exchange would take the sale of the position at the last price."""
        return self.sizing.is_sellable(self.book.position, self.tick.bid if self.tick else None)

    @property
    def is_entering(self) -> bool:
        """Whether an entry is under way."""
        return self.entry is not None or self.tickets.first_open("entry") is not None

    def bar_of(self, at_s: float) -> int:
        """Start of the bar in which a moment lies, Unix seconds."""
        return int(bar_start_s(int(at_s), self.plan.timeframe))

    # Wishes

    def enter(self, signal: Signal) -> None:
        """Buy from the next tick on; the position must be flat."""
        self.entry = Entry(signal)

    def leave(self, reason: str, bar_start_s: int, *, due: bool) -> None:
        """Sell all, now if `due`, else from the next tick on. An exit under way keeps its own reason."""
        if self.exit is None and (self.holds or self.is_entering):
            self.exit = Exit(reason, bar_start_s, due)

    def give_up_entry(self, at_s: float, why: str) -> None:
        """Buy no more: an order on its way is cancelled, and the signal is missed if nothing was bought."""
        entry = self.entry
        if entry is None:
            return
        ticket = self.tickets.first_open("entry")
        if ticket is None or not ticket.filled:
            self._told.decided(at_s, entry.signal, why)
        self.entry = None
        if ticket is not None:
            self._cancel(ticket)

    def watch(self, tick: Tick) -> None:
        """Judge stops and target at this tick, and remember its price for later ones."""
        entry = self.book.entry_price
        if entry is None or not self.holds:
            return
        reason = self.guard.exit_at(float(entry), tick.price) if self.exit is None else None
        if reason and not (reason != "take_profit" and self.tickets.first_open("stop")):
            self.leave(reason, self.bar_of(tick.at_s), due=True)
        self.guard.seen(tick.price)

    # What comes of it

    def advance(self, at_s: float, *, may_enter: bool, may_protect: bool, ticked: bool) -> None:
        """Send or cancel what the wishes need now."""
        if self.exit is not None and ticked:
            self.exit.due = True
        if self.tickets.unknown is not None:
            return
        if self.exit is not None:
            self._sell(self.exit, at_s)
            return
        self._mind_entry_order(at_s)
        if self.entry is not None and may_enter and ticked:
            self._buy(self.entry, at_s)
        if self.plan.stop_owner == "exchange" and may_protect:
            self._keep_stop(at_s)

    def cancel_all(self) -> None:
        """Cancel every order that the exchange has."""
        for ticket in self.tickets.open():
            self._cancel(ticket)

    def _mind_entry_order(self, at_s: float) -> None:
        """Cancel an entry that nobody waits for, or that did not fill in time."""
        ticket = self.tickets.first_open("entry")
        if ticket is not None and (self.entry is None or at_s - ticket.sent_at_s >= self.plan.patience_s):
            self._cancel(ticket)

    def _buy(self, entry: Entry, at_s: float) -> None:
        if self.tickets.first_open() is not None:
            return
        assert self.tick is not None  # it is called at ticks
        late = entry.until_s is not None and at_s > entry.until_s
        if late or entry.attempts >= self.plan.entry_attempts:
            self.give_up_entry(at_s, f"not bought in {entry.attempts} attempts: {entry.why}")
            return
        if at_s < entry.retry_at_s:
            return
        sized = self.sizing.entry(self.book.cash, self.tick.ask)
        if not self.guard.allows_entry(at_s, entry.signal.start_s) or sized is None:
            self.refused_entries += sized is None
            self.entry = None
            return
        entry.attempts += 1
        entry.until_s = entry.until_s or at_s + self.plan.act_s
        quantity, price = sized
        limit = price if self.plan.entry_kind == "limit" else None
        self._place("entry", entry.signal.start_s, self.plan.entry_kind, quantity, limit, "signal", at_s)

    def _sell(self, leaving: Exit, at_s: float) -> None:
        in_the_way = [ticket for ticket in self.tickets.open() if ticket.order.leg != "exit"]
        for ticket in in_the_way:
            self._cancel(ticket)
        if in_the_way or self.tickets.first_open("exit") is not None:
            return
        if not self.holds:
            self.exit = None
        elif leaving.due and at_s >= leaving.retry_at_s and self.can_sell:
            leaving.attempts += 1
            self._place("exit", leaving.bar_start_s, "market", self.book.position, None, leaving.reason, at_s)

    def _keep_stop(self, at_s: float) -> None:
        """See to it that a stop rests at the exchange, near enough to where it should be."""
        entry = self.book.entry_price
        busy = self.tickets.first_open("entry") or self.tickets.first_open("exit")
        if entry is None or not self.holds or busy is not None:
            return
        level = self.guard.stop_level(float(entry))
        if level is None:
            return
        trigger, resting = self.sizing.trigger(level[0]), self.tickets.first_open("stop")
        if resting is not None:
            if self.resting.is_behind(resting, trigger, at_s):
                self._cancel(resting)
        elif at_s >= self.resting.retry_at_s and self.can_sell:
            bar = self.bar_of(at_s)
            self._place("stop", bar, "stop-loss", self.book.position, trigger, level[1], at_s)

    def _place(
        self,
        leg: Leg,
        bar_start_s: int,
        kind: Kind,
        quantity: Decimal,
        price: Decimal | None,
        reason: str,
        at_s: float,
    ) -> None:
        name, attempt = self.tickets.name(bar_start_s, leg)
        side: Side = "buy" if leg == "entry" else "sell"
        order = Order(name, self.plan.pair, bar_start_s, leg, attempt, side, kind, quantity, price, reason)
        self.tickets.add(Ticket(order, at_s))
        self._told.add(Place(order))

    def _cancel(self, ticket: Ticket) -> None:
        """Cancel an order once; one that the exchange has not confirmed yet is cancelled when it has."""
        if ticket.status == "open" and not ticket.cancelling:
            ticket.cancelling = True
            self._told.add(Cancel(ticket.order.order_id))

    # What the exchange says

    def accepted(self, event: Accepted) -> None:
        """The exchange has it."""
        ticket = self.tickets.get(event.order_id)
        if ticket is None:
            return
        ticket.exchange_id = event.exchange_id
        if ticket.status in ("intended", "unknown"):
            self._change(ticket, event.at_s, "open", "")

    def lost(self, event: Unknown) -> None:
        """Nobody knows whether the exchange has it."""
        ticket = self.tickets.get(event.order_id)
        if ticket is not None and ticket.is_open and ticket.status != "unknown":
            ticket.cancelling = False  # whatever was asked of it may be lost with it
            self._change(ticket, event.at_s, "unknown", event.reason)

    def filled(self, event: Filled) -> None:
        """Book it, unless it is booked. `SessionError` for more than was ordered or is held."""
        ticket = self.tickets.get(event.order_id)
        if ticket is None or event.fill_id in ticket.fill_ids:
            return
        order, quantity = ticket.order, event.quantity
        held = self.book.position if order.side == "sell" else quantity
        if quantity > ticket.rest or quantity > held:
            raise SessionError(
                f"fill {event.fill_id} of {quantity:f} is more than order {order.order_id} can have left "
                f"({min(ticket.rest, held):f}): compare the session with the exchange's own record"
            )
        ticket.fill_ids.append(event.fill_id)
        ticket.filled += quantity
        if ticket.status in ("intended", "unknown"):
            self._change(ticket, event.at_s, "open", "")
        pnl = self._book(order, event, is_first=ticket.filled == quantity)
        money = (quantity, event.price, event.fee, pnl, self.book.cash, self.book.position)
        self._told.add(Executed(event.at_s, event.fill_id, order, *money))

    def _book(self, order: Order, event: Filled, *, is_first: bool) -> Decimal | None:
        book, held = self.book, self.holds
        what = (event.at_s, event.quantity, event.price, event.fee)
        if order.side == "buy":
            book.buy(*what)
            entry = float(book.entry_price or 0)
            if is_first:
                self.guard.entered(event.at_s, entry)
            self.guard.seen(entry)
            return None
        pnl = book.sell(*what, order.reason)
        if held and not self.holds:
            assert book.trade is not None  # one was just sold
            self.guard.left(self.bar_of(event.at_s), book.trade.pnl < 0)
        return pnl

    @property
    def overdrawn(self) -> str:
        """Why the session has spent more than it had, "" when it has not."""
        if self.book.cash >= -_OVERDRAWN * self.plan.allocation:
            return ""
        return f"fills cost {-self.book.cash.normalize():f} more than the session had"

    def ended(self, event: Ended) -> None:
        """It fills no more: what it was for is done, or is tried again later."""
        ticket = self.tickets.get(event.order_id)
        if ticket is None or not ticket.is_open:
            return
        self._change(ticket, event.at_s, event.status, event.reason)
        leg = ticket.order.leg
        if leg == "entry":
            self._entry_ended(ticket, event)
        elif leg == "exit" and self.exit is not None:
            self.exit.due = False
            self.exit.retry_at_s = event.at_s + (wait_s(self.exit.attempts) if not ticket.filled else 0.0)
        elif leg == "stop":
            self.resting.ended(ticket, event)

    def _entry_ended(self, ticket: Ticket, event: Ended) -> None:
        entry = self.entry
        if entry is None:
            return
        if ticket.filled:
            self.entry = None
            return
        entry.why = event.reason or event.status
        refused = event.status == "refused"
        entry.retry_at_s = event.at_s + (wait_s(entry.attempts) if refused else 0.0)

    def _change(self, ticket: Ticket, at_s: float, status: OrderStatus, reason: str) -> None:
        ticket.status = status
        self._told.add(OrderChanged(at_s, ticket.order, status, ticket.exchange_id, reason))

    # Memory

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON keeps it."""
        tick = self.tick
        return {
            "book": self.book.to_dict(),
            "orders": self.tickets.to_dict(),
            "guard": self.guard.to_dict(),
            "entry": plain(self.entry),
            "exit": plain(self.exit),
            "tick": tick and [tick.at_s, tick.price, tick.bid, tick.ask],
            "refused_entries": self.refused_entries,
            "resting": [self.resting.failures, self.resting.retry_at_s],
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Go on from what `to_dict` described."""
        self.book = Book.from_dict(kept["book"])
        self.tickets.restore(kept["orders"])
        self.guard.restore(kept["guard"])
        self.entry = kept["entry"] and Entry.from_dict(kept["entry"])
        self.exit = kept["exit"] and Exit(**kept["exit"])
        self.tick = kept["tick"] and Tick(*kept["tick"])
        self.refused_entries = kept["refused_entries"]
        self.resting.failures, self.resting.retry_at_s = kept["resting"]
