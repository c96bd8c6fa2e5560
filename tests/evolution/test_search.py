"""Ask and tell: what a search proposes, and what it learns."""

import numpy as np
import pytest

from evotrade.evolution.dish import Dish
from evotrade.evolution.search import Candidate, Search, shape
from evotrade.evolution.selection import Member
from evotrade.genome import OPERATORS, Palette, as_genome
from evotrade.market import synthetic_candles

CANDLES = synthetic_candles(300, "1h", seed=1)
PALETTE = Palette(max_window=30, max_lag=10)


def dish(**settings):
    return Dish.of("dish", CANDLES, **{"population": 30, "min_trades": 0, **settings})


def members_of(brood, rng):
    return [
        Member(-number - 1, one.genome, float(rng.normal()), 20, str(number))
        for number, one in enumerate(brood)
    ]


def evolved(search, generations):
    """A search after some generations of made-up fitness, the same for the same number."""
    for generation in range(generations):
        brood = search.ask(generation)
        search.tell(brood, members_of(brood, np.random.default_rng(generation)))
    return search


def test_no_genome_is_ever_proposed_twice():
    search, seen = Search(dish(), PALETTE), []
    for generation in range(6):
        brood = search.ask(generation)
        seen += [one.genome.id for one in brood]
        search.tell(brood, members_of(brood, np.random.default_rng(generation)))
    assert len(seen) == len(set(seen)) == 6 * 30


def test_the_same_seed_asks_the_same_and_another_seed_asks_other_genomes():
    first, second, third = (Search(dish(seed=seed), PALETTE).ask(0) for seed in (1, 1, 2))
    assert first == second
    assert first != third


def test_a_search_restored_from_its_checkpoint_goes_on_as_if_nothing_had_happened():
    undisturbed = evolved(Search(dish(), PALETTE), 3)
    saved, seen = undisturbed.checkpoint(), set(undisturbed.seen)
    restored = Search.restore(dish(), PALETTE, saved, seen)
    assert restored.members == undisturbed.members
    assert restored.ask(3) == undisturbed.ask(3)


def test_founders_have_no_parents_and_offspring_have_one_or_two():
    search = Search(dish(), PALETTE)
    founders = search.ask(0)
    assert all(one.operator == "founder" and not one.parents for one in founders)
    search.tell(founders, members_of(founders, np.random.default_rng(0)))
    for one in search.ask(1):
        assert len(one.parents) == {"fresh": 0, "crossover": 2}.get(one.operator, 1)
        assert one.operator in {"fresh", "crossover", *OPERATORS}


def test_offspring_differ_from_their_parents():
    for one in evolved(Search(dish(), PALETTE), 2).ask(2):
        assert one.genome.id not in {parent.genome.id for parent in one.parents}


def test_the_best_ever_is_never_lost():
    search, best = Search(dish(population=10), PALETTE), -np.inf
    for generation in range(8):
        brood = search.ask(generation)
        newborn = members_of(brood, np.random.default_rng(generation))
        search.tell(brood, newborn)
        best = max(best, *(one.fitness for one in newborn))
        assert search.members[0].fitness == best


def test_placeholders_become_the_store_s_numbers():
    search = evolved(Search(dish(population=5), PALETTE), 1)
    search.assign({-number: 100 + number for number in range(1, 6)})
    assert sorted(one.cell_id for one in search.members) == [101, 102, 103, 104, 105]


def test_a_search_without_a_living_cell_starts_afresh():
    search = Search(dish(), PALETTE)
    search.tell(search.ask(0), [])
    assert search.diversity == 0
    assert {one.operator for one in search.ask(1)} == {"fresh"}


def test_a_palette_with_nothing_left_to_try_ends_in_a_smaller_brood():
    tiny = Palette(symbols=("DELTA",), functions=(), max_lag=1, max_size=3, max_rules=1)
    search = Search(dish(population=20), tiny)
    assert 0 < len(search.ask(0)) < 20


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("IF DELTA(3) > 1.5 THEN BUY", "IF DELTA(0) > 2e-07 THEN BUY", True),
        ("IF DELTA(3) > 1.5 THEN BUY", "IF GAMMA(3) > 1.5 THEN BUY", False),
    ],
)
def test_a_shape_is_a_genome_without_its_numbers(one, other, alike):
    assert (shape(as_genome(one)) == shape(as_genome(other))) == alike


def test_a_candidate_s_parent_fitness_is_that_of_the_first_parent():
    mother, father = members_of(Search(dish(population=2), PALETTE).ask(0), np.random.default_rng(0))
    child = Candidate(mother.genome, "crossover", (mother, father))
    assert child.parent_fitness == mother.fitness
    assert Candidate(mother.genome, "fresh").parent_fitness is None
