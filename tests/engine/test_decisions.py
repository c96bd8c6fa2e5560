"""The proof that stands behind every evaluated genome, and what happens when it fails."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.engine.backends import NumpyBackend
from evotrade.engine.columns import Columns
from evotrade.engine.decisions import check_group, decide_many
from evotrade.errors import EvotradeError
from evotrade.genome import parse
from evotrade.market import synthetic_candles
from tests.strategies import genomes

COLUMNS = Columns(synthetic_candles(600, "1h", seed=9))
CROSSING = parse("IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL")
SLOW = parse("IF DELTA(0) > AVG(DELTA, 90) THEN BUY ELSE SELL")
ALL = slice(0, 600)


def group_of(*population, bars=ALL, lie=0):
    """The group of genomes, whose lookbacks are told shorter by `lie` bars."""
    reaching = [(genome, genome.lookback("1h") - lie) for genome in population]
    (group,) = decide_many(reaching, COLUMNS, bars, "votes", NumpyBackend())
    return group


@given(
    st.lists(genomes(max_bars=6, timeframes=("1H", "4H")), min_size=1, max_size=3),
    st.integers(0, 599),
    st.integers(0, 500),
)
@settings(max_examples=40)
def test_no_genome_of_the_language_fails_the_proof(population, bar, first):
    bars, reaching = slice(first, 600), [(one, one.lookback("1h")) for one in population]
    for group in decide_many(reaching, COLUMNS, bars, "votes", NumpyBackend()):
        check_group(group, COLUMNS, bars, bar, NumpyBackend())


@pytest.mark.parametrize("ahead", [1, 5])
def test_decisions_that_knew_later_bars_are_caught(ahead):
    group = group_of(CROSSING, SLOW)
    group.decisions[1] = np.roll(group.decisions[1], -ahead)
    with pytest.raises(EvotradeError, match="genome 1 .* decides otherwise at .* a fault of the engine"):
        check_group(group, COLUMNS, ALL, 300, NumpyBackend())


def test_a_genome_that_looks_further_back_than_it_says_is_caught_at_its_first_decision():
    honest = group_of(CROSSING, SLOW)
    check_group(honest, COLUMNS, ALL, 300, NumpyBackend())
    with pytest.raises(EvotradeError, match="genome 0 .* decides otherwise"):
        check_group(group_of(CROSSING, SLOW, lie=19), COLUMNS, ALL, 300, NumpyBackend())


def test_bars_inside_the_lookback_have_nothing_to_compare():
    group = group_of(CROSSING)
    group.decisions[:] = 1
    check_group(group, COLUMNS, ALL, 18, NumpyBackend())
