"""Stops that rest at the exchange: one owner at a time, and never two sales of one position."""

from decimal import Decimal

from evotrade.engine.execution import Limits
from evotrade.engine.session import events
from tests.engine.session.hand import Hand, cancelled, is_quiet, placed

SELL = -1


def protected(limits, trigger):
    """A session that holds 10 BTC bought at 100.0, its stop accepted by the exchange."""
    hand = Hand(stop_owner="exchange", limits=limits)
    stop = placed(hand.buy())
    assert (stop.leg, stop.kind, stop.price, stop.quantity) == ("stop", "stop-loss", Decimal(trigger), 10)
    hand.accept(stop)
    return hand, stop


def test_a_stop_rests_as_soon_as_the_entry_is_filled_and_is_left_to_the_exchange():
    hand, stop = protected(Limits(stop_loss_pct=5.0), "95.0")
    assert is_quiet(hand.tick(4000.0, 94.0))
    hand.fill(stop, 94)
    hand.end(stop, "filled")
    assert is_quiet(hand.tick(4001.0, 94.0))
    assert hand.session.trade.exit_reason == "stop_loss"
    assert hand.session.book.cash == 940


def test_before_a_sale_the_stop_is_cancelled_and_the_cancel_confirmed():
    hand, stop = protected(Limits(stop_loss_pct=5.0), "95.0")
    hand.close(SELL)
    told = hand.tick(7200.0, 100.0)
    assert cancelled(told) == [stop.order_id]
    assert is_quiet(hand.tick(7201.0, 100.0))
    order = placed(hand.end(stop, "cancelled", 7202.0))
    assert (order.leg, order.quantity) == ("exit", 10)
    assert is_quiet(hand.carry_out(order, 100))


def test_a_stop_that_fills_while_it_is_cancelled_is_the_exit():
    hand, stop = protected(Limits(stop_loss_pct=5.0), "95.0")
    hand.close(SELL)
    hand.tick(7200.0, 95.0)
    hand.fill(stop, 95)
    assert is_quiet(hand.end(stop, "filled", 7202.0))
    assert is_quiet(hand.tick(7203.0, 95.0))
    assert hand.session.book.position == 0


def test_what_a_stop_sold_in_part_is_not_sold_again():
    hand, stop = protected(Limits(stop_loss_pct=5.0), "95.0")
    hand.close(SELL)
    hand.tick(7200.0, 95.0)
    hand.fill(stop, 95, "3")
    assert placed(hand.end(stop, "cancelled", 7202.0)).quantity == 7


def test_a_trailing_stop_follows_in_steps_by_cancel_and_new_order():
    hand, stop = protected(Limits(trailing_stop_pct=10.0), "90.0")
    assert is_quiet(hand.tick(3605.0, 102.0))  # 91.8 would be more than 1 % up, but it is too soon
    assert cancelled(hand.tick(3611.0, 101.0)) == [stop.order_id]
    again = placed(hand.end(stop, "cancelled", 3612.0))
    assert (again.price, again.attempt, again.reason) == (Decimal("91.8"), 2, "trailing_stop")
    hand.accept(again)
    assert is_quiet(hand.tick(3700.0, 103.0))  # 92.7 is less than 1 % up


def test_a_target_is_watched_by_the_engine():
    hand, stop = protected(Limits(stop_loss_pct=5.0, take_profit_pct=10.0), "95.0")
    assert cancelled(hand.tick(4000.0, 111.0)) == [stop.order_id]
    assert placed(hand.end(stop, "cancelled", 4001.0)).reason == "take_profit"


def test_while_no_stop_rests_the_engine_watches():
    hand, stop = protected(Limits(stop_loss_pct=5.0), "95.0")
    again = placed(hand.end(stop, "cancelled", 4000.0, "cancelled by hand") + hand.tick(4010.0, 99.0))
    assert (again.leg, again.attempt) == ("stop", 2)
    hand.end(again, "refused", 4010.0, "EOrder:Rate limit exceeded")
    assert placed(hand.tick(4010.5, 94.0)).reason == "stop_loss"


def test_stopping_cancels_the_stop_even_when_the_position_is_kept():
    hand, stop = protected(Limits(stop_loss_pct=5.0), "95.0")
    assert cancelled(hand.feed(events.StopAsked(4000.0, False, "enough"))) == [stop.order_id]
    hand.end(stop, "cancelled")
    assert hand.session.reason == "enough; it keeps 10 BTC"


def test_a_cancel_that_was_lost_is_asked_again():
    hand, stop = protected(Limits(stop_loss_pct=5.0), "95.0")
    hand.close(SELL)
    hand.tick(7200.0, 100.0)
    hand.feed(events.Unknown(7201.0, stop.order_id, "no answer to the cancel"))
    assert cancelled(hand.accept(stop, 7202.0)) == [stop.order_id]


def test_an_unknown_stop_keeps_the_position_from_being_sold_twice():
    hand, stop = protected(Limits(stop_loss_pct=5.0), "95.0")
    hand.feed(events.Unknown(4000.0, stop.order_id, "no answer"))
    assert is_quiet(hand.tick(4001.0, 80.0))
    hand.accept(stop)
    assert cancelled(hand.feed(events.StopAsked(4002.0, True, "enough"))) == [stop.order_id]
