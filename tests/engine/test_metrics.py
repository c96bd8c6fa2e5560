"""Known answers by hand, and the laws that hold for every run."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evotrade.engine.backtest import backtest_decisions
from evotrade.engine.buy_hold import buy_and_hold
from evotrade.engine.execution import Execution
from evotrade.engine.metrics import METRICS
from evotrade.engine.simulation import simulate
from evotrade.market.candles import Candles
from evotrade.market.synthetic import synthetic_candles
from tests.engine.bar_by_bar import HOUR_S, decisions, executions, markets

NAMES = [
    *("net_profit", "return_pct", "cagr_pct", "buy_hold_return_pct", "exposure_pct", "volatility_pct"),
    *("sharpe", "sortino", "calmar", "omega", "max_drawdown_pct", "max_drawdown_bars", "avg_drawdown_pct"),
    *("trades", "closed_trades", "win_rate_pct", "profit_factor", "expectancy_pct", "avg_trade_pct"),
    *("best_trade_pct", "worst_trade_pct", "avg_holding_bars", "max_win_streak", "max_loss_streak", "sqn"),
    *("kelly", "turnover", "fees_paid", "breakeven_bps", "final_equity"),
]


def measured(orders, closes, **terms):
    """Metrics of a run that fills at flat bars' closes, without a fee, with a capital of 100."""
    prices = np.array(closes, float)
    ones = np.ones(len(prices))
    candles = Candles(HOUR_S * np.arange(len(prices)), *[prices] * 4, ones, ones, "1h")
    execution = Execution(**{"fee_bps": 0, "initial": 100, "fill": "close", **terms})
    return backtest_decisions(np.array(orders, np.int8), candles, execution).metrics


def test_the_table_holds_the_names_of_the_interface_in_their_order():
    assert list(METRICS) == NAMES
    assert all(metric.doc.endswith(".") for metric in METRICS.values())


def test_a_fall_that_never_recovers_is_a_drawdown():
    found = measured([1, 0, 0], [100, 50, 55])
    assert found["max_drawdown_pct"] == found["avg_drawdown_pct"] == 50
    assert found["max_drawdown_bars"] == 2


def test_the_initial_capital_is_a_peak():
    assert measured([1, 0], [100, 101], fee_bps=1000, fee_on="notional")["max_drawdown_pct"] == pytest.approx(
        10
    )


def test_drawdowns_are_averaged_over_falls():
    found = measured([1, 0, 0, 0, 0, 0], [100, 90, 100, 200, 140, 180])  # 10 % and 30 %
    assert found["avg_drawdown_pct"] == pytest.approx(20)
    assert found["max_drawdown_bars"] == 2


def test_the_ratios_of_returns_by_hand():
    found = measured([0, 1, 0, 0], [100, 100, 120, 90])  # returns 0, 0, 0.2, −0.25
    year = 365 * 24
    deviation = math.sqrt((0.0125**2 * 2 + 0.2125**2 + 0.2375**2) / 3)
    assert found["volatility_pct"] == pytest.approx(100 * deviation * math.sqrt(year))
    assert found["sharpe"] == pytest.approx(-0.0125 / deviation * math.sqrt(year))
    assert found["sortino"] == pytest.approx(-0.0125 / 0.125 * math.sqrt(year))
    assert found["omega"] == pytest.approx(0.8)
    assert found["cagr_pct"] == pytest.approx(100 * (0.9 ** (year / 4) - 1))
    assert found["calmar"] == pytest.approx((0.9 ** (year / 4) - 1) / 0.25)
    assert found["exposure_pct"] == 75
    assert found["final_equity"] == pytest.approx(90)


@pytest.fixture
def doubling_and_halving():
    """100 → 200 → 100 → 200 in trades of one, two and one bars; a fourth is open."""
    return measured([1, -1, 1, 0, -1, 1, -1, 1], [10, 20, 10, 9, 5, 10, 20, 30])


