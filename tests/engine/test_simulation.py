"""The order of things inside a bar, and that jumping between fills is the same as walking through bars."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.engine.execution import Execution, Limits, TradingHours
from evotrade.engine.simulation import simulate
from evotrade.errors import SettingsError
from evotrade.market.candles import Candles
from tests.engine.bar_by_bar import HOUR_S, Trader, decisions, executions, markets

BUY, SELL, HOLD = 1, -1, 0
MIDNIGHT_S = 1_600_041_600  # 2020-09-14, a Monday


def bars(*rows, timeframe="1h", start_s=MIDNIGHT_S, step_s=HOUR_S):
    """Candles of (open, high, low, close) rows, or of one number for a flat bar."""
    table = np.array([row if isinstance(row, tuple) else (row,) * 4 for row in rows], float)
    time_s = start_s + step_s * np.arange(len(rows))
    return Candles(time_s, *table.T, np.ones(len(rows)), np.ones(len(rows)), timeframe)


def trade(orders, candles, detail=None, **terms):
    limits = {item.name for item in dataclasses.fields(Limits)}
    rules = Limits(**{name: terms.pop(name) for name in list(terms) if name in limits})
    execution = Execution(**{"fee_bps": 0, "initial": 100, "limits": rules, **terms})
    return simulate(np.array(orders, np.int8), candles, execution, detail)


def fills_of(run):
    fills = run.fills
    return list(zip(fills.bar.tolist(), fills.price.tolist(), fills.reason, strict=True))


@settings(max_examples=400)
@given(markets(), executions, st.booleans(), st.data())
def test_jumping_between_fills_is_walking_bar_by_bar_to_the_last_bit(market, execution, finer, data):
    candles, detail = market[0], market[1] if finer else None
    orders = data.draw(decisions(len(candles)))
    run, walked = simulate(orders, candles, execution, detail), Trader(orders, candles, execution, detail)
    names = ("bar", "time_s", "side", "price", "quantity", "fee", "pnl")
    columns = [getattr(run.fills, name).tolist() for name in names]
    assert list(zip(*columns, run.fills.reason, strict=True)) == walked.fills
    assert run.equity.tolist() == walked.equity
    assert run.held.tolist() == walked.held
    assert (run.halted_bar, run.halt_reason) == (walked.halted or (None, None))
    assert run.refused_entries == walked.refused


@given(markets(), executions, st.data())
def test_what_comes_later_changes_nothing_before(market, execution, data):
    candles, execution = market[0], dataclasses.replace(execution, close_at_end=False)
    orders = data.draw(decisions(len(candles)))
    cut = data.draw(st.integers(0, len(candles)))
    whole, part = simulate(orders, candles, execution), simulate(orders[:cut], candles[:cut], execution)
    assert part.equity.tolist() == whole.equity[:cut].tolist()
    assert fills_of(part) == fills_of(whole)[: len(part.fills)]
    assert (whole.fills.bar[len(part.fills) :] >= cut).all()


@given(markets(), executions, st.data())
def test_equity_is_what_the_trades_made_and_trades_hold_what_was_held(market, execution, data):
    candles = market[0]
    run = simulate(data.draw(decisions(len(candles))), candles, execution)
    trades, closed = run.trades, run.trades.closed
    earned = execution.initial + trades.pnl[:closed].sum()
    if run.open_at_end:
        paid = trades.entry_price[-1] * trades.quantity[-1] + trades.fees[-1]
        earned += trades.quantity[-1] * candles.close[-1] - paid
    assert run.equity[-1] == pytest.approx(earned, rel=1e-12)
    assert trades.bars_held.sum() == run.held.sum()
    assert trades.fees.sum() == pytest.approx(run.fills.fee.sum(), rel=1e-12)


def test_a_decision_fills_at_the_open_of_the_next_bar():
    run = trade([BUY, SELL, HOLD], bars(10, (20, 50, 20, 50), (40, 40, 30, 30)))
    assert fills_of(run) == [(1, 20, "signal"), (2, 40, "signal")]
    assert run.equity.tolist() == [100, 250, 200]
    assert run.held.tolist() == [False, True, False]


def test_a_decision_at_the_last_bar_leaves_no_trade_at_the_next_open():
    assert len(trade([HOLD, BUY], bars(10, 10)).fills) == 0


def test_a_decision_fills_at_its_own_close_when_asked():
    run = trade([BUY, SELL], bars((10, 20, 10, 20), (30, 40, 30, 40)), fill="close")
    assert fills_of(run) == [(0, 20, "signal"), (1, 40, "signal")]
    assert run.equity.tolist() == [100, 200]


def test_the_next_bar_is_the_next_that_exists_however_late():
    late = bars(10, 20, step_s=100 * HOUR_S)
    run = trade([BUY, HOLD], late)
    assert run.fills.time_s.tolist() == [late.time_s[1]]


def test_buying_when_long_and_selling_when_flat_do_nothing():
    run = trade([SELL, BUY, BUY, SELL, SELL, HOLD], bars(10, 10, 10, 10, 10, 10))
    assert run.fills.bar.tolist() == [2, 4]


def test_an_open_position_is_marked_at_the_end_without_costs():
    run = trade([BUY, HOLD], bars(10, (10, 20, 10, 20)), fee_bps=100, fee_on="notional")
    assert run.equity[-1] == pytest.approx(9.9 * 20)
    assert run.trades.reason == ("open",)
    assert np.isnan(run.trades.pnl[0])


def test_an_open_position_is_sold_at_the_last_close_when_asked():
    run = trade([BUY, HOLD], bars(10, (10, 20, 10, 20)), fee_bps=100, fee_on="notional", close_at_end=True)
    assert run.equity[-1] == pytest.approx(9.9 * 20 * 0.99)
    assert run.held.tolist() == [False, True]
    assert (run.trades.reason, run.trades.bars_held.tolist()) == (("end",), [1])


def test_a_stop_fills_at_its_level_inside_the_bar():
    run = trade([BUY, 0, 0], bars(10, 10, (10, 11, 7, 11)), stop_loss_pct=20)
    assert fills_of(run)[1:] == [(2, 8, "stop_loss")]


def test_a_stop_fills_at_the_open_when_the_bar_opens_below_it():
    run = trade([BUY, 0, 0], bars(10, 10, (6, 11, 5, 11)), stop_loss_pct=20)
    assert fills_of(run)[1:] == [(2, 6, "stop_loss")]


def test_a_stop_acts_in_the_bar_of_the_entry():
    run = trade([BUY, 0], bars(10, (10, 12, 7, 12)), stop_loss_pct=20)
    assert fills_of(run) == [(1, 10, "signal"), (1, 8, "stop_loss")]
    assert run.trades.bars_held.tolist() == [0]


def test_a_target_fills_at_the_better_of_target_and_open():
    assert fills_of(trade([BUY, 0], bars(10, (10, 13, 9, 10)), take_profit_pct=20))[1:] == [
        (1, 12, "take_profit")
    ]
    assert fills_of(trade([BUY, 0, 0], bars(10, 10, (14, 15, 13, 14)), take_profit_pct=20))[1:] == [
        (2, 14, "take_profit")
    ]


def test_a_stop_wins_over_a_target_in_the_same_bar():
    run = trade([BUY, 0], bars(10, (10, 13, 7, 10)), stop_loss_pct=20, take_profit_pct=20)
    assert fills_of(run)[1:] == [(1, 8, "stop_loss")]


def test_finer_bars_decide_which_of_stop_and_target_came_first():
    finer = bars(10, 10, 10, 10, (10, 13, 10, 13), (13, 13, 7, 7), 10, 10, timeframe="15m", step_s=900)
    run = trade([BUY, 0], bars(10, (10, 13, 7, 10)), finer, stop_loss_pct=20, take_profit_pct=20)
    assert fills_of(run)[1:] == [(1, 12, "take_profit")]
    assert run.fills.time_s[1] == finer.time_s[4]


def test_a_trailing_stop_follows_highs_of_earlier_bars_only():
    candles = bars(10, (10, 20, 9, 18), (18, 30, 17, 29), (29, 29, 14, 15))
    run = trade([BUY, 0, 0, 0], candles, trailing_stop_pct=50)
    assert fills_of(run)[1:] == [
        (3, 15, "trailing_stop")
    ]  # half of 30; 9 and 17 never touched half of 10, 20


def test_the_higher_of_two_stops_is_reached_first():
    candles = bars(10, (10, 20, 10, 20), (20, 20, 5, 5))
    run = trade([BUY, 0, 0], candles, trailing_stop_pct=40, stop_loss_pct=10)
    assert fills_of(run)[1:] == [(2, 12, "trailing_stop")]


def test_after_a_stop_the_next_entry_is_at_the_next_open():
    run = trade([BUY, BUY, BUY], bars(10, (10, 10, 7, 7), 10), stop_loss_pct=20)
    assert fills_of(run) == [(1, 10, "signal"), (1, 8, "stop_loss"), (2, 10, "signal")]


def test_after_a_stop_the_close_of_the_same_bar_may_enter_again():
    run = trade([BUY, BUY], bars(10, (10, 10, 7, 9)), stop_loss_pct=20, fill="close")
    assert fills_of(run) == [(0, 10, "signal"), (1, 8, "stop_loss"), (1, 9, "signal")]


def test_a_position_bought_at_a_close_is_not_stopped_by_the_bar_before():
    run = trade([BUY, 0], bars((10, 10, 1, 10), 10), stop_loss_pct=20, fill="close")
    assert fills_of(run) == [(0, 10, "signal")]


def test_a_drawdown_sells_at_the_next_open_and_ends_the_trading():
    candles = bars(10, (10, 10, 5, 5), (4, 9, 4, 9), 9, 9)
    run = trade([BUY, 0, BUY, BUY, BUY], candles, max_drawdown_pct=50)
    assert fills_of(run)[1:] == [(2, 4, "max_drawdown")]
    assert (run.halted_bar, run.halt_reason) == (1, "max_drawdown")
    assert run.equity.tolist() == [100, 50, 40, 40, 40]


def test_a_drawdown_struck_at_the_last_close_leaves_the_position_open():
    run = trade([BUY, 0], bars(10, (10, 10, 5, 5)), max_drawdown_pct=50)
    assert (run.halted_bar, run.open_at_end) == (1, True)


def test_a_drawdown_can_strike_on_a_loss_that_is_already_realised():
    run = trade([BUY, SELL, BUY, BUY], bars(10, 10, 4, 4), max_drawdown_pct=50)
    assert fills_of(run)[1:] == [(2, 4, "signal")]
    assert run.halted_bar == 2


def test_a_daily_loss_counts_from_the_last_close_of_the_day_before():
    first_bar = MIDNIGHT_S - 2 * HOUR_S
    candles = bars(10, (10, 10, 9, 9), 9, (9, 9, 8, 8), 8, start_s=first_bar)  # -10 %, then -11.1 % of 90
    run = trade([BUY, 0, 0, 0, 0], candles, max_daily_loss_pct=11)
    assert fills_of(run)[1:] == [(4, 8, "daily_loss")]
    assert run.halted_bar == 3


def test_after_a_loss_entries_wait_for_the_cool_down():
    waiting = trade([BUY, SELL, *[BUY] * 5], bars(10, 10, 9, 9, 9, 9, 9), cool_down_bars=2)
    assert waiting.fills.bar.tolist() == [1, 2, 5]
    after_a_win = trade([BUY, SELL, *[BUY] * 5], bars(10, 10, 11, 9, 9, 9, 9), cool_down_bars=2)
    assert after_a_win.fills.bar.tolist() == [1, 2, 3]


def test_trades_a_day_are_counted_by_the_utc_day_of_the_entry():
    orders = [BUY, SELL] * 4
    candles = bars(*[10] * 8, start_s=MIDNIGHT_S - 5 * HOUR_S)
    run = trade(orders, candles, max_trades_per_day=1)
    assert run.fills.bar.tolist() == [1, 2, 5, 6]  # bar 3 is forbidden, bar 5 opens the new day


def test_trading_hours_forbid_entries_and_never_exits():
    hours = TradingHours(start="02:00", end="03:00")
    run = trade([BUY, BUY, HOLD, SELL, BUY, 0], bars(*[10] * 6), trading_hours=hours)
    assert run.fills.bar.tolist() == [2, 4]


@pytest.mark.parametrize("wrong", [[1, 0], [1, 0, 2], [[1, 0, 0]]])
def test_decisions_of_another_shape_or_value_are_refused(wrong):
    with pytest.raises(SettingsError, match="decisions"):
        trade(wrong, bars(10, 10, 10))


def test_a_detail_must_be_finer_than_the_candles():
    with pytest.raises(SettingsError, match="not finer"):
        trade([0, 0], bars(10, 10), bars(10, 10))


def test_no_bars_are_no_trades():
    assert len(trade([], bars(10)[:0]).equity) == 0
