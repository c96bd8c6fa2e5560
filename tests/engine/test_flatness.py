import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.flatness import Flatness
from evotrade.engine.windows import Series, window_max, window_min, window_sum

levels = st.sampled_from([1.0, 1.0 + 1e-15, 1.0 - 1e-13, 1.0 + 1e-9, 7.0, 0.1])


@given(st.lists(levels, min_size=2, max_size=60), st.data())
def test_a_mean_over_more_bars_than_the_longest_flat_needs_no_clamp(values, data):
    series = Series(np.array(values))
    bars = data.draw(st.integers(1, 60))
    if series.flatness.moves_within(bars):
        mean = window_sum(series, bars) / bars
        defined = ~np.isnan(mean)
        assert (mean >= window_min(series, bars))[defined].all()
        assert (mean <= window_max(series, bars))[defined].all()
        assert (window_max(series, bars) != window_min(series, bars)).all()


@given(st.lists(levels, min_size=2, max_size=60), st.integers(1, 60))
def test_values_that_move_within_a_window_are_flat_on_no_stretch_of_its_bars(values, bars):
    flatness = Flatness(np.array(values))
    assert not flatness.moves_within(bars) or flatness.longest < bars


def test_values_that_all_move_are_seen_to():
    assert Flatness(np.arange(100.0)).moves_within(8)
    assert Flatness(np.arange(100.0)).moves_within(2)
    assert not Flatness(np.repeat(np.arange(20.0), 9)).moves_within(9)
    assert Flatness(np.repeat(np.arange(20.0), 9)).moves_within(10)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], 1),
        ([1, 1, 2], 2),
        ([5, 1, 1, 1, 2, 2], 3),
        ([2, 2, 2, 2], 4),
        ([np.nan, 1, 2], 1),
        ([1, 1, np.nan, 1, 1], 2),
        ([1, np.inf, 1], 3),
        ([1e12, 1, 2, 3], 3),  # beside a spike, small steps are lost
        ([4], 1),
        ([], 0),
    ],
)
def test_stretches_are_counted_in_bars(values, expected):
    assert Flatness(np.array(values, float)).longest == expected
