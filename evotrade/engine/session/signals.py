"""What the decisions of closed bars come to: a signal that acts at the next tick, or is missed, and why."""

from __future__ import annotations

from evotrade.engine.evaluator import BUY, SELL
from evotrade.engine.session.events import BarClosed
from evotrade.engine.session.intents import Signal, Told
from evotrade.engine.session.states import Status
from evotrade.engine.session.trader import Trader

_UNKNOWN = "the outcome of an order is not known"


class Signals:
    """Keeps the signal that waits for its tick, if there is one, and tells each bar with its decision."""

    def __init__(self, trader: Trader, told: Told) -> None:
        self.waiting: Signal | None = None
        self._trader, self._told = trader, told

    def close(self, bar: BarClosed, status: Status, reason: str) -> None:
        """Take in the decision of a bar, in a session of that status for that reason."""
        signal = Signal(bar.start_s, bar.end_s, bar.close, bar.decision)
        cooling = self._trader.guard.closed(bar.start_s)
        may_trade = self._could_trade(signal) and not (cooling and bar.decision == BUY)
        why = self._why_missed(bar, status, reason) if may_trade else ""
        self._told.decided(bar.at_s, signal, why)
        # a bar fed in a degraded state may act once the feed is back, if that is soon
        if may_trade and (not why or (status == "degraded" and bar.may_act)):
            self.waiting = signal

    def act(self, at_s: float) -> None:
        """Let the signal act at a tick at or after the end of its bar."""
        signal = self.waiting
        if signal is None or at_s < signal.end_s:
            return
        self.waiting = None
        trader = self._trader
        if not self._could_trade(signal):
            return
        if trader.tickets.unknown is not None or trader.exit is not None:
            self._told.decided(at_s, signal, self._in_the_way)
            return
        if signal.missed:  # told so when its bar closed, and it acts after all
            self._told.decided(at_s, signal, "")
        if signal.decision == BUY:
            trader.enter(signal)
        else:
            trader.leave("signal", signal.start_s, due=True)

    def drop(self, at_s: float, why: str) -> None:
        """It will not act any more."""
        signal, self.waiting = self.waiting, None
        if signal is not None and not signal.missed and self._could_trade(signal):
            self._told.decided(at_s, signal, why)

    def drop_old(self, at_s: float, why: str) -> None:
        """It will not act any more if too much of the time since its bar has passed."""
        if self.waiting is not None and at_s - self.waiting.end_s >= self._trader.plan.act_s:
            self.drop(at_s, why)

    def _could_trade(self, signal: Signal) -> bool:
        trader = self._trader
        if signal.decision == BUY:
            return (not trader.holds or trader.exit is not None) and not trader.is_entering
        return signal.decision == SELL and (trader.holds or trader.is_entering) and trader.exit is None

    def _why_missed(self, bar: BarClosed, status: Status, reason: str) -> str:
        if status != "running":
            return f"{status}: {reason}" if reason else status
        return self._in_the_way or ("" if bar.may_act else "it was fetched too late to act on")

    @property
    def _in_the_way(self) -> str:
        """The order that keeps a signal from acting, "" for none."""
        if self._trader.tickets.unknown is not None:
            return _UNKNOWN
        return "the position was still being sold" if self._trader.exit is not None else ""
