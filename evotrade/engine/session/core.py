"""A live session as a value that moves: events in, effects out, and nothing else.

What happens at one event happens in this order: the event is taken in (a fill booked, a state changed, a
signal of a closed bar kept for the next tick, stops judged), then orders are sent or cancelled as what is
wanted now needs it. At a tick a limit that struck at the last close sells first, then the signal acts, then
stops and targets are judged: the order of a backtest's bar.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evotrade.engine.session.book import Book, Trade
from evotrade.engine.session.effects import Effect, Marked, StatusChanged
from evotrade.engine.session.events import (
    Accepted,
    BarClosed,
    Clock,
    Ended,
    Event,
    Failed,
    FeedBack,
    FeedLost,
    Filled,
    HaltAsked,
    ResumeAsked,
    Started,
    StopAsked,
    Tick,
    Unknown,
)
from evotrade.engine.session.intents import Signal, Told, plain
from evotrade.engine.session.orders import Order
from evotrade.engine.session.plan import Plan
from evotrade.engine.session.signals import Signals
from evotrade.engine.session.states import Status, check_transition
from evotrade.engine.session.trader import Trader
from evotrade.errors import SessionError

_VERSION = 1
_PROTECTED: frozenset[Status] = frozenset({"running", "degraded", "halted"})
_JUDGED: frozenset[Status] = frozenset({"running", "degraded"})
_IDLE: frozenset[Status] = frozenset({"initializing", "stopped", "error"})


class Session:
    """One session from its start to its end.

    After a restart, feed `FeedLost`, cancel what is `cancelling` once more, feed what the exchange says of
    `open_orders`, the bars missed, `FeedBack`.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.status: Status = "initializing"
        self.reason = ""
        self.last_bar_s: int | None = None
        self._told = Told()
        self._trader = Trader(plan, self._told)
        self._signals = Signals(self._trader, self._told)
        self._feed_reason = ""
        self._flatten = False

    # What it is now

    @property
    def book(self) -> Book:
        """Its money and position, to be read."""
        return self._trader.book

    @property
    def trade(self) -> Trade | None:
        """Its newest trade, open or closed: after a fill, the one that the fill belongs to."""
        return self._trader.book.trade

    @property
    def last_tick(self) -> Tick | None:
        """The newest tick, None before the first."""
        return self._trader.tick

    @property
    def open_orders(self) -> list[Order]:
        """Orders that may still fill, those whose outcome is unknown among them: what to reconcile."""
        return [ticket.order for ticket in self._trader.tickets.open()]

    @property
    def cancelling(self) -> list[str]:
        """Ids of open orders that were to be cancelled; after a restart, nobody knows if that was sent."""
        return [ticket.order.order_id for ticket in self._trader.tickets.open() if ticket.cancelling]

    @property
    def missed_bars(self) -> int:
        """How many signals could have traded and did not."""
        return self._told.missed

    @property
    def refused_entries(self) -> int:
        """How many entries were below the exchange's minimum and did not happen."""
        return self._trader.refused_entries

    # Events

    def feed(self, event: Event) -> list[Effect]:
        """Take an event in; what is to be done and stored, in this order.

        Raises `SessionError` for a request that the state does not allow (to resume what is not halted, to
        stop what is stopped); then nothing has changed.
        """
        try:
            self._take(event)
        except _BrokenRecord as problem:
            self._become("error", event.at_s, str(problem))
        if self.status not in _IDLE:
            self._advance(event.at_s, ticked=isinstance(event, Tick))
        if isinstance(event, Tick) and self.status != "stopped":
            worth = self.book.worth(event.price) - self.plan.allocation
            self._told.add(Marked(event.at_s, event.price, worth, self.book.position))
        return self._told.take()

    def _take(self, event: Event) -> None:
        match event:
            case Tick():
                self._on_tick(event)
            case BarClosed():
                self._on_bar(event)
            case Accepted() | Filled() | Ended() | Unknown():
                self._on_order(event)
            case FeedLost() | FeedBack():
                self._on_feed(event)
            case Clock():
                pass
            case _:
                self._on_request(event)

    def _on_order(self, event: Accepted | Filled | Ended | Unknown) -> None:
        match event:
            case Accepted():
                self._trader.accepted(event)
            case Unknown():
                self._trader.lost(event)
            case Ended():
                self._trader.ended(event)
            case Filled():
                try:
                    self._trader.filled(event)
                except SessionError as problem:
                    raise _BrokenRecord(str(problem)) from None
                if self._trader.overdrawn and self.status in _JUDGED:
                    self._halt(event.at_s, self._trader.overdrawn)

    def _on_tick(self, tick: Tick) -> None:
        self._trader.tick = tick
        if self.status == "running":
            self._signals.act(tick.at_s)
        if self.status in _PROTECTED:
            self._trader.watch(tick)

    def _on_bar(self, bar: BarClosed) -> None:
        if self.status == "stopped" or (self.last_bar_s is not None and bar.start_s <= self.last_bar_s):
            return
        self.last_bar_s = bar.start_s
        self._signals.drop(bar.at_s, "it did not act before the next bar closed")
        self._trader.give_up_entry(bar.at_s, "not bought before the next bar closed")
        if self.status in _JUDGED:
            self._judge(bar)
        self._signals.close(bar, self.status, self.reason)

    def _judge(self, bar: BarClosed) -> None:
        book = self.book
        equity = float(book.cash) + float(book.position) * bar.close
        reason = self._trader.guard.strike(equity, bar.start_s)
        if reason:
            self._halt(bar.at_s, f"{reason} at the close of the bar, equity {equity:.2f}")
            self._trader.leave(reason, bar.start_s, due=False)

    def _on_feed(self, event: FeedLost | FeedBack) -> None:
        if isinstance(event, FeedLost):
            self._feed_reason = event.reason or "no prices"
            if self.status == "running":
                self._become("degraded", event.at_s, self._feed_reason)
            return
        self._feed_reason = ""
        self._signals.drop_old(event.at_s, "prices came back too late to act on it")
        if self.status == "degraded":
            self._become("running", event.at_s, "prices flow again")

    def _on_request(self, event: Event) -> None:
        match event:
            case Started() if self.status == "initializing":
                self._go_on(event.at_s, "started")
            case StopAsked():
                self._stop(event)
            case HaltAsked() if self.status not in ("halted", "stopped", "error"):
                self._halt(event.at_s, event.reason)
            case ResumeAsked():
                self._resume(event)
            case Failed() if self.status not in ("stopped", "error"):
                self._become("error", event.at_s, event.reason)

    def _go_on(self, at_s: float, reason: str) -> None:
        if self._feed_reason:
            self._become("degraded", at_s, self._feed_reason)
        else:
            self._become("running", at_s, reason)

    def _resume(self, event: ResumeAsked) -> None:
        if self.status != "halted":
            raise SessionError(f"a session that is {self.status} is not halted: there is nothing to resume")
        tick, entry = self._trader.tick, self.book.entry_price or 0
        self._trader.guard.forgive(float(self.book.worth(tick.price if tick else float(entry))))
        self._go_on(event.at_s, event.reason or "resumed")

    def _halt(self, at_s: float, reason: str) -> None:
        self._become("halted", at_s, reason)
        self._signals.drop(at_s, f"halted: {reason}")
        self._trader.give_up_entry(at_s, f"halted: {reason}")
        leaving = self._trader.exit
        if leaving is not None and leaving.reason in ("signal", "stop"):
            self._trader.exit = None

    def _stop(self, event: StopAsked) -> None:
        reason = event.reason or "asked to stop"
        if self.status in _IDLE and not self.open_orders and not self.book.position:
            self._become("stopped", event.at_s, reason)
            return
        if self.status != "stopping":
            self._become("stopping", event.at_s, reason)
        self._flatten = event.flatten
        self._signals.drop(event.at_s, "the session stops")
        self._trader.give_up_entry(event.at_s, "the session stops")
        if event.flatten:
            self._trader.leave("stop", self._trader.bar_of(event.at_s), due=True)
        else:
            self._trader.exit = None

    def _become(self, after: Status, at_s: float, reason: str) -> None:
        check_transition(self.status, after)
        self._told.add(StatusChanged(at_s, self.status, after, reason))
        self.status, self.reason = after, reason

    # Orders

    def _advance(self, at_s: float, *, ticked: bool) -> None:
        trader = self._trader
        if self.status == "stopping" and not self._flatten:
            trader.cancel_all()
        else:
            running, protected = self.status == "running", self.status in _PROTECTED
            trader.advance(at_s, may_enter=running, may_protect=protected, ticked=ticked)
        if self.status == "stopping" and not self.open_orders:
            self._finish(at_s)

    def _finish(self, at_s: float) -> None:
        """Stop, unless something that can be sold is still to be."""
        trader, position = self._trader, self.book.position
        if self._flatten and trader.holds and trader.can_sell:
            trader.leave("stop", trader.bar_of(at_s), due=False)
            return
        reason = self.reason
        if position:
            base = self.plan.pair.partition("/")[0]
            below = "" if not self._flatten else ", which is below the exchange's minimum"
            reason += f"; it keeps {position.normalize():f} {base}{below}"
        trader.exit = None
        self._become("stopped", at_s, reason)

    # Memory

    def snapshot(self) -> dict[str, Any]:
        """All that is needed to go on from here, as JSON keeps it."""
        return {
            "version": _VERSION,
            "status": self.status,
            "reason": self.reason,
            "last_bar_s": self.last_bar_s,
            "signal": plain(self._signals.waiting),
            "feed_reason": self._feed_reason,
            "flatten": self._flatten,
            "missed_bars": self._told.missed,
            "trader": self._trader.to_dict(),
        }

    @classmethod
    def restore(cls, plan: Plan, snapshot: Mapping[str, Any]) -> Session:
        """The session that `snapshot` described: it goes on as if nothing had happened.

        Raises `SessionError` for a snapshot of another version.
        """
        if snapshot.get("version") != _VERSION:
            raise SessionError(
                f"session {plan.session_id} has a snapshot of version {snapshot.get('version')}, not "
                f"{_VERSION}: start it with the evotrade that wrote it, and stop it there"
            )
        session = cls(plan)
        session.status, session.reason = snapshot["status"], snapshot["reason"]
        session.last_bar_s, session._feed_reason = snapshot["last_bar_s"], snapshot["feed_reason"]
        session._signals.waiting = snapshot["signal"] and Signal(**snapshot["signal"])
        session._flatten = snapshot["flatten"]
        session._told.missed = snapshot["missed_bars"]
        session._trader.restore(snapshot["trader"])
        return session


class _BrokenRecord(Exception):
    """What the exchange tells cannot be booked."""
