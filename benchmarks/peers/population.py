"""Genomes that do trade: on those that never do, all engines agree, and nothing is proved."""

from __future__ import annotations

import numpy as np

from evotrade.evolution.dish import Dish
from evotrade.evolution.search import palette_for
from evotrade.genome import Genome, Palette, mutate, random_genome
from evotrade.market.candles import Candles

from .portfolio import fill_bars
from .signals import Market, signals

MIN_TRADES = 10
_SIEVE_BARS = 20_000
_CHILDREN = 20  # of one parent, in an evolved population
_ROUNDS = 6


def population(candles: Candles, count: int, seed: int, evolved: bool = False) -> list[Genome]:
    """`count` distinct genomes with at least 10 trades on the candles, of the palette of a dish on them.

    They are random, or, `evolved`, children by 1 to 6 mutations of a twentieth as many random parents, so
    that they share subtrees as an evolved population does.
    """
    rng = np.random.default_rng(seed)
    dish = Dish.of("benchmark", candles)
    palette = palette_for(candles, dish, dish.warmup_bars)
    sieve = _Sieve(candles)
    parents = count if not evolved else max(1, count // _CHILDREN)
    found: dict[str, Genome] = {}
    while len(found) < parents:
        genome = random_genome(rng, palette)
        if sieve.passes(genome):
            found.setdefault(genome.id, genome)
    if not evolved:
        return list(found.values())
    ancestors, children = list(found.values()), dict[str, Genome]()
    while len(children) < count:
        child = _mutant(ancestors[int(rng.integers(len(ancestors)))], rng, palette)
        if child.id not in found and child.id not in children and sieve.passes(child):
            children[child.id] = child
    return list(children.values())


class _Sieve:
    """Counts trades; whoever makes none in the last bars is not tried on all of them."""

    def __init__(self, candles: Candles) -> None:
        self.whole, self.end = Market(candles), Market(candles[-_SIEVE_BARS:])

    def passes(self, genome: Genome) -> bool:
        return _entries(genome, self.end) > 0 and _entries(genome, self.whole) >= MIN_TRADES


def _entries(genome: Genome, market: Market) -> int:
    return (len(fill_bars(signals(genome, market))) + 1) // 2


def _mutant(genome: Genome, rng: np.random.Generator, palette: Palette) -> Genome:
    for _ in range(int(rng.integers(1, _ROUNDS + 1))):
        mutated = mutate(genome, rng, palette)
        genome = mutated[0] if mutated else genome
    return genome
