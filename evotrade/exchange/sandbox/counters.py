"""Kraken's call counters: each call adds to one, time takes away, and above the limit calls are refused."""

from __future__ import annotations

from dataclasses import dataclass

from evotrade.exchange.sandbox.orders import Refused


@dataclass(frozen=True)
class Limits:
    """Heights and decays of the counters; the defaults are those of Kraken's tier Intermediate."""

    rest: float = 20.0
    rest_decay_per_s: float = 0.5
    orders: float = 125.0
    orders_decay_per_s: float = 2.34


UNLIMITED = Limits(rest=float("inf"), orders=float("inf"))
"""For tests that are about something else."""

# Kraken's table for cancels: the younger the order, the more its cancel costs.
_CANCEL_COSTS = ((5.0, 8.0), (10.0, 6.0), (15.0, 5.0), (45.0, 4.0), (90.0, 2.0), (300.0, 1.0))


class Counter:
    """One counter; times are seconds of any clock that does not go back."""

    def __init__(self, limit: float, decay_per_s: float) -> None:
        self._limit, self._decay_per_s = limit, decay_per_s
        self._count, self._at_s = 0.0, 0.0

    def count(self, now_s: float) -> float:
        """How high it stands."""
        return max(0.0, self._count - self._decay_per_s * max(0.0, now_s - self._at_s))

    def spend(self, cost: float, now_s: float, refusal: str) -> None:
        """Add a call's cost, or refuse the call."""
        count = self.count(now_s)
        self._at_s = now_s
        self._count = count
        if count + cost > self._limit:
            raise Refused(refusal)
        self._count = count + cost


class Counters:
    """The REST counter of each key, and the order counter of each pair."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rest: dict[str, Counter] = {}
        self._orders: dict[str, Counter] = {}
        self._placed_s: dict[str, float] = {}

    def call(self, key: str, cost: float, now_s: float) -> None:
        """Count a private REST call. `Refused` above the limit."""
        limits = self._limits
        counter = self._rest.setdefault(key, Counter(limits.rest, limits.rest_decay_per_s))
        counter.spend(cost, now_s, "EAPI:Rate limit exceeded")

    def order(self, pair: str, now_s: float) -> None:
        """Count a new order. `Refused` above the limit."""
        self._pair(pair).spend(1.0, now_s, "EOrder:Rate limit exceeded")

    def placed(self, order_id: str, now_s: float) -> None:
        """Note when an order was placed, since its age decides what its cancel costs."""
        self._placed_s[order_id] = now_s

    def cancel(self, pair: str, order_id: str, now_s: float) -> None:
        """Count a cancel. Kraken never refuses one for the counter, but orders after it."""
        age_s = now_s - self._placed_s.get(order_id, now_s)
        cost = next((cost for below_s, cost in _CANCEL_COSTS if age_s < below_s), 0.0)
        counter = self._pair(pair)
        free = self._limits.orders - counter.count(now_s)
        counter.spend(min(cost, free), now_s, "EOrder:Rate limit exceeded")

    def _pair(self, pair: str) -> Counter:
        limits = self._limits
        return self._orders.setdefault(pair, Counter(limits.orders, limits.orders_decay_per_s))