def test_the_results_of_trades_by_hand(doubling_and_halving):
    found = doubling_and_halving
    assert (found["trades"], found["closed_trades"]) == (4, 3)
    assert found["win_rate_pct"] == pytest.approx(200 / 3)
    assert found["profit_factor"] == pytest.approx(2)
    assert found["expectancy_pct"] == pytest.approx(50)
    assert found["avg_trade_pct"] == pytest.approx(100 * (2 ** (1 / 3) - 1))
    assert (found["best_trade_pct"], found["worst_trade_pct"]) == (100, -50)
    assert found["avg_holding_bars"] == pytest.approx(4 / 3)


def test_the_quality_of_trades_by_hand(doubling_and_halving):
    found = doubling_and_halving
    assert (found["max_win_streak"], found["max_loss_streak"]) == (1, 1)
    assert found["sqn"] == pytest.approx(math.sqrt(3) * (100 / 3) / math.sqrt(40_000 / 3))
    assert found["kelly"] == pytest.approx(2 / 3 - 1 / 3)
    mean_equity = (100 + 200 + 200 + 180 + 100 + 100 + 200 + 200) / 8
    assert found["turnover"] == pytest.approx((100 + 200 + 200 + 100 + 100 + 200 + 200) / mean_equity)


def test_streaks_count_trades_in_a_row():
    rising_then_falling = [1, -1, 1, -1, 1, -1, 1, -1, 1, -1]
    found = measured(rising_then_falling, [1, 2, 3, 4, 5, 4, 4, 4, 3, 2])
    assert (found["max_win_streak"], found["max_loss_streak"]) == (2, 1)  # win, win, loss, neither, loss


def test_fees_are_counted_without_slippage():
    found = measured([1, -1], [100, 100], fee_bps=1000, fee_on="notional", slippage_bps=0)
    assert found["fees_paid"] == pytest.approx(10 + 9)
    slipped = measured([1, -1], [100, 100], fee_bps=0, slippage_bps=100)
    assert slipped["fees_paid"] == 0
    assert slipped["net_profit"] < 0


def test_buy_and_hold_pays_the_same_costs_for_its_entry():
    found = measured([0, 0, 0], [10, 20, 40], fee_bps=1000, fee_on="notional")
    assert found["buy_hold_return_pct"] == pytest.approx(260)  # 90 / 10 · 40
    later = measured([0, 0, 0], [10, 20, 40], fill="next_open")
    assert later["buy_hold_return_pct"] == pytest.approx(100)


def test_buy_and_hold_is_the_capital_before_its_first_fill_and_nothing_where_there_is_none():
    assert buy_and_hold(synthetic_candles(5, "1h", 1), Execution())[0] == 1000.0
    assert np.isnan(buy_and_hold(synthetic_candles(1, "1h", 1), Execution())).all()


def test_growth_goes_by_the_calendar_over_gaps():
    two_closes = np.array([1.0, 2.0])
    half_a_year_s = 365 * 12 * HOUR_S
    candles = Candles([0, half_a_year_s - HOUR_S], *[two_closes] * 4, two_closes, two_closes, "1h")
    execution = Execution(fee_bps=0, fill="close")
    run = backtest_decisions(np.array([1, 0], np.int8), candles, execution)
    assert run.metrics["cagr_pct"] == pytest.approx(300)


def test_without_trades_there_is_nothing_to_divide_by():
    found = measured([0, 0, 0], [10, 20, 30])
    zero = {"net_profit", "return_pct", "cagr_pct", "exposure_pct", "volatility_pct", "max_drawdown_pct"}
    zero |= {"max_drawdown_bars", "trades", "closed_trades", "turnover", "fees_paid"}
    assert {name for name, value in found.items() if value == 0} == zero
    valued = zero | {"final_equity", "buy_hold_return_pct"}
    assert {name for name, value in found.items() if math.isnan(value)} == set(NAMES) - valued


