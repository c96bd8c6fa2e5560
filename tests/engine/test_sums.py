from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.sums import Blocks, in_order


def in_blocks(values):
    """The text of the module as loops."""
    total = 0.0
    for begin in range(0, len(values), 128):
        block = [*values[begin : begin + 128], *[0.0] * 128][:128]
        while len(block) > 1:
            half = len(block) // 2
            block = [block[j] + block[j + half] for j in range(half)]
        total += block[0]
    return total


@given(st.integers(0, 2**32), st.lists(st.integers(0, 500), min_size=1, max_size=4))
def test_a_sum_over_bars_is_made_of_blocks_to_the_last_bit(seed, lengths):
    borders = np.cumsum([0, *lengths])
    values = np.random.default_rng(seed).lognormal(sigma=3, size=borders[-1]) - 5
    expected = [in_blocks(values[a:b].tolist()) for a, b in pairwise(borders)]
    assert Blocks(borders).sum(values) == expected


@given(st.lists(st.integers(0, 500), min_size=1, max_size=4))
def test_blocks_cover_every_bar_once(lengths):
    blocks = Blocks(np.cumsum([0, *lengths]))
    bars = [
        bar
        for start, width in zip(blocks.starts.ravel(), blocks.widths.ravel(), strict=True)
        for bar in range(start, start + width)
    ]
    assert bars == list(range(sum(lengths)))


def test_a_sum_over_trades_runs_in_order():
    values = np.random.default_rng(1).lognormal(sigma=3, size=1_000)
    total = 0.0
    for value in values.tolist():
        total += value
    assert in_order(values) == total
    assert in_order(np.empty(0)) == pytest.approx(0)
