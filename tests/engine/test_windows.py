import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.windows import KERNELS, Series, window_mean, window_std
from evotrade.genome.functions import WINDOWS
from tests.engine import naive
from tests.engine.naive import bits

NAMES = sorted(KERNELS)
moderate = st.floats(-1e6, 1e6)
wild = st.one_of(moderate, st.floats(), st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf]))


def rough(seed, bars):
    """Values whose sums are always rounded, which those that hypothesis likes are not."""
    return np.random.default_rng(seed).lognormal(sigma=3, size=bars).tolist()


rounded = st.builds(rough, st.integers(0, 2**32), st.integers(60, 130))
series = st.one_of(rounded, st.lists(wild, min_size=1, max_size=50))


def window(name, values, bars):
    with np.errstate(all="ignore"):
        return KERNELS[name](Series(np.array(values, dtype=np.float64)), bars)


def test_every_window_function_of_the_language_has_its_kernel():
    assert set(KERNELS) == WINDOWS


@pytest.mark.parametrize("name", NAMES)
@given(values=series, bars=st.integers(1, 30))
def test_a_window_is_what_the_text_of_the_language_says_to_the_last_bit(name, values, bars):
    reach, function = naive.FUNCTIONS[name]
    expected = [
        function(values[bar + 1 - reach(bars) : bar + 1], bars) if bar + 1 >= reach(bars) else math.nan
        for bar in range(len(values))
    ]
    assert bits(window(name, values, bars)) == bits(expected)


@given(st.sampled_from(NAMES), series, st.integers(1, 20), st.data())
def test_a_value_depends_on_the_bars_of_its_window_and_on_nothing_else(name, values, bars, data):
    start = data.draw(st.integers(0, len(values) - 1))
    end = data.draw(st.integers(start + 1, len(values)))
    first = start + naive.FUNCTIONS[name][0](bars) - 1
    whole, cut = window(name, values, bars), window(name, values[start:end], bars)
    assert bits(whole[first:end]) == bits(cut[first - start :])


@given(st.sampled_from(NAMES), st.lists(wild, max_size=40), st.integers(1, 60))
def test_a_window_that_reaches_before_the_first_bar_has_no_value(name, values, bars):
    undefined = window(name, values, bars)[: naive.FUNCTIONS[name][0](bars) - 1]
    assert np.isnan(undefined).all()


@given(
    st.sampled_from(sorted({*NAMES} - {"LAG"})),
    st.lists(moderate, min_size=40, max_size=40),
    st.integers(1, 8),
)
def test_a_window_that_holds_a_nan_has_no_value(name, values, bars):
    values[20] = math.nan
    reach = naive.FUNCTIONS[name][0](bars)
    assert np.isnan(window(name, values, bars)[20 : 20 + reach]).all()


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 100))
def test_a_flat_window_has_its_own_value(value, bars):
    values = [value] * (4 * bars)
    assert window("AVG", values, bars)[-1] == value
    assert window("EMA", values, bars)[-1] == value
    assert window("STD", values, bars)[-1] == 0
    assert window("RSI", [*values, value], bars)[-1] == 50


@given(st.lists(moderate, min_size=2, max_size=300), st.data())
def test_a_mean_is_as_good_as_an_exact_sum(values, data):
    bars = data.draw(st.integers(1, len(values)))
    scale = math.fsum(map(abs, values[-bars:])) / bars
    exact = math.fsum(values[-bars:]) / bars
    assert abs(window("AVG", values, bars)[-1] - exact) <= 1e-15 * scale


@given(st.lists(st.floats(1, 1e3), min_size=2, max_size=200), st.data())
def test_a_standard_deviation_is_as_good_as_exact_fractions(values, data):
    bars = data.draw(st.integers(2, len(values)))
    exact = math.sqrt(statistics.pvariance([Fraction(value) for value in values[-bars:]]))
    assert window("STD", values, bars)[-1] == pytest.approx(exact, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("bars", [5, 20, 48])
def test_a_volume_spike_leaves_no_trace_once_it_has_left_the_window(bars):
    values = np.random.default_rng(1).lognormal(size=400)
    values[100] = 1e12
    spiked = Series(values)
    for bar in range(100 + bars, 400, 7):
        inside = values[bar + 1 - bars : bar + 1]
        assert window_mean(spiked, bars)[bar] == pytest.approx(math.fsum(inside) / bars, rel=1e-15)
        assert window_std(spiked, bars)[bar] == pytest.approx(statistics.pstdev(inside), rel=2e-15)


@pytest.mark.parametrize(
    ("name", "values", "bars", "expected"),
    [
        ("SUM", [1, 2, 3, 4], 3, 9),
        ("SUM", [0.1, 0.2, 0.3], 3, (0.3 + 0.2) + 0.1),  # the two newest bars first; left to right differs
        ("AVG", [1, 2, 3, 6], 2, 4.5),
        ("MAX", [9, 1, 3, 2], 3, 3),
        ("MIN", [0, 4, 3, 5], 3, 3),
        ("STD", [2, 4, 4, 4, 5, 5, 7, 9], 8, 2),
        ("STD", [math.inf, math.inf], 2, 0),
        ("EMA", [9, 5, 5, 5, 7], 1, 7),  # r = 0: the current bar alone
        ("EMA", [0, 0, 0, 0, 0, 0, 0, 3], 2, 3 * (1 - 1 / 3) / (1 - 3.0**-8)),  # r = 1/3 over 8 bars
        ("LAG", [1, 2, 3, 4], 2, 2),
        ("RSI", [1, 4, 3], 2, 75),
        ("RSI", [3, 2, 1], 2, 0),
    ],
)
def test_worked_examples(name, values, bars, expected):
    assert window(name, values, bars)[-1] == pytest.approx(expected, rel=1e-15)


def test_the_newest_bars_lie_in_the_largest_piece():
    assert window("SUM", [0.1, 0.2, 0.3], 3)[-1] == 0.6 != 0.1 + 0.2 + 0.3


def test_windows_of_one_series_share_their_tables():
    built = []
    kept = {}

    def remember(key, fill):
        if key not in kept:
            made = np.empty(100)
            fill(made)
            kept[key] = made
            built.append(key)
        return kept[key]

    shared = Series(np.ones(100), remember)  # flat, so that means look at extremes
    for bars in (7, 6, 5, 4):
        KERNELS["AVG"](shared, bars)
    assert sorted(built) == sorted(
        (table, level) for table in ("sums", "minima", "maxima") for level in (1, 2)
    )