def test_no_bars_have_counts_and_no_ratios():
    found = measured([], [])
    assert (found["trades"], found["net_profit"], found["final_equity"]) == (0, 0, 100)
    assert math.isnan(found["sharpe"])
    assert math.isnan(found["max_drawdown_pct"])


@given(markets(), executions, st.data())
def test_every_metric_is_finite_or_nan_and_percentages_stay_in_range(market, execution, data):
    candles = market[0]
    run = backtest_decisions(data.draw(decisions(len(candles))), candles, execution)
    found = run.metrics
    assert not any(map(math.isinf, found.values()))
    assert 0 <= found["max_drawdown_pct"] <= 100
    assert 0 <= found["exposure_pct"] <= 100
    assert found["max_drawdown_bars"] <= len(candles)
    assert found["net_profit"] == pytest.approx(run.simulation.equity[-1] - execution.initial)


@given(markets(), st.sampled_from(["top", "notional"]), st.sampled_from([1.0, 0.3]), st.booleans(), st.data())
def test_run_again_at_the_breakeven_fee_nothing_is_earned(market, fee_on, size, close_at_end, data):
    candles, orders = market[0], data.draw(decisions(len(market[0])))
    terms = {"fee_on": fee_on, "size": size, "close_at_end": close_at_end}
    execution = Execution(**terms)
    fee_bps = backtest_decisions(orders, candles, execution).metrics["breakeven_bps"]
    assume(not math.isnan(fee_bps))
    again = simulate(orders, candles, Execution(fee_bps=fee_bps, **terms))
    assert again.equity[-1] == pytest.approx(execution.initial, rel=1e-9)


def test_a_breakeven_fee_needs_trades_and_stays_below_all_there_is():
    assert math.isnan(measured([0, 0], [10, 10])["breakeven_bps"])
    assert math.isnan(measured([1, 0], [10, 30])["breakeven_bps"])  # a fee of 200 % on top
    assert measured([1, 0], [10, 15])["breakeven_bps"] == pytest.approx(5000)
    assert measured([1, -1], [10, 5], fee_on="notional")["breakeven_bps"] == pytest.approx(1e4 * (1 - 2**0.5))


def test_slices_are_of_equal_time_and_the_moments_of_all():
    hours = np.array([0, 1, 2, 3, 159, 160, 319])  # of 320 hours, a slice is 20
    returns = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, -0.6])
    flat, ones = [np.cumprod(1 + returns)] * 4, np.ones(7)
    candles = Candles(HOUR_S * hours, *flat, ones, ones, "1h")
    run = backtest_decisions(np.array([1, 0, 0, 0, 0, 0, 0], np.int8), candles, Execution(0, fill="close"))
    sums = run.slices
    assert sums.n == (4, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1)
    assert [sums.sum[k] for k in (0, 7, 8, 15)] == pytest.approx([0.6, 0.4, 0.5, -0.6])
    assert [sums.sum_sq[k] for k in (0, 15)] == pytest.approx([0.14, 0.36])
    apart = returns - 0.9 / 7
    m2, m3, m4 = (float((apart**power).sum()) / 7 for power in (2, 3, 4))
    assert sums.skew == pytest.approx(m3 / m2**1.5)
    assert sums.kurtosis == pytest.approx(m4 / m2**2)


@pytest.mark.parametrize("bars", [5, 0])
def test_an_equity_that_never_moves_has_no_moments(bars):
    run = backtest_decisions(np.zeros(bars, np.int8), synthetic_candles(5, "1h", 1)[:bars])
    assert np.isnan(run.slices[3:]).all()


def test_an_account_that_fees_ate_to_the_last_bit_is_a_loss_of_all_without_a_warning():
    market = synthetic_candles(6_000, "1h", seed=1)
    in_and_out = np.where(np.arange(6_000) % 2, 1, -1).astype(np.int8)
    outcome = backtest_decisions(in_and_out, market, Execution(fee_bps=5_000))
    assert outcome.metrics["return_pct"] == -100
    assert math.isnan(outcome.slices.skew)
