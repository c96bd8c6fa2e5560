"""The search, by ask and tell: it proposes genomes, and learns what became of them.

A generation's randomness comes from (seed, generation) alone and the rest from the checkpoint, so that a
search that was killed and restored goes on as if nothing had happened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evotrade.evolution.dish import Dish
from evotrade.evolution.proposals import BY_MODEL, Proposal, Wanted
from evotrade.evolution.rates import Rates
from evotrade.evolution.selection import Member, double_tournament, survivors
from evotrade.genome import OPERATORS, Genome, Palette, as_genome, crossover, mutate, random_genome
from evotrade.market.candles import Candles
from evotrade.timeframes import length_s

_FOUNDER, _FRESH, _CROSSOVER = "founder", "fresh", "crossover"
_MODEL_STREAM = 1
_TRIES = 20  # a crowded neighbourhood is left after so many genomes that were tried before


@dataclass(frozen=True, slots=True)
class Candidate:
    """A genome proposed for evaluation, the operator that made it, its parents (two after a crossover).

    `proposal` is what a language model said of it, where one wrote it.
    """

    genome: Genome
    operator: str
    parents: tuple[Member, ...] = ()
    proposal: Proposal | None = None

    @property
    def parent_fitness(self) -> float | None:
        """Fitness of the first parent; None for one without parents."""
        return self.parents[0].fitness if self.parents else None

    def numbered(self, ids: Mapping[int, int]) -> Candidate:
        """The candidate with the store's numbers in the place of its parents' placeholders."""
        return replace(self, parents=tuple(parent.numbered(ids) for parent in self.parents))


class Search:
    """A population in a dish. `members` are ranked best first; `seen` are ids of genomes already tried."""

    def __init__(
        self,
        dish: Dish,
        palette: Palette,
        *,
        members: Sequence[Member] = (),
        seen: Iterable[str] = (),
        rates: Rates | None = None,
    ) -> None:
        self.dish = dish
        self.palette = palette
        self.members = list(members)
        self.seen = set(seen)
        self.rates = rates or Rates.even(OPERATORS)

    @classmethod
    def restore(
        cls, dish: Dish, palette: Palette, checkpoint: Mapping[str, Any], seen: Iterable[str]
    ) -> Search:
        """The search as it was when `checkpoint` was made."""
        members = [
            Member(cell_id, as_genome(row["genome"]), row["fitness"], row["trades"], row["fingerprint"])
            for cell_id, row in zip(checkpoint["population"], checkpoint["members"], strict=True)
        ]
        return cls(dish, palette, members=members, seen=seen, rates=Rates.from_dict(checkpoint["rates"]))

    def checkpoint(self) -> dict[str, Any]:
        """All of the state but `seen`, which the ledger of trials holds."""
        return {
            "population": [member.cell_id for member in self.members],
            "members": [
                {
                    "genome": str(member.genome),
                    "fitness": member.fitness,
                    "trades": member.trades,
                    "fingerprint": member.fingerprint,
                }
                for member in self.members
            ],
            "rates": self.rates.to_dict(),
        }

    def wanted(self, generation: int) -> Wanted | None:
        """What to ask a language model for before `ask`; None where nothing, as of founders."""
        most = self.dish.most_by_model
        if not most or generation == 0 or not self.members:
            return None
        # a stream of its own, so that a model that fails leaves the draws of the operators as they are
        rng = np.random.default_rng([self.dish.seed, generation, _MODEL_STREAM])
        count = int(most * self.rates.model_share + rng.random())  # a fraction of one: by chance
        if not count:
            return None
        parents: dict[int, Member] = {}
        for _ in range(count * _TRIES):
            parent = double_tournament(self.members, self.dish.tournament, rng)
            parents.setdefault(parent.cell_id, parent)
            if len(parents) == count:
                break
        return Wanted(generation, tuple(parents.values()), tuple(self.members), frozenset(self.seen))

    def ask(self, generation: int, proposals: Iterable[Proposal] = ()) -> list[Candidate]:
        """A population's worth of genomes that this dish has not tried yet, those of `proposals` first."""
        rng = np.random.default_rng([self.dish.seed, generation])
        propose = self._founder if generation == 0 or not self.members else self._offspring
        fresh = _FOUNDER if generation == 0 else _FRESH
        brood = self._proposed(proposals)
        for _ in range(self.dish.population - len(brood)):
            candidate = next(
                (
                    one
                    for one in (propose(rng, fresh) for _ in range(_TRIES))
                    if one is not None and one.genome.id not in self.seen
                ),
                None,
            )
            if candidate is None:
                candidate = self._founder(rng, fresh)
                if candidate.genome.id in self.seen:
                    continue
            self.seen.add(candidate.genome.id)
            brood.append(candidate)
        return brood

    def tell(self, brood: Sequence[Candidate], newborn: Sequence[Member], answers: int = 0) -> None:
        """Let `newborn`, those of `brood` that were born alive, compete for a place in the population.

        `answers` counts what a language model wrote for the brood, be it of use or not.
        """
        ranked = survivors([*self.members, *newborn], self.dish.population, self.dish.min_trades)
        entered = {member.genome.id for member in ranked}
        tried = Counter(candidate.operator for candidate in brood)
        if answers:
            tried[BY_MODEL] = answers
        stayed = Counter(candidate.operator for candidate in brood if candidate.genome.id in entered)
        self.members = ranked
        best = (ranked[0].trades >= self.dish.min_trades, ranked[0].fitness) if ranked else None
        self.rates = self.rates.after({name: (stayed[name], count) for name, count in tried.items()}, best)

    def assign(self, ids: Mapping[int, int]) -> None:
        """Put the store's cell ids in the place of placeholders."""
        self.members = [member.numbered(ids) for member in self.members]

    @property
    def diversity(self) -> float:
        """Share of the population that has a genome shape of its own: genomes with the numbers taken out."""
        shapes = {shape(member.genome) for member in self.members}
        return len(shapes) / len(self.members) if self.members else 0.0

    def _proposed(self, proposals: Iterable[Proposal]) -> list[Candidate]:
        """Candidates of those proposals that are new, at most as many as the dish allows."""
        brood: list[Candidate] = []
        for one in proposals:
            if one.genome.id not in self.seen and len(brood) < self.dish.most_by_model:
                self.seen.add(one.genome.id)
                brood.append(Candidate(one.genome, BY_MODEL, (one.parent,), one))
        return brood

    def _founder(self, rng: np.random.Generator, operator: str) -> Candidate:
        return Candidate(random_genome(rng, self.palette), operator)

    def _offspring(self, rng: np.random.Generator, fresh: str) -> Candidate | None:
        heat = self.rates.temperature
        draw = rng.random()
        if draw < self.dish.fresh_share * (1 + heat):
            return self._founder(rng, fresh)
        parent = double_tournament(self.members, self.dish.tournament, rng)
        if draw > 1 - self.dish.crossover_share:
            other = double_tournament(self.members, self.dish.tournament, rng)
            child = crossover(parent.genome, other.genome, rng, self.palette)
            return Candidate(child, _CROSSOVER, (parent, other)) if child else None
        return self._mutant(parent, rng, heat)

    def _mutant(self, parent: Member, rng: np.random.Generator, heat: float) -> Candidate | None:
        mutated = mutate(parent.genome, rng, self.palette, rates=self.rates.shares)
        if mutated is None:
            return None
        genome, operator = mutated
        while rng.random() < heat / 2:  # a hot search steps further away
            again = mutate(genome, rng, self.palette, rates=self.rates.shares)
            if again is None or again[0].id == parent.genome.id:
                break
            genome = again[0]
        return Candidate(genome, operator, (parent,))


def palette_for(candles: Candles, dish: Dish, max_lookback: int) -> Palette:
    """What genomes may be made of: columns that hold anything, timeframes longer than the dish's shortest."""
    columns = [name for name in candles.columns if getattr(candles, name).any()]
    palette = Palette.for_columns(columns, min(dish.timeframes, key=length_s), max_lookback)
    return replace(palette, max_size=dish.max_size)


def shape(genome: Genome) -> str:
    """The genome's text with every number taken out, so that neighbours in constants look alike."""
    return re.sub(r"\d[\d.]*(e[+-]?\d+)?", "#", str(genome))
