"""The paper exchange: fills at the quote for the taker's fee, by the real one's rules, and remembered."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.execution import Execution
from evotrade.engine.fills import Account
from evotrade.engine.session.events import Accepted, Ended, Filled
from evotrade.engine.session.orders import Order
from evotrade.exchange.paper import PaperBroker, instrument_of
from evotrade.exchange.protocols import PairRules, Quote

RULES = PairRules("BTC/USD", "BTC", "USD", "online", Decimal("0.1"), 1, 8, Decimal("0.0001"), Decimal("0.5"))
FREE = Execution(fee_bps=0.0)


class Paper:
    """A broker and what it reported."""

    def __init__(self, terms=FREE, rules=RULES, **how):
        self.told = []
        self.terms, self.rules, self.how = terms, rules, how
        self.broker = PaperBroker(rules, terms, self.told.append, **how)

    def quote(self, at_s, bid, ask, price=None, bid_size=0.0, ask_size=0.0):
        last = (bid + ask) / 2 if price is None else price
        self.broker.on_quote(Quote("BTC/USD", at_s, last, bid, ask, bid_size, ask_size))

    def place(self, name, side, quantity, kind="market", price=None):
        given = None if price is None else Decimal(price)
        order = Order(name, "BTC/USD", 0, "entry", 1, side, kind, Decimal(quantity), given, "signal")
        asyncio.run(self.broker.place(order))
        return order

    def cancel(self, name):
        asyncio.run(self.broker.cancel(name))

    def reconcile(self, *orders):
        return asyncio.run(self.broker.reconcile(orders))

    def balances(self):
        return asyncio.run(self.broker.balances())

    def take(self):
        """What was reported since the last call: names of the events, fills as (quantity, price)."""
        told, self.told[:] = list(self.told), []
        return [_short(event) for event in told]

    def restart(self):
        kept = json.loads(json.dumps(self.broker.snapshot()))
        self.broker = PaperBroker(self.rules, self.terms, self.told.append, **self.how)
        self.broker.restore(kept)


def _short(event):
    if isinstance(event, Filled):
        return (str(event.quantity), str(event.price))
    return event.status if isinstance(event, Ended) else "accepted"


def opened(**how):
    paper = Paper(**how)
    paper.quote(1.0, 99.0, 101.0)
    return paper


def test_it_buys_at_the_ask_and_sells_at_the_bid():
    paper = opened()
    paper.place("a", "buy", "2")
    assert paper.take() == ["accepted", ("2", "101.0"), "filled"]
    paper.place("b", "sell", "2")
    assert paper.take() == ["accepted", ("2", "99.0"), "filled"]
    assert paper.balances() == {"USD": Decimal(996), "BTC": 0}


@given(st.floats(10, 1e5), st.floats(0, 100), st.floats(0, 50), st.sampled_from(["top", "notional"]))
def test_a_round_trip_is_the_backtests(price, fee_bps, slippage_bps, fee_on):
    terms = Execution(fee_bps=fee_bps, slippage_bps=slippage_bps, fee_on=fee_on)
    account = Account(replace(terms, instrument=instrument_of(RULES)))
    bought, paper = account.buy(price), Paper(terms, cash=Decimal(1001))
    sold = account.sell(price)
    paper.quote(1.0, price, price)
    for side in ("buy", "sell"):
        paper.place(side, side, repr(bought.quantity))
    fills = [event for event in paper.told if isinstance(event, Filled)]
    assert [float(fill.price) for fill in fills] == [bought.price, sold.price]
    assert [float(fill.fee) for fill in fills] == pytest.approx([bought.fee, sold.fee])
    assert float(paper.balances()["USD"]) == pytest.approx(account.cash + 1)


def test_no_more_fills_than_the_quote_shows_and_the_rest_goes_on():
    paper = Paper()
    paper.quote(1.0, 99.0, 101.0, ask_size=1.5)
    paper.place("a", "buy", "2")
    paper.place("b", "buy", "1")  # nothing is left of this quote
    assert paper.take() == ["accepted", ("1.50000000", "101.0"), "accepted"]
    paper.quote(2.0, 99.0, 102.0, ask_size=0.7)
    assert paper.take() == [("0.50000000", "102.0"), "filled", ("0.20000000", "102.0")]


def test_an_order_takes_its_time_to_arrive_and_so_does_a_cancel():
    paper = opened(latency_s=2.0)
    paper.place("a", "buy", "1", "limit", "101.0")
    paper.quote(2.9, 99.0, 100.0)
    assert paper.take() == []
    paper.quote(3.0, 102.0, 103.0)
    assert paper.take() == ["accepted"]
    paper.cancel("a")
    paper.quote(4.9, 99.0, 100.0)
    assert paper.take() == [("1", "100.0"), "filled"]
    paper.quote(5.0, 99.0, 100.0)
    assert paper.take() == []


def test_before_the_first_quote_an_order_waits():
    paper = Paper()
    paper.place("a", "buy", "1")
    assert paper.take() == []
    paper.quote(1.0, 99.0, 101.0)
    assert paper.take() == ["accepted", ("1", "101.0"), "filled"]


def test_a_limit_order_rests_until_its_price_and_slips_no_further():
    paper = opened(terms=Execution(fee_bps=0.0, slippage_bps=100.0))
    paper.place("a", "buy", "1", "limit", "100.0")
    assert paper.take() == ["accepted"]
    paper.quote(2.0, 98.0, 100.0)
    assert paper.take() == [("1", "100.0"), "filled"]
    paper.place("b", "sell", "1", "limit", "110.0")
    paper.quote(3.0, 109.9, 110.0)
    assert paper.take() == ["accepted"]
    paper.quote(4.0, 110.5, 111.0)
    assert paper.take() == [("1", "110.0"), "filled"]


def test_a_stop_is_struck_by_a_trade_and_fills_at_the_bid_whatever_comes():
    paper = opened()
    paper.place("a", "buy", "1")
    paper.place("b", "sell", "1", "stop-loss", "95.0")
    paper.take()
    paper.quote(2.0, 94.0, 96.0, price=95.1)
    assert paper.take() == []
    paper.quote(3.0, 93.0, 95.0, price=95.0, bid_size=0.25)
    assert paper.take() == [("0.25000000", "93.0")]
    paper.quote(4.0, 120.0, 121.0)
    assert paper.take() == [("0.75000000", "120.0"), "filled"]


def test_a_cancel_tells_how_the_order_ended():
    paper = opened()
    paper.place("a", "buy", "1", "limit", "90.0")
    paper.cancel("a")
    paper.cancel("a")
    paper.cancel("never")
    assert paper.take() == ["accepted", "cancelled", "cancelled", "refused"]


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (("buy", "0.00005"), "below the minimum"),
        (("buy", "0.003", "limit", "100.0"), "below the minimum"),
        (("buy", "1.000000001"), "more than 8 decimals"),
        (("buy", "1", "limit", "100.05"), "not a multiple of 0.1"),
        (("buy", "10"), "insufficient funds"),
        (("sell", "1"), "insufficient funds"),
    ],
)
def test_what_the_exchange_would_not_take_is_refused_with_the_reason(order, why):
    paper = opened()
    paper.place("a", *order)
    (told,) = paper.told
    assert (told.status, why in told.reason) == ("refused", True)


@pytest.mark.parametrize(
    ("status", "side", "kind", "taken"),
    [
        ("limit_only", "buy", "market", False),
        ("limit_only", "buy", "limit", True),
        ("reduce_only", "buy", "limit", False),
        ("reduce_only", "sell", "market", True),
        ("maintenance", "sell", "market", False),
    ],
)
def test_the_pairs_status_decides_what_is_taken(status, side, kind, taken):
    paper = opened()
    paper.place("first", "buy", "1")
    paper.broker.rules = replace(RULES, status=status)
    paper.take()
    paper.place("a", side, "1", kind, "101.0" if kind == "limit" else None)
    assert paper.take()[-1] == ("filled" if taken else "refused")


def test_reconciled_it_tells_all_it_knows_fills_first():
    paper = Paper()
    paper.quote(1.0, 99.0, 101.0, ask_size=1.0)
    there, never = paper.place("a", "buy", "2"), Order(*"bp", 0, "exit", 1, "sell", "market", 1, None, "")
    told = paper.reconcile(there, never)
    assert [type(event) for event in told] == [Filled, Accepted, Ended]
    assert told[:2] == paper.told[::-1]
    assert (told[2].order_id, told[2].status) == ("b", "refused")


def test_an_order_that_is_here_is_not_taken_twice():
    paper = opened()
    paper.place("a", "buy", "1")
    paper.take()
    paper.place("a", "buy", "1")
    assert paper.take() == []


moves = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "limit", "stop-loss", "cancel", "quote", "quote"]),
        st.integers(1, 40),
    ),
    max_size=40,
)


def act(paper, number, what, size):
    names = f"n{number}", f"n{number - size % 5}"
    if what == "quote":
        paper.quote(float(number), 80.0 + size, 80.5 + size, bid_size=size / 10, ask_size=size / 10)
    elif what == "cancel":
        paper.cancel(names[1])
    elif what in ("limit", "stop-loss"):
        side = "buy" if what == "limit" else "sell"
        paper.place(names[0], side, str(Decimal(size) / 10), what, f"{80 + size}.0")
    else:
        paper.place(names[0], what, str(Decimal(size) / 10))


@given(moves, st.booleans(), st.sampled_from([0.0, 1.5]))
def test_it_never_sells_what_it_has_not_and_a_restart_changes_nothing(drawn, restarts, latency_s):
    papers = [Paper(Execution(), latency_s=latency_s) for _ in range(2)]
    for number, (what, size) in enumerate(drawn):
        for paper in papers:
            act(paper, number, what, size)
        papers[1].restart()
        assert papers[0].told == papers[1].told
        assert papers[0].balances()["BTC"] >= 0
    fills = [event.fill_id for event in papers[0].told if isinstance(event, Filled)]
    assert len(fills) == len(set(fills))
