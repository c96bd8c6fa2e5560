"""How a session buys and sells: once, within its money, again when refused, never on a guess."""

from decimal import Decimal

import pytest

from evotrade.engine.execution import Limits
from evotrade.engine.session import events
from evotrade.engine.session.effects import Executed
from tests.engine.session.hand import HOUR, Hand, cancelled, is_quiet, placed

BUY, HOLD, SELL = 1, 0, -1


def entered(**how):
    """A session that holds 10 BTC bought at 100.0 in its second bar."""
    hand = Hand(**how)
    hand.buy()
    return hand


def test_a_signal_acts_at_the_first_tick_at_or_after_the_end_of_its_bar():
    hand = Hand()
    assert is_quiet(hand.close(BUY))
    assert is_quiet(hand.tick(3599.0, 90.0))
    order = placed(hand.tick(3600.0, 100.0))
    assert (order.leg, order.side, order.kind, order.attempt, order.bar_start_s) == (
        "entry",
        "buy",
        "limit",
        1,
        0,
    )
    assert (order.quantity, order.price) == (Decimal(10), Decimal("100.0"))
    assert is_quiet(hand.tick(3601.0, 80.0))


def test_it_sells_what_it_bought_and_books_the_profit():
    hand = entered()
    hand.close(SELL, 110.0)
    order = placed(hand.tick(7200.0, 110.0))
    assert (order.leg, order.kind, order.quantity, order.price) == ("exit", "market", Decimal(10), None)
    done = next(one for one in hand.carry_out(order, 110) if isinstance(one, Executed))
    assert (done.pnl, done.cash_after, done.position_after) == (100, 1100, 0)
    trade = hand.session.trade
    assert (trade.number, trade.entry_price, trade.exit_price, trade.pnl) == (1, 100, 110, 100)
    assert (trade.exit_reason, trade.is_open) == ("signal", False)


def test_a_decision_that_changes_nothing_does_nothing():
    hand = Hand()
    hand.close(SELL)
    assert is_quiet(hand.tick(3600.0, 100.0))
    hand.buy()
    hand.close(BUY)
    assert is_quiet(hand.tick(10_800.0, 100.0))
    assert hand.missed == ["", "", ""]


def test_a_bar_that_came_too_late_is_decided_and_listed_as_missed():
    hand = Hand()
    hand.close(BUY, may_act=False)
    assert is_quiet(hand.tick(3600.0, 100.0))
    assert hand.missed == ["it was fetched too late to act on"]
    assert hand.session.missed_bars == 1


@pytest.mark.parametrize(("back_s", "acts"), [(3700.0, True), (3600.0 + 360.0, False)])
def test_a_signal_of_a_time_without_prices_acts_if_they_are_soon_back(back_s, acts):
    hand = Hand()
    hand.feed(events.FeedLost(3000.0, "silent"))
    hand.close(BUY)
    assert hand.missed == ["degraded: silent"]
    assert is_quiet(hand.tick(3650.0, 100.0))
    hand.feed(events.FeedBack(back_s))
    told = hand.tick(back_s, 100.0)
    assert is_quiet(told) is not acts
    assert hand.session.missed_bars == (not acts)


def test_a_signal_that_waited_for_prices_in_vain_is_missed():
    hand = Hand()
    hand.close(BUY)
    hand.feed(events.FeedLost(3600.0, "silent"))
    hand.feed(events.FeedBack(4000.0))
    assert hand.missed == ["prices came back too late to act on it"]


def test_while_an_order_is_unknown_nothing_is_sent():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.feed(events.Unknown(3601.0, order.order_id, "no answer"))
    assert is_quiet(hand.tick(3700.0, 100.0))
    hand.close(SELL)
    assert is_quiet(hand.tick(7200.0, 100.0))
    assert hand.missed == ["not bought before the next bar closed", "the outcome of an order is not known"]


def test_an_unknown_order_that_never_was_is_tried_again_under_another_id():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.feed(events.Unknown(3601.0, order.order_id, "no answer"))
    assert is_quiet(hand.end(order, "refused", 3602.0))
    again = placed(hand.tick(3660.0, 99.0))
    assert (again.attempt, again.bar_start_s, again.price) == (2, 0, Decimal("99.0"))
    assert again.order_id != order.order_id


def test_an_unknown_order_that_is_found_filled_is_a_position():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.feed(events.Unknown(3601.0, order.order_id, "no answer"))
    hand.fill(order, 100)
    hand.accept(order)
    hand.end(order, "filled")
    assert is_quiet(hand.tick(3700.0, 100.0))
    assert (hand.session.book.position, hand.session.book.cash) == (10, 0)


def test_an_entry_is_tried_three_times_and_then_missed():
    hand, at_s = Hand(), 3600.0
    hand.close(BUY)
    for _ in range(3):
        hand.end(placed(hand.tick(at_s, 100.0)), "refused", at_s, "Insufficient funds")
        at_s += 60
    assert is_quiet(hand.tick(at_s, 100.0))
    assert hand.missed == ["not bought in 3 attempts: Insufficient funds"]


def test_an_entry_that_does_not_fill_in_time_is_cancelled_and_priced_anew():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.accept(order)
    assert is_quiet(hand.tick(3719.0, 101.0))
    assert cancelled(hand.feed(events.Clock(3720.0))) == [order.order_id]
    hand.end(order, "cancelled", 3721.0)
    assert placed(hand.tick(3722.0, 101.0)).price == 101


def test_what_a_cancelled_entry_bought_is_kept_and_the_rest_let_go():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.accept(order)
    hand.fill(order, 100, "4")
    hand.feed(events.Clock(3720.0))
    hand.end(order, "cancelled", 3721.0)
    assert is_quiet(hand.tick(3722.0, 100.0))
    hand.close(SELL)
    assert placed(hand.tick(7200.0, 100.0)).quantity == 4


