import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade import timeframes
from evotrade.market.gaps import gaps_between
from evotrade.plots.coverage import MOST_MONTHS_OF_DAYS, calendar, close_figure, coverage_figure
from evotrade.plots.theme import COLOURS

HOUR_S, DAY_S = 3_600, 86_400


@st.composite
def series(draw):
    """Starts and timeframe of a series with gaps of any length."""
    timeframe = draw(st.sampled_from(list(timeframes.SECONDS)))
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 30, 1_000]), max_size=60))
    first = draw(st.integers(0, 2_000))
    monday_s = 4 * DAY_S
    return monday_s + np.cumsum([first, *steps]) * timeframes.length_s(timeframe), timeframe


@given(series())
def test_each_bar_is_counted_once_and_each_missing_one_is_expected(given_series):
    time_s, timeframe = given_series
    counted = calendar(time_s, timeframe)
    assert counted.bars.sum() == len(time_s)
    missing = gaps_between(time_s, timeframe)["missing_bars"].sum()
    assert (counted.expected - counted.bars).sum() == missing
    assert (counted.bars <= counted.expected).all()


@given(series())
def test_rows_are_the_periods_from_the_first_bar_to_the_last(given_series):
    time_s, timeframe = given_series
    counted = calendar(time_s, timeframe)
    days = pd.to_datetime(time_s, unit="s")
    form = "%Y-%m" if counted.of_days else "%Y"
    assert counted.rows[0] == f"{days[0]:{form}}"
    assert counted.rows[-1] == f"{days[-1]:{form}}"
    assert counted.bars.shape == counted.expected.shape == (len(counted.rows), len(counted.columns))
    assert len(counted.rows) <= MOST_MONTHS_OF_DAYS or not counted.of_days


def hours(start, end):
    return np.arange(seconds(start), seconds(end), HOUR_S)


def seconds(text):
    return int(pd.Timestamp(text, tz="UTC").timestamp())


def test_a_short_series_is_a_row_a_month_and_a_column_a_day():
    time_s = hours("2024-02-28T12:00", "2024-03-02")
    counted = calendar(np.delete(time_s, slice(12, 18)), "1h")  # six hours of February 29
    assert counted.rows == ("2024-02", "2024-03")
    assert counted.expected[0, 26:].tolist() == [0, 12, 24, 0, 0]
    assert counted.bars[0, 26:].tolist() == [0, 12, 18, 0, 0]
    assert counted.bars[1, :3].tolist() == [24, 0, 0]
    assert counted.share_pct[0, 28] == 75.0
    assert np.isnan(counted.share_pct[0, 29])


def test_a_long_series_is_a_row_a_year_and_a_column_a_month():
    time_s = np.arange(seconds("2020-02-15"), seconds("2023-01-02"), DAY_S)
    counted = calendar(time_s, "1d")
    assert counted.rows == ("2020", "2021", "2022", "2023")
    assert counted.bars[0, :3].tolist() == [0, 15, 31]
    assert counted.bars[3, :2].tolist() == [1, 0]
    assert counted.bars.tolist() == counted.expected.tolist()


def test_weeks_are_never_days():
    assert calendar(np.arange(3) * 7 * DAY_S + 4 * DAY_S, "1w").bars[0, 0] == 3


def test_a_single_bar_is_a_whole_series():
    counted = calendar(np.array([seconds("2024-02-29")]), "1d")
    assert (counted.bars[0, 28], counted.expected.sum()) == (1, 1)


def test_one_missing_bar_of_a_million_has_another_colour_than_none():
    time_s = np.arange(0, 1_000_000) * 60
    figure = coverage_figure(calendar(np.delete(time_s, 500_000), "1m"))
    classes = figure.data[0].z
    assert sorted(set(classes[~np.isnan(classes)])) == [4, 5]
    assert "1970-12-14: 1,439 of 1,440 bars, 1 missing" in figure.data[0].customdata[11]


def test_the_share_of_a_month_is_never_rounded_up_to_all():
    time_s = np.delete(hours("2020-01-01", "2023-01-01"), 5)
    texts = coverage_figure(calendar(time_s, "1h")).data[0].text
    assert texts[0][:2] == ["99.8 %", ""]


@pytest.mark.parametrize(("bars", "kind"), [(0, 0), (4, 1), (12, 2), (22, 3), (24, 5)])
def test_what_is_missing_of_a_day_decides_its_colour(bars, kind):
    day = hours("2024-03-02", "2024-03-03")[:bars]
    time_s = np.concatenate([hours("2024-03-01", "2024-03-02"), day, hours("2024-03-03", "2024-03-04")])
    assert coverage_figure(calendar(time_s, "1h")).data[0].z[0][1] == kind


@pytest.mark.parametrize("theme", COLOURS)
def test_the_colours_are_of_the_theme(theme):
    figure = coverage_figure(calendar(hours("2024-03-01", "2024-03-02"), "1h"), theme)
    assert figure.data[0].colorscale[0][1] == COLOURS[theme].drawdown
    assert figure.layout.paper_bgcolor == COLOURS[theme].ground
    line = close_figure(pd.DatetimeIndex([], tz="UTC"), np.array([]), theme=theme).data[0].line
    assert line.color == COLOURS[theme].strategy


def test_a_price_that_grew_tenfold_is_on_a_logarithmic_scale_that_says_so():
    time = pd.date_range("2025-01-01", periods=2, freq="1h", tz="UTC")
    for last, scale in ((999.0, "linear"), (1000.0, "log")):
        axis = close_figure(time, np.array([100.0, last]), quote="USD").layout.yaxis
        assert axis.type == scale
        assert axis.title.text == ("Close, USD, log" if scale == "log" else "Close, USD")


def test_a_currency_that_is_markup_is_text():
    time = pd.date_range("2025-01-01", periods=2, freq="1h", tz="UTC")
    figure = close_figure(time, np.array([1.0, 2.0]), quote="<img src=x>")
    assert "<img" not in json.dumps(figure.to_plotly_json(), default=str)
