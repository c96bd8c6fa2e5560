import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.backtest import backtest
from evotrade.engine.columns import Columns
from evotrade.genome import parse
from evotrade.market.synthetic import synthetic_candles
from evotrade.plots.equity import DRAWN_POINTS, drawdown_pct, equity_figure, thin
from evotrade.plots.theme import COLOURS

series = st.integers(2, 400).flatmap(
    lambda n: st.lists(st.floats(-1e6, 1e6), min_size=n, max_size=n).map(np.array)
)


@given(series, st.integers(8, 100))
def test_thinning_keeps_the_ends_and_the_extremes_within_its_limit(values, most):
    kept = thin(values, most=most)
    assert len(kept) <= most or len(kept) == len(values)
    assert kept[0] == 0
    assert kept[-1] == len(values) - 1
    assert np.all(np.diff(kept) > 0)
    assert values[kept].min() == values.min()
    assert values[kept].max() == values.max()


def test_a_short_series_is_drawn_whole():
    assert thin(np.arange(5.0), most=5).tolist() == [0, 1, 2, 3, 4]


def test_thinning_two_series_keeps_the_spikes_of_both():
    first, second = np.zeros(70_000), np.zeros(70_000)
    first[12_345], second[54_321] = 9.0, -9.0
    kept = thin(first, second)
    assert {12_345, 54_321} <= set(kept.tolist())
    assert len(kept) <= DRAWN_POINTS


def test_drawdown_is_the_fall_from_the_peak_in_percent():
    fallen = drawdown_pct(np.array([90.0, 120.0, 60.0, 120.0]), initial=100.0)
    assert fallen.tolist() == pytest.approx([-10.0, 0.0, -50.0, 0.0])


def test_the_figure_shows_equity_benchmark_and_drawdown_with_their_units():
    figure = a_figure()
    assert [trace.name for trace in figure.data] == ["Buy and hold", "Strategy", "Drawdown"]
    assert figure.layout.yaxis.title.text == "Equity, USD"
    assert figure.layout.yaxis2.title.text == "Drawdown, %"
    assert list(figure.data[1].y) == [100.0, 120.0, 60.0]


def test_equity_that_grows_tenfold_is_drawn_on_a_logarithmic_scale_that_says_so():
    time = pd.date_range("2025-01-01", periods=2, freq="1h", tz="UTC")
    for last, scale in ((999.0, "linear"), (1000.0, "log"), (0.0, "linear")):
        figure = equity_figure(time, np.array([100.0, last]), np.array([100.0, 100.0]), initial=100.0)
        assert figure.layout.yaxis.type == scale
        assert ("log" in figure.layout.yaxis.title.text) == (scale == "log")


def test_no_drawdown_lies_at_the_top_of_a_scale_that_goes_down():
    time, flat = pd.date_range("2025-01-01", periods=2, freq="1h", tz="UTC"), np.array([100.0, 100.0])
    assert equity_figure(time, flat, flat, initial=100.0).layout.yaxis2.range == (-1, 0)
    assert a_figure().layout.yaxis2.range is None


def test_no_bars_make_an_empty_figure():
    nothing = np.array([])
    assert len(equity_figure(pd.DatetimeIndex([], tz="UTC"), nothing, nothing, initial=1.0).data) == 3


def test_a_name_of_a_currency_is_no_markup():
    assert "<b>" not in json.dumps(a_figure(quote="<b>").to_plotly_json(), default=str)


@pytest.mark.parametrize("theme", COLOURS)
def test_every_line_has_a_colour_of_the_theme(theme):
    colours = COLOURS[theme]
    expected = {"Strategy": colours.strategy, "Buy and hold": colours.benchmark, "Drawdown": colours.drawdown}
    assert {trace.name: trace.line.color for trace in a_figure(theme=theme).data} == expected


def a_figure(**arguments):
    time = pd.date_range("2025-01-01", periods=3, freq="1h", tz="UTC")
    equity, buy_hold = np.array([100.0, 120.0, 60.0]), np.array([100.0, 101.0, 102.0])
    return equity_figure(time, equity, buy_hold, **{"initial": 100.0, "quote": "USD", **arguments})


def a_backtest(execution):
    return backtest(
        parse("IF DELTA(0) > DELTA(1) THEN BUY"), Columns(synthetic_candles(50, "1h", 1)), execution
    )