def test_a_signal_to_sell_cancels_an_open_entry_first():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.accept(order)
    hand.fill(order, 100, "4")
    assert cancelled(hand.close(SELL)) == [order.order_id]
    assert is_quiet(hand.tick(7200.0, 100.0))
    assert placed(hand.end(order, "cancelled")).quantity == 4


def test_an_exit_is_tried_at_later_ticks_until_nothing_is_left():
    hand = entered()
    hand.close(SELL)
    order = placed(hand.tick(7200.0, 100.0))
    assert is_quiet(hand.end(order, "refused", 7200.0))
    assert is_quiet(hand.tick(7201.0, 100.0))
    again = placed(hand.tick(7202.0, 100.0))
    assert (again.attempt, again.reason) == (2, "signal")
    hand.fill(again, 100, "9")
    assert is_quiet(hand.end(again, "expired", 7203.0))
    last = placed(hand.tick(7204.0, 100.0))
    assert (last.attempt, last.quantity) == (3, 1)


def test_a_fill_told_twice_is_booked_once():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    fill = events.Filled(0.0, order.order_id, "f", Decimal(1), Decimal(100), Decimal(0))
    assert any(isinstance(effect, Executed) for effect in hand.feed(fill))
    assert hand.feed(fill) == []
    assert hand.session.book.position == 1


def test_more_than_was_ordered_is_an_error_and_is_not_booked():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.fill(order, 100, "11")
    assert hand.session.status == "error"
    assert "more than order" in hand.session.reason
    assert hand.session.book.position == 0


def test_fills_that_cost_more_than_there_is_halt_the_session():
    hand = Hand(entry_kind="market")
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.fill(order, 101)
    assert hand.session.status == "halted"
    assert hand.session.reason == "fills cost 10 more than the session had"


def test_events_of_orders_that_are_not_the_sessions_change_nothing():
    hand, kept = Hand(), Hand().session.snapshot()
    for event in (
        events.Accepted(1.0, "other", "X"),
        events.Unknown(1.0, "other", ""),
        events.Filled(1.0, "other", "f", Decimal(1), Decimal(1), Decimal(0)),
        events.Ended(1.0, "other", "filled"),
    ):
        assert hand.feed(event) == []
    assert hand.session.snapshot() == kept


def test_an_entry_below_the_exchanges_minimum_does_not_happen():
    hand = Hand(allocation=Decimal("0.4"))
    hand.close(BUY)
    assert is_quiet(hand.tick(3600.0, 100.0))
    assert (hand.session.refused_entries, hand.missed) == (1, [""])


def test_hours_days_and_cool_down_forbid_entries():
    hand = entered(limits=Limits(max_trades_per_day=1, cool_down_bars=1))
    hand.close(SELL)
    hand.carry_out(placed(hand.tick(7200.0, 90.0)), 90, 7200.0)  # in the bar of 7200
    hand.close(BUY)
    assert is_quiet(hand.tick(3.0 * HOUR, 90.0))  # cools down
    hand.close(BUY)
    assert is_quiet(hand.tick(4.0 * HOUR, 90.0))  # the day has had its trade
    for _ in range(20):
        hand.close(HOLD)
    assert hand.bars == 24
    hand.close(BUY)
    assert placed(hand.tick(25.0 * HOUR, 90.0)).leg == "entry"
    assert hand.session.missed_bars == 0


def test_a_signal_from_before_an_exit_does_not_enter_after_it():
    hand = entered(limits=Limits(stop_loss_pct=10.0))
    hand.carry_out(placed(hand.tick(7200.5, 80.0)), 80, 7200.5)  # before the bar that ended at 7200 is told
    hand.close(BUY)
    assert is_quiet(hand.tick(7201.0, 80.0))
    hand.close(BUY)
    assert placed(hand.tick(10_800.0, 80.0)).leg == "entry"


def test_stopping_sells_at_once_and_is_over_when_it_is_sold():
    hand = entered()
    order = placed(hand.feed(events.StopAsked(5000.0, True, "enough")))
    assert (order.reason, order.quantity, order.bar_start_s) == ("stop", 10, HOUR)
    hand.carry_out(order, 100)
    assert hand.states[-2:] == ["stopping", "stopped"]
    assert hand.session.reason == "enough"


def test_what_is_too_small_to_be_sold_stays_and_is_told():
    hand = Hand()
    hand.close(BUY)
    order = placed(hand.tick(3600.0, 100.0))
    hand.accept(order)
    hand.fill(order, 100, "0.00004")
    hand.feed(events.StopAsked(3700.0, True, "enough"))
    hand.end(order, "cancelled")
    assert hand.session.status == "stopped"
    assert hand.session.reason == "enough; it keeps 0.00004 BTC, which is below the exchange's minimum"


def test_a_halted_session_keeps_its_position_with_its_stops():
    hand = entered(limits=Limits(stop_loss_pct=10.0))
    hand.feed(events.HaltAsked(4000.0, "a person"))
    hand.close(SELL)
    assert is_quiet(hand.tick(7200.0, 91.0))
    assert hand.missed[-1] == "halted: a person"
    assert placed(hand.tick(7300.0, 90.0)).reason == "stop_loss"


def test_without_trust_in_prices_stops_are_watched_still():
    hand = entered(limits=Limits(trailing_stop_pct=10.0))
    hand.feed(events.FeedLost(4000.0, "silent"))
    hand.tick(4001.0, 200.0)
    assert is_quiet(hand.tick(4002.0, 181.0))
    assert placed(hand.tick(4003.0, 180.0)).reason == "trailing_stop"
