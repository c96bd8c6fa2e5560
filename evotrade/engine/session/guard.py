"""Risk limits of a session: the rules of `engine.limits`, asked at ticks and closes instead of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evotrade.engine.execution import Limits
from evotrade.engine.fills import Reason
from evotrade.engine.limits import DAY_S, Protection, in_trading_hours, least_equity, protection_factors


@dataclass(slots=True)
class Memory:
    """What limits look back at. Equities in quote currency at closes, days counted from the epoch.

    `peak_price` is the highest price since the entry; `cool_from_s` the start of the bar in which a loss
    was closed, after which `cooling` bars forbid entries; `left_s` the start of the bar of the last exit.
    """

    peak_equity: float
    last_equity: float
    before_day: float
    equity_day: int = -1
    entry_day: int = -1
    entries_that_day: int = 0
    cooling: int = 0
    cool_from_s: int = 0
    left_s: int = -1
    peak_price: float = 0.0


class Guard:
    """Says when a position must be closed, when trading is over, and when no entry is allowed."""

    def __init__(self, limits: Limits, initial: float) -> None:
        self.limits = limits
        self.memory = Memory(initial, initial, initial)
        self._protection = Protection(limits)
        self._stop, self._trail, self._target = protection_factors(limits)

    def exit_at(self, entry: float, price: float) -> Reason | None:
        """The stop or target that a trade at `price` reaches: a tick is a bar whose four prices are one."""
        if not self.limits.acts_in_bar:
            return None
        found = self._protection.exit(entry, self.memory.peak_price, price, price, price)
        return found and found[1]

    def stop_level(self, entry: float) -> tuple[float, Reason] | None:
        """Price of the stop that holds now, stop-loss or trailing stop, and which it is; None for none."""
        stop, trail = entry * self._stop, self.memory.peak_price * self._trail
        if max(stop, trail) <= 0:
            return None
        return (stop, "stop_loss") if stop >= trail else (trail, "trailing_stop")

    def seen(self, price: float) -> None:
        """A price while a position is held; it counts for later prices only."""
        self.memory.peak_price = max(self.memory.peak_price, price)

    def strike(self, equity: float, start_s: int) -> Reason | None:
        """The limit that the mark at the close of the bar of `start_s` reaches, as `limits.first_strike`."""
        memory, limits = self.memory, self.limits
        day = start_s // DAY_S
        if day != memory.equity_day:
            memory.equity_day, memory.before_day = day, memory.last_equity
        memory.last_equity = equity
        memory.peak_equity = max(memory.peak_equity, equity)
        drawdown, daily = limits.max_drawdown_pct, limits.max_daily_loss_pct
        if drawdown and equity <= least_equity(memory.peak_equity, drawdown):
            return "max_drawdown"
        if daily and equity <= least_equity(memory.before_day, daily):
            return "daily_loss"
        return None

    def forgive(self, equity: float) -> None:
        """Count drawdown and daily loss from here on: a person let the session go on."""
        memory = self.memory
        memory.peak_equity = memory.last_equity = memory.before_day = equity

    def closed(self, start_s: int) -> bool:
        """Whether the decision at the close of this bar falls into a cool-down; counts the bar."""
        memory = self.memory
        if not memory.cooling or start_s < memory.cool_from_s:
            return False
        memory.cooling -= 1
        return True

    def allows_entry(self, at_s: float, decided_s: int) -> bool:
        """Whether hours, days and the last exit allow an entry now, decided by the bar of `decided_s`."""
        memory, limits = self.memory, self.limits
        hours, a_day = limits.trading_hours, limits.max_trades_per_day
        if decided_s < memory.left_s:  # the signal came before the exit, and was one to hold
            return False
        if a_day and memory.entry_day == at_s // DAY_S and memory.entries_that_day >= a_day:
            return False
        return hours is None or bool(in_trading_hours(np.array([int(at_s)]), hours)[0])

    def entered(self, at_s: float, price: float) -> None:
        """A position was opened at `price`."""
        memory, day = self.memory, int(at_s // DAY_S)
        if day != memory.entry_day:
            memory.entry_day, memory.entries_that_day = day, 0
        memory.entries_that_day += 1
        memory.peak_price = price

    def left(self, bar_start_s: int, lost: bool) -> None:
        """The position was closed in the bar of `bar_start_s`, at a loss or not."""
        memory = self.memory
        memory.left_s = bar_start_s
        if lost and self.limits.cool_down_bars:
            memory.cooling, memory.cool_from_s = self.limits.cool_down_bars, bar_start_s

    def to_dict(self) -> dict[str, Any]:
        """What it remembers, as JSON keeps it."""
        return asdict(self.memory)

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Remember what `to_dict` described."""
        self.memory = Memory(**kept)
