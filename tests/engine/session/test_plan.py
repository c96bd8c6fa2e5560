"""What a session was started with, its trades, and what a snapshot must be."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.execution import Execution, Limits, TradingHours
from evotrade.engine.session.book import Book
from evotrade.engine.session.core import Session
from evotrade.engine.session.plan import Plan
from evotrade.engine.session.sizing import Sizing
from evotrade.errors import SessionError, SettingsError
from tests.engine.bar_by_bar import executions
from tests.engine.session.replay import INSTRUMENT, plan

cash = st.decimals("0.00000001", "1e7", places=8)


def test_a_plan_comes_back_from_json():
    hours = TradingHours(("mon", "tue"), "09:00", "17:00", "Europe/Berlin")
    terms = Execution(instrument=INSTRUMENT, limits=Limits(stop_loss_pct=2.0, trading_hours=hours))
    made = plan(execution=terms, allocation=Decimal("1234.5678"), stop_owner="exchange")
    assert Plan.from_dict(json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"allocation": Decimal(0)}, "allocation is 0: give an amount above 0"),
        ({"allocation": Decimal("NaN")}, "allocation is NaN"),
        ({"key": "seven"}, "'seven' is no UUID"),
        ({"timeframe": "7h"}, "unknown timeframe"),
        ({"stop_owner": "me"}, "unknown stop_owner 'me'"),
        ({"entry_kind": "iceberg"}, "unknown entry_kind 'iceberg'"),
        ({"entry_attempts": 0}, "entry_attempts is 0"),
    ],
)
def test_a_plan_refuses_to_be_wrong(wrong, said):
    with pytest.raises(SettingsError, match=said):
        plan(**wrong)


def test_a_snapshot_of_another_version_is_refused():
    with pytest.raises(SessionError, match="snapshot of version 99"):
        Session.restore(plan(), {**Session(plan()).snapshot(), "version": 99})


@given(executions, cash, st.floats(0.01, 1e6))
def test_an_entry_never_costs_more_than_there_is_and_is_never_below_the_minimum(terms, money, ask):
    sizing = Sizing(terms)
    sized = sizing.entry(money, ask)
    if sized is None:
        return
    quantity, price = sized
    assert quantity * price + sizing.fee(quantity, price, buying=True) <= money
    assert sizing.is_sellable(quantity, float(price))


def test_a_float_that_is_more_than_the_money_does_not_spend_it():
    money = Decimal("999.99999999999999999")  # the nearest float is 1000
    assert Sizing(Execution(fee_bps=0.0)).entry(money, 100.0) == (Decimal("9.99999999"), 100)


@given(st.lists(st.decimals("0.1", "10", places=3), min_size=1, max_size=8), cash)
def test_a_trade_sold_in_parts_earns_what_it_brought_less_what_it_cost(parts, price):
    book, fee = Book(Decimal(10**12)), Decimal("0.25")
    book.buy(1.0, sum(parts), price, fee)
    for part in parts:
        book.sell(2.0, part, price + 1, fee, "signal")
    earned = sum(parts) - fee * (len(parts) + 1)
    assert abs(book.realized - earned) < Decimal("1e-12")
    assert (book.position, book.cost, book.trade.is_open) == (0, 0, False)
    assert abs(book.cash - 10**12 - earned) < Decimal("1e-12")


def test_a_second_entry_of_one_trade_has_the_mean_price():
    book = Book(Decimal(100))
    book.buy(1.0, Decimal(1), Decimal(10), Decimal(0))
    book.buy(2.0, Decimal(3), Decimal(14), Decimal(0))
    assert (book.trade.entry_price, book.trade.entry_at_s, book.trades) == (13, 1.0, 1)
    assert book.entry_price == 13
    assert Book.from_dict(json.loads(json.dumps(book.to_dict()))) == book
