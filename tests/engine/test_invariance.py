"""The proof that stands behind every evaluated genome, and what happens when it fails."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.engine.invariance import check_prefix_invariance
from evotrade.errors import EvotradeError
from evotrade.genome import parse
from evotrade.market import synthetic_candles
from tests.strategies import genomes

COLUMNS = Columns(synthetic_candles(600, "1h", seed=9))
CROSSING = parse("IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL")


@given(genomes(max_bars=6, timeframes=("1H", "4H")), st.integers(0, 599))
def test_no_genome_of_the_language_fails_the_proof(genome, bar):
    check_prefix_invariance(genome, COLUMNS, "votes", decide(genome, COLUMNS), bar)


@pytest.mark.parametrize("ahead", [1, 5])
def test_decisions_that_knew_later_bars_are_caught(ahead):
    peeking = np.roll(decide(CROSSING, COLUMNS), -ahead)
    with pytest.raises(EvotradeError, match="decides otherwise at .* a fault of the engine"):
        check_prefix_invariance(CROSSING, COLUMNS, "votes", peeking, 300)


def test_bars_inside_the_lookback_have_nothing_to_compare():
    check_prefix_invariance(CROSSING, COLUMNS, "votes", np.ones(600, np.int8), 18)
