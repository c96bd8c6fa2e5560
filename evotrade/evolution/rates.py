"""Operator rates that follow what each operator paid, and the temperature that follows stagnation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_LEAST_SHARE = 0.3  # spread evenly, so that an operator that paid nothing so far can still be found useful
_MEMORY = 0.8  # weight of the past in the running pay-off
_HOT_AFTER = 10  # generations without a better cell

Best = tuple[bool, float]
"""The best cell as selection ranks it: whether it has enough trades, and its fitness."""


@dataclass(slots=True)
class Rates:
    """Running pay-off of each operator, and for how many generations the search has stagnated.

    Probability matching as in Thierens, "An adaptive pursuit strategy for allocating operator
    probabilities", 2005, equation 2, with the share of offspring that entered the population as reward.
    """

    payoff: dict[str, float]
    stagnant: int = 0
    best: Best | None = None
    shares: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        total = sum(self.payoff.values())
        even = 1 / len(self.payoff)
        self.shares = {
            name: _LEAST_SHARE * even + (1 - _LEAST_SHARE) * (paid / total if total else even)
            for name, paid in self.payoff.items()
        }

    @property
    def temperature(self) -> float:
        """0 (cold) right after an improvement, rising to 1 (hot) as the search stagnates."""
        return min(1.0, self.stagnant / _HOT_AFTER)

    @classmethod
    def even(cls, operators: Iterable[str]) -> Rates:
        """All operators alike, cold."""
        return cls(dict.fromkeys(operators, 1.0))

    def after(self, entered: Mapping[str, tuple[int, int]], best: Best | None) -> Rates:
        """The rates after a generation: `entered` gives (entered the population, tried) by operator.

        The search stagnates as long as `best` does not improve.
        """
        payoff = {
            name: _MEMORY * paid + (1 - _MEMORY) * entered[name][0] / entered[name][1]
            if name in entered
            else paid
            for name, paid in self.payoff.items()
        }
        improved = best is not None and (self.best is None or best > self.best)
        return Rates(payoff, 0 if improved else self.stagnant + 1, best if improved else self.best)

    def to_dict(self) -> dict[str, Any]:
        """The rates as a checkpoint keeps them."""
        return {"payoff": self.payoff, "stagnant": self.stagnant, "best": self.best}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Rates:
        """The rates that `to_dict` described."""
        best = saved["best"]
        return cls(dict(saved["payoff"]), saved["stagnant"], None if best is None else tuple(best))
