import math
from datetime import datetime, timedelta, timezone

import pytest

from evotrade.engine.metrics import METRICS
from evotrade.ui import formats
from tests.ui.stores import a_cell


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("return_pct", 12.345, "12.35 %"),
        ("return_pct", -0.5, "−0.50 %"),
        ("cagr_pct", 1234.5, "1,234.50 % a year"),
        ("net_profit", -1234.5, "−1,234.50 USD"),
        ("trades", 7.0, "7"),
        ("max_drawdown_bars", 1200.0, "1,200 bars"),
        ("avg_holding_bars", 2.25, "2.2 bars"),
        ("breakeven_bps", 12.34, "12.3 bps a side"),
        ("sharpe", 1.005, "1.00"),
        ("sharpe", math.nan, "–"),
        ("sharpe", None, "–"),
    ],
)
def test_a_metric_has_its_unit(name, value, text):
    assert formats.metric(name, value, "USD") == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("return_pct", 648.581, "648.58 %"),
        ("return_pct", 23_164.05, "23,164 %"),
        ("return_pct", -1_000.0, "−1,000 %"),
        ("return_pct", 1_234_567.0, "1.23 M %"),
        ("return_pct", 2.5e12, "2.50 T %"),
        ("trades", 12_345.0, "12,345"),
        ("return_pct", math.inf, "inf %"),
        ("sharpe", math.nan, "–"),
    ],
)
def test_a_card_has_no_more_digits_than_fit(name, value, text):
    assert formats.headline(name, value) == text


def test_every_metric_has_a_label_of_its_own():
    assert len({formats.metric_label(name) for name in METRICS}) == len(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_its_unit_in_its_row_or_at_its_value(name):
    unit = METRICS[name].unit
    said = formats.metric_row(name) + formats.metric(name, 1.5, "quote currency")
    assert unit == "count" or unit in said


def test_labels_are_words():
    assert formats.metric_label("cagr_pct") == "CAGR"
    assert formats.metric_label("max_drawdown_pct") == "Max drawdown"
    assert formats.metric_label("avg_holding_bars") == "Average holding"


def test_fitness_says_what_it_measures():
    assert formats.fitness(a_cell(fitness=3.2)) == "3.20 % return"
    assert formats.fitness(a_cell(fitness=1.5, objective="sharpe")) == "1.50 sharpe"


def test_a_column_of_fitness_has_percent_only_where_all_of_it_is():
    assert formats.fitness_format(["return_pct", "cagr_pct"]) == "%,.2f %%"
    assert formats.fitness_format(["return_pct", "sharpe"]) == "%,.2f"


def test_times_are_in_utc():
    berlin = datetime(2025, 3, 1, 13, 30, tzinfo=timezone(timedelta(hours=1)))
    assert formats.moment(berlin) == "2025-03-01 12:30 UTC"
    assert formats.day(1_735_689_600) == "2025-01-01"


def test_the_quote_currency_is_the_second_of_the_pair():
    assert formats.quote_currency("BTC/USD") == "USD"
    assert formats.quote_currency("PURR") == ""
    assert formats.quote_currency("BTC/a whole novel") == "a whole nov…"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (5_400, "1.5 h"),
        (86_400, "24 h"),
        (172_800, "2 days"),
        (86_400 * 399.6, "400 days"),
        (86_400 * 365 * 3.25, "3.2 years"),
    ],
)
def test_a_length_of_time_is_in_the_unit_that_suits_it(seconds, text):
    assert formats.duration(seconds) == text
