"""How much may be asked of the exchange: counters that decay, and who goes first when they are full."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Tier = Literal["starter", "intermediate", "pro"]
Monotonic = Callable[[], float]
"""Seconds of a clock that never goes back."""


class Priority(IntEnum):
    """Who goes first: getting out before looking, looking before getting in."""

    EXIT = 0
    QUERY = 1
    ENTRY = 2


@dataclass(frozen=True, slots=True)
class Allowance:
    """A counter that holds `limit` and sheds `decay_per_s`."""

    limit: float
    decay_per_s: float


REST: dict[Tier, Allowance] = {
    "starter": Allowance(15, 0.33),
    "intermediate": Allowance(20, 0.5),
    "pro": Allowance(20, 1.0),
}
ORDERS: dict[Tier, Allowance] = {
    "starter": Allowance(60, 1.0),
    "intermediate": Allowance(125, 2.34),
    "pro": Allowance(180, 3.75),
}
"""Kraken's counters of a key (REST) and of a pair (orders), by verification tier."""

# What a lower priority leaves untouched for those above it, as a part of the limit.
_RESERVED = {Priority.EXIT: 0.0, Priority.QUERY: 0.2, Priority.ENTRY: 0.4}
_CANCEL_COSTS = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))  # younger than seconds, costs


def cancel_cost(age_s: float) -> int:
    """What cancelling an order of this age adds to its pair's counter."""
    return next((cost for younger_s, cost in _CANCEL_COSTS if age_s < younger_s), 0)


class Budget:
    """One counter, as the exchange keeps it. Without I/O: times are arguments, seconds."""

    def __init__(self, allowance: Allowance) -> None:
        self.allowance = allowance
        self._level = 0.0
        self._at_s = 0.0

    def level(self, now_s: float) -> float:
        """The counter now."""
        return max(0.0, self._level - (now_s - self._at_s) * self.allowance.decay_per_s)

    def wait_s(self, now_s: float, cost: float, priority: Priority) -> float:
        """Seconds until that much may be spent, 0 for at once."""
        room = self.allowance.limit * (1 - _RESERVED[priority])
        over = self.level(now_s) + min(cost, room) - room
        return max(0.0, over / self.allowance.decay_per_s)

    def spend(self, now_s: float, cost: float) -> None:
        """Count a call."""
        self._level, self._at_s = self.level(now_s) + cost, now_s

    def exhaust(self, now_s: float) -> None:
        """The exchange says that the counter is full, whatever was counted here."""
        self._level, self._at_s = max(self.level(now_s), self.allowance.limit), now_s


class Queue:
    """A lock whose waiters enter by priority, and among equals by arrival."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[None]:
        """Hold the lock for the length of a `with`."""
        await self._enter(priority)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, priority: Priority) -> None:
        if not self._held:
            self._held = True
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._arrivals), mine))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # the lock was handed over in the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            _, _, following = heapq.heappop(self._waiting)
            if not following.done():
                following.set_result(None)
                return
        self._held = False


class Gate:
    """Lets calls through as a budget allows: waits rather than exceeds, the urgent first."""

    def __init__(self, allowance: Allowance, monotonic: Monotonic) -> None:
        self.budget = Budget(allowance)
        self._monotonic = monotonic
        self._waiters: list[tuple[int, int]] = []
        self._arrivals = itertools.count()

    async def spend(self, cost: float, priority: Priority) -> float:
        """Wait for room, take it, and say how many seconds that took."""
        began_s = self._monotonic()
        mine = (int(priority), next(self._arrivals))
        heapq.heappush(self._waiters, mine)
        try:
            while (pause_s := self._pause_s(mine, cost, priority)) > 0:
                await asyncio.sleep(pause_s)
            self.budget.spend(self._monotonic(), cost)
        finally:
            self._waiters.remove(mine)
            heapq.heapify(self._waiters)
        return self._monotonic() - began_s

    def count(self, cost: float) -> None:
        """Take it without waiting; a counter that is full stays full."""
        now_s = self._monotonic()
        free = self.budget.allowance.limit - self.budget.level(now_s)
        self.budget.spend(now_s, max(0.0, min(cost, free)))

    def exhaust(self) -> None:
        """The exchange says that the counter is full."""
        self.budget.exhaust(self._monotonic())

    def _pause_s(self, mine: tuple[int, int], cost: float, priority: Priority) -> float:
        wait_s = self.budget.wait_s(self._monotonic(), cost, priority)
        if wait_s <= 0 and self._waiters[0] != mine:
            return 0.01  # somebody more urgent waits for room: let them have it first
        return wait_s
