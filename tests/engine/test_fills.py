"""Money and quantity: costs, rounding and minimum sizes of one account, and fills paired to trades."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.execution import Execution, Instrument
from evotrade.engine.fills import Account, Fill, FillLog, make_trades, round_price, round_quantity
from tests.engine.bar_by_bar import executions

prices = st.floats(0.01, 1e6)
ticks = st.sampled_from([0.00001, 0.01, 0.1, 0.25, 0.5, 1.0, 5.0])


def account(**terms):
    return Account(Execution(**{"fee_bps": 0, "initial": 100, **terms}))


@given(executions, prices)
def test_a_round_trip_costs_its_fees_and_never_more_cash_than_there_is(execution, price):
    held = Account(execution)
    bought = held.buy(price)
    if bought is None:
        assert (held.cash, held.position) == (execution.initial, 0)
        return
    assert held.cash >= -1e-9 * execution.initial
    sold = held.sell(price)
    slipped = (bought.price - sold.price) * bought.quantity
    assert sold.pnl == pytest.approx(-slipped - bought.fee - sold.fee, abs=1e-9 * execution.initial)
    assert held.cash == pytest.approx(execution.initial + sold.pnl)


def test_a_fee_on_top_buys_less_so_that_cash_pays_for_both():
    held = account(fee_bps=2500)
    assert held.buy(10) == Fill(1, 10, 8, 20, 0, 0, 8)  # 100 / (10 · 1.25), 25 % of 80
    assert held.sell(20) == Fill(-1, 20, 8, 40, 20, 120, 0)  # 25 % of 160; 120 − 100


def test_a_fee_on_notional_is_taken_off_before_buying():
    held = account(fee_bps=2500, fee_on="notional")
    assert held.buy(10) == Fill(1, 10, 7.5, 25, 0, 0, 7.5)  # 100 · 0.75 / 10


def test_a_size_invests_its_share_and_leaves_the_rest():
    held = account(size=0.25)
    assert held.buy(5) == Fill(1, 5, 5, 0, 0, 75, 5)


def test_slippage_and_half_the_spread_move_the_price_against_the_trader():
    held = account(slippage_bps=100, spread_bps=800)
    assert held.buy(100).price == pytest.approx(105)
    assert held.sell(100).price == pytest.approx(95)


def test_an_entry_below_the_exchanges_minimum_does_not_happen():
    for rule in (Instrument(order_min=11), Instrument(cost_min=101), Instrument(lot_decimals=0)):
        held = account(instrument=rule)
        assert held.buy(10 if rule.lot_decimals else 101) is None
        assert (held.cash, held.position) == (100, 0)


def test_an_entry_of_exactly_the_minimum_happens():
    assert account(instrument=Instrument(order_min=10, cost_min=100)).buy(10).quantity == 10


def test_a_quantity_is_cut_to_the_lot_and_the_fee_is_paid_for_what_is_bought():
    rule = Instrument(lot_decimals=1, tick_size=0.5)
    bought = account(fee_bps=1000, instrument=rule).buy(7.3)  # 100 / (7.5 · 1.1) is 12.12
    assert bought == pytest.approx((1, 7.5, 12.1, 9.075, 0, 0.175, 12.1))
    kept = account(fee_bps=5000, fee_on="notional", instrument=Instrument(lot_decimals=0))
    assert kept.buy(9) == Fill(1, 9, 5, 45, 0, 10, 5)  # 50 / 9 is 5; the fee is as much as the cost


@given(prices, ticks)
def test_a_rounded_price_is_a_tick_next_to_it_on_the_traders_worse_side(price, tick):
    up, down = round_price(price, tick, up=True), round_price(price, tick, up=False)
    assert price * (1 - 1e-15) <= up < price * (1 + 1e-15) + tick
    assert price * (1 - 1e-15) - tick < down <= price * (1 + 1e-15) or down == tick
    assert round_price(up, tick, up=True) == round_price(up, tick, up=False) == up


def test_a_price_on_a_tick_stays_as_it_is_written():
    assert round_price(0.3, 0.1, up=True) == round_price(0.3, 0.1, up=False) == 0.3
    assert round_price(61_234.5, 0.1, up=True) == 61_234.5
    assert round_price(0.004, 0.01, up=False) == 0.01  # nothing is sold for nothing


@given(st.floats(0, 1e6), st.integers(0, 8))
def test_a_rounded_quantity_is_never_more_and_less_by_under_a_lot(quantity, decimals):
    rounded = round_quantity(quantity, decimals)
    assert rounded <= quantity < rounded + 10.0**-decimals + 1e-9
    assert round_quantity(rounded, decimals) == round(rounded, decimals) == rounded


def test_fills_pair_to_trades_with_an_open_one_last():
    log, held = FillLog(), account(fee_bps=2500)
    for bar, side, price in ((1, "buy", 10), (4, "sell", 20), (6, "buy", 10)):
        log.add(bar, 60 * bar, "signal", getattr(held, side)(price))
    trades = make_trades(log.columns(), bars=9)
    assert (len(trades), trades.closed, trades.reason) == (2, 1, ("signal", "open"))
    assert trades.bars_held.tolist() == [3, 3]
    assert trades.exit_time_s.tolist() == [240, -1]
    assert trades.fees.tolist() == [60, 24]
    np.testing.assert_array_equal(trades.pnl, [20, np.nan])
    np.testing.assert_array_equal(trades.return_pct, [20, np.nan])


@pytest.mark.parametrize("fills", [0, 1, 2, 3])
def test_bars_and_times_of_trades_are_whole_numbers(fills):
    log = FillLog()
    for number in range(fills):
        log.add(number, 3_600 * number, "signal", Fill(1 - 2 * (number % 2), 100.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    trades = make_trades(log.columns(), bars=10)
    for name in ("entry_bar", "exit_bar", "entry_time_s", "exit_time_s", "bars_held"):
        assert getattr(trades, name).dtype == np.int64


def test_no_fills_are_no_trades():
    trades = make_trades(FillLog().columns(), bars=5)
    assert (len(trades), trades.closed) == (0, 0)
