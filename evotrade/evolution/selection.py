"""Selection: who may have offspring, and who stays.

Enough trades come before fitness (Deb, "An efficient constraint handling method for genetic algorithms",
2000: a feasible solution beats an infeasible one), fitness before size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evotrade.genome import Genome

_SMALLER_WINS = 0.7  # Luke and Panait 2002 found 0.7 (D = 1.4) a good pressure for their double tournament


@dataclass(frozen=True, slots=True)
class Member:
    """A living cell in the population, as selection sees it."""

    cell_id: int
    genome: Genome
    fitness: float
    trades: int
    fingerprint: str

    def numbered(self, ids: Mapping[int, int]) -> Member:
        """The member with the store's number in the place of its placeholder, where `ids` has one."""
        return replace(self, cell_id=ids[self.cell_id]) if self.cell_id in ids else self

    def rank(self, min_trades: int) -> tuple[bool, float, int, bool, int]:
        """Sorts best first: enough trades, fitness, fewer nodes, older; -1, -2, … are newborn."""
        age = (self.cell_id < 0, abs(self.cell_id))
        return (self.trades < min_trades, -self.fitness, self.genome.size, *age)


def survivors(members: Iterable[Member], count: int, min_trades: int) -> list[Member]:
    """The best `count`, best first; of those that decide alike only the best ranked stays."""
    kept: dict[str, Member] = {}
    for member in sorted(members, key=lambda one: one.rank(min_trades)):
        kept.setdefault(member.fingerprint, member)
    return list(kept.values())[:count]


def double_tournament(ranked: Sequence[Member], size: int, rng: np.random.Generator) -> Member:
    """A parent: two tournaments for rank, then the smaller of the two winners with probability 0.7.

    `ranked` is best first. Luke and Panait, "Fighting Bloat With Nonparametric Parsimony Pressure", 2002.
    """
    # both in one call, since a call costs more than its draws
    places: list[list[int]] = rng.integers(len(ranked), size=(2, size)).tolist()
    first, second = (ranked[min(drawn)] for drawn in places)
    smaller, larger = sorted((first, second), key=lambda one: one.genome.size)
    return smaller if rng.random() < _SMALLER_WINS else larger
