from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.sums import LANES, SlicedSums, in_order


def in_lanes(values):
    """The text of the module as loops."""
    lanes = [0.0] * LANES
    for bar, value in enumerate(values):
        lanes[bar % LANES] += value
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = [lanes[j] + lanes[j + half] for j in range(half)]
    return lanes[0]


@given(st.integers(0, 2**32), st.lists(st.integers(0, 500), min_size=1, max_size=4))
def test_a_sum_over_bars_runs_in_lanes_to_the_last_bit(seed, lengths):
    borders = np.cumsum([0, *lengths])
    values = np.random.default_rng(seed).lognormal(sigma=3, size=borders[-1]) - 5
    expected = [in_lanes(values[a:b].tolist()) for a, b in pairwise(borders)]
    sums = SlicedSums(borders)
    assert sums.of(values) == expected
    assert sums.of(np.zeros(borders[-1])) == [0.0] * len(lengths)  # nothing is left of the sums before


def test_a_sum_over_trades_runs_in_order():
    values = np.random.default_rng(1).lognormal(sigma=3, size=1_000)
    total = 0.0
    for value in values.tolist():
        total += value
    assert in_order(values) == total
    assert in_order(np.empty(0)) == pytest.approx(0)
