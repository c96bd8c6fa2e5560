"""Operator rates that follow what each operator paid, and the temperature that follows stagnation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from evotrade.evolution.proposals import BY_MODEL

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
    `model_payoff` is that of a language model, whose every answer counts as tried, since every one is paid.
    """

    payoff: dict[str, float]
    stagnant: int = 0
    best: Best | None = None
    model_payoff: float = 1.0
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

    @property
    def model_share(self) -> float:
        """Part of what a language model may have that it gets, 0.3 to 1; all of it where it pays its way.

        It follows the pay-off as an operator's share follows: all at the mean of the operators, less below.
        """
        mean = fmean(self.payoff.values())
        relative = self.model_payoff / mean if mean else 1.0
        return min(1.0, _LEAST_SHARE + (1 - _LEAST_SHARE) * relative)

    @classmethod
    def even(cls, operators: Iterable[str]) -> Rates:
        """All operators alike, cold."""
        return cls(dict.fromkeys(operators, 1.0))

    def after(self, entered: Mapping[str, tuple[int, int]], best: Best | None) -> Rates:
        """The rates after a generation: `entered` gives (entered the population, tried) by operator.

        What a language model wrote is under `BY_MODEL`, and tried are all of its answers.

        The search stagnates as long as `best` does not improve.
        """
        payoff = {name: _moved(paid, entered.get(name)) for name, paid in self.payoff.items()}
        model_payoff = _moved(self.model_payoff, entered.get(BY_MODEL))
        improved = best is not None and (self.best is None or best > self.best)
        stagnant = 0 if improved else self.stagnant + 1
        return Rates(payoff, stagnant, best if improved else self.best, model_payoff)

    def to_dict(self) -> dict[str, Any]:
        """The rates as a checkpoint keeps them."""
        return {
            "payoff": self.payoff,
            "stagnant": self.stagnant,
            "best": self.best,
            "model_payoff": self.model_payoff,
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Rates:
        """The rates that `to_dict` described."""
        best = saved["best"]
        return cls(
            dict(saved["payoff"]),
            saved["stagnant"],
            None if best is None else tuple(best),
            saved.get("model_payoff", 1.0),  # a checkpoint of before there were models has none
        )


def _moved(payoff: float, entered: tuple[int, int] | None) -> float:
    """The running pay-off after a generation; as it was where nothing was tried."""
    return payoff if entered is None else _MEMORY * payoff + (1 - _MEMORY) * entered[0] / entered[1]
