"""Crossover: a child of two genomes."""

from __future__ import annotations

import numpy as np

from evotrade.errors import GenomeError
from evotrade.genome.edit import Rules, numbered_nodes, of_one_kind, replace_node
from evotrade.genome.genome import Genome
from evotrade.genome.palette import Palette, pick

_TRIES = 20
_WHOLE_RULE = 0.3  # how often a whole rule is passed on instead of a part of one


def crossover(
    mother: Genome, father: Genome, rng: np.random.Generator, palette: Palette | None = None
) -> Genome | None:
    """`mother` with a rule or a part of one of `father`'s in it, within `palette`'s bounds.

    The child differs from both by id. None when no child was found in a bounded number of tries.
    """
    palette = palette or Palette()
    cross = (_cross_rules, _cross_nodes)
    for _ in range(_TRIES):
        try:
            child = Genome(cross[rng.random() >= _WHOLE_RULE](mother.rules, father.rules, rng))
        except GenomeError:
            continue  # over a limit of the language: the next draw may not be
        if child.id not in (mother.id, father.id) and palette.admits(child, mother):
            return child
    return None


def _cross_rules(mother: Rules, father: Rules, rng: np.random.Generator) -> Rules:
    """A rule of the father's before, after or in the place of one of the mother's."""
    first = int(rng.random() * (len(mother) + 1))
    last = first + int(rng.random() * 2)
    return (*mother[:first], pick(rng, father), *mother[last:])


def _cross_nodes(mother: Rules, father: Rules, rng: np.random.Generator) -> Rules:
    """A condition or an expression of the father's in the place of one of the mother's."""
    number, node = pick(rng, numbered_nodes(mother))
    parts = [part for _, part in numbered_nodes(father) if of_one_kind(part, node)]
    return replace_node(mother, number, pick(rng, parts))
