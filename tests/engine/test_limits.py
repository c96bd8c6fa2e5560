"""Stops, targets, drawdown, daily loss and trading hours, each asked directly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.execution import DAYS, Limits, TradingHours
from evotrade.engine.limits import Path, Protection, first_strike, in_trading_hours
from tests.engine.bar_by_bar import HOUR_S, inside_hours, limits, markets

MONDAY_S = 1_600_041_600  # 2020-09-14 00:00 UTC
BAR = {"open_": 10.0, "high": 10.0, "low": 10.0}


@given(limits, markets(), st.data())
def test_the_first_exit_of_a_path_is_that_of_asking_row_by_row(rules, market, data):
    path, protection = Path.of(*market), Protection(rules)
    start = data.draw(st.integers(0, len(path.low) - 1))
    entry = peak = float(path.open[start])
    expected = None
    for row in range(start, len(path.low)):
        bar = path.open[row], path.high[row], path.low[row]
        if expected := protection.exit(entry, peak, *bar):
            expected = (row, *expected)
            break
        peak = max(peak, path.high[row])
    assert protection.first_exit(entry, path, start, len(path.low)) == expected


@pytest.mark.parametrize(
    ("bar", "outcome"),
    [
        ({}, None),
        ({"low": 9.0}, (9.0, "stop_loss")),
        ({"low": 8.0, "open_": 8.5}, (8.5, "stop_loss")),
        ({"high": 12.0}, (12.0, "take_profit")),
        ({"high": 14.0, "open_": 13.0}, (13.0, "take_profit")),
        ({"high": 12.0, "low": 9.0}, (9.0, "stop_loss")),
    ],
)
def test_levels_are_reached_exactly(bar, outcome):
    # of 10: 10 % below and 20 % above, both without a rounding error
    protection = Protection(Limits(stop_loss_pct=10, take_profit_pct=20))
    assert protection.exit(10.0, 10.0, **{**BAR, **bar}) == outcome


def test_without_limits_nothing_closes_a_position():
    assert Protection(Limits()).exit(10.0, 1e9, 1.0, 1e9, 1e-9) is None


def test_a_drawdown_is_measured_from_the_highest_close_or_the_start():
    strike = first_strike(np.array([90.0, 120, 61, 60]), np.arange(4), 100, Limits(max_drawdown_pct=50))
    assert strike == (3, "max_drawdown")
    strike = first_strike(np.array([50.0]), np.arange(1), 100, Limits(max_drawdown_pct=50))
    assert strike == (0, "max_drawdown")


def test_a_day_starts_with_the_last_close_before_midnight():
    time_s = MONDAY_S + HOUR_S * np.array([-1, 0, 1])
    rules = Limits(max_daily_loss_pct=10)
    assert first_strike(np.array([95.0, 90.0, 85.5]), time_s, 100, rules) == (2, "daily_loss")
    assert first_strike(np.array([95.0, 90.0, 85.6]), time_s, 100, rules) is None


def test_the_first_of_two_strikes_counts():
    rules = Limits(max_drawdown_pct=50, max_daily_loss_pct=25)
    assert first_strike(np.array([75.0, 50]), np.arange(2), 100, rules) == (0, "daily_loss")
    assert first_strike(np.array([50.0]), np.arange(1), 100, rules) == (0, "max_drawdown")


@given(limits.filter(lambda rules: rules.trading_hours), st.lists(st.integers(0, 4_000_000_000), max_size=20))
def test_trading_hours_are_those_of_the_clock_on_the_wall(rules, times_s):
    allowed = in_trading_hours(np.array(times_s, np.int64), rules.trading_hours)
    assert allowed.tolist() == [inside_hours(time_s, rules.trading_hours) for time_s in times_s]


def test_a_window_over_midnight_belongs_to_the_day_it_starts_on():
    hours = TradingHours(days=("mon",), start="22:00", end="02:00")
    times_s = MONDAY_S + HOUR_S * np.array([1, 21, 22, 25, 26])
    assert in_trading_hours(times_s, hours).tolist() == [False, False, True, True, False]
    assert in_trading_hours(times_s, TradingHours(days=DAYS)).all()


def test_summer_time_moves_the_hours():
    hours = TradingHours(start="09:00", end="10:00", zone="Europe/Berlin")
    winter_s, summer_s = 1_610_697_600, 1_626_336_000  # 2021-01-15 and 2021-07-15, 08:00 UTC
    assert in_trading_hours(np.array([winter_s, summer_s]), hours).tolist() == [True, False]


@given(markets())
def test_a_path_replaces_covered_bars_and_keeps_the_others(market):
    candles, detail = market
    path = Path.of(candles, detail)
    assert path.bar.tolist() == sorted(path.bar)
    assert set(path.bar) == set(range(len(candles)))
    np.testing.assert_array_equal(path.bar[path.first[:-1]], np.arange(len(candles)))
    assert path.first[-1] == len(path.bar)
    assert ((candles.time_s[path.bar] <= path.time_s) & (path.time_s < candles.end_s[path.bar])).all()
