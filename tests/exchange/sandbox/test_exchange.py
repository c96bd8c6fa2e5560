"""Orders at the exchange, one case each, with numbers worked out by hand."""

from decimal import Decimal

import pytest

from evotrade.errors import NotEnoughCandles, SettingsError
from evotrade.exchange.sandbox import PairRules, Refused
from evotrade.exchange.sandbox.events import OrderChanged
from evotrade.exchange.sandbox.tape import NS
from tests.exchange.sandbox.markets import HOUR_S, START_S, candles_of, exchange_of, flat, order

MONEY = {"USD": Decimal(10_000), "BTC": Decimal(10)}


@pytest.fixture
def exchange():
    """Prices 100 in the history and the running hour, then 90, 110, 100, an hour each."""
    return exchange_of(flat(100, 100, 90, 110, 100), deposits=MONEY)


def pass_hours(exchange, hours):
    exchange.advance(exchange.now_ns + hours * HOUR_S * NS)


def only_fill(exchange):
    (fill,) = exchange.account.fills.values()
    return fill


def test_a_market_order_buys_at_the_ask_and_sells_at_the_bid():
    exchange = exchange_of(flat(100, 100), deposits=MONEY, spread_bps=Decimal(100))
    exchange.add_order(order("buy", "1"))
    exchange.add_order(order("sell", "2"))
    assert [fill.price for fill in exchange.account.fills.values()] == [Decimal("100.5"), Decimal("99.5")]


def test_the_taker_pays_forty_basis_points(exchange):
    exchange.add_order(order("buy", "2"))
    assert (only_fill(exchange).cost, only_fill(exchange).fee) == (Decimal(200), Decimal("0.8"))
    assert exchange.account.balances == {"USD": Decimal("9799.2"), "BTC": Decimal(12)}


def test_a_limit_waits_in_the_book_and_pays_the_makers_fee(exchange):
    waiting = exchange.add_order(order("buy", "2", type="limit", limit_price=95))
    assert waiting.is_open
    pass_hours(exchange, 1)
    fill = only_fill(exchange)
    assert (fill.price, fill.fee, fill.liquidity) == (Decimal(95), Decimal("0.475"), "maker")


def test_a_limit_beyond_the_market_is_filled_at_once_at_the_market(exchange):
    exchange.add_order(order("buy", "1", type="limit", limit_price=105))
    assert (only_fill(exchange).price, only_fill(exchange).liquidity) == (100, "taker")


def test_a_post_only_order_that_would_take_is_refused(exchange):
    with pytest.raises(Refused, match="EOrder:Post only order"):
        exchange.add_order(order("buy", "1", type="limit", limit_price=105, post_only=True))


def test_a_stop_sells_at_the_first_trade_at_or_below_it(exchange):
    exchange.add_order(order("sell", "1", type="stop-loss", stop_price=95))
    pass_hours(exchange, 1)
    fill = only_fill(exchange)
    assert (fill.price, fill.time_ns) == (90, (START_S + 2 * HOUR_S) * NS)


def test_a_buy_stop_strikes_from_below(exchange):
    exchange.add_order(order("buy", "1", type="stop-loss", stop_price=105))
    pass_hours(exchange, 1)
    assert not exchange.account.fills
    pass_hours(exchange, 1)
    assert only_fill(exchange).price == 110


def test_a_stop_with_a_limit_becomes_a_limit_order(exchange):
    exchange.add_order(order("sell", "1", type="stop-loss-limit", stop_price=95, limit_price=108))
    pass_hours(exchange, 1)
    assert not exchange.account.fills
    pass_hours(exchange, 1)
    assert only_fill(exchange).price == 108


def test_a_stop_that_is_past_already_strikes_at_once(exchange):
    exchange.add_order(order("sell", "1", type="stop-loss", stop_price=101))
    assert only_fill(exchange).price == 100


def test_an_order_is_filled_in_the_parts_that_were_set(exchange):
    exchange.partial_fill = Decimal("0.4")
    whole = exchange.add_order(order("buy", "1"))
    assert (whole.filled, whole.status) == (Decimal("0.4"), "open")
    pass_hours(exchange, 1)
    assert [fill.qty for fill in exchange.account.fills.values()] == [
        Decimal(part) for part in ("0.4", "0.4", "0.2")
    ]


def test_the_rest_of_an_immediate_order_is_canceled(exchange):
    exchange.partial_fill = Decimal("0.25")
    cut = exchange.add_order(order("buy", "1", type="limit", limit_price=100, time_in_force="IOC"))
    assert (cut.filled, cut.status, cut.reason) == (Decimal("0.25"), "canceled", "Immediate or cancel")


def test_a_name_is_refused_while_its_order_is_open_and_taken_once_that_closed(exchange):
    exchange.add_order(order("buy", "1", type="limit", limit_price=50, cl_ord_id="bar-7"))
    with pytest.raises(Refused, match="cl_ord_id"):
        exchange.add_order(order("buy", "1", cl_ord_id="bar-7"))
    exchange.cancel("bar-7")
    assert exchange.add_order(order("buy", "1", cl_ord_id="bar-7")).status == "closed"


def test_a_repeated_name_of_a_filled_order_fills_again(exchange):
    exchange.add_order(order("buy", "1", cl_ord_id="bar-7"))
    exchange.add_order(order("buy", "1", cl_ord_id="bar-7"))
    assert exchange.account.balances["BTC"] == 12


def test_a_validated_order_is_checked_and_nothing_else(exchange):
    assert exchange.add_order(order("buy", "1", validate=True)) is None
    with pytest.raises(Refused, match="EOrder:Insufficient funds"):
        exchange.add_order(order("buy", "1000", validate=True))
    assert not exchange.account.orders


def test_open_orders_hold_their_money(exchange):
    exchange.add_order(order("buy", "90", type="limit", limit_price=90))
    assert exchange.account.held("USD", exchange.rules) == Decimal("8132.4")
    with pytest.raises(Refused, match="EOrder:Insufficient funds"):
        exchange.add_order(order("buy", "20"))


def test_an_order_whose_money_is_gone_when_it_strikes_is_canceled(exchange):
    struck = exchange.add_order(order("buy", "91", type="stop-loss", stop_price=105))
    pass_hours(exchange, 2)
    assert (struck.status, struck.reason, struck.filled) == ("canceled", "Insufficient funds", 0)


def test_the_dead_mans_switch_cancels_all_orders_at_its_time(exchange):
    resting = exchange.add_order(order("buy", "1", type="limit", limit_price=95))
    exchange.arm_switch(60)
    pass_hours(exchange, 1)
    assert (resting.status, resting.closed_ns) == ("canceled", (START_S + HOUR_S + 60) * NS)
    assert not exchange.account.fills


def test_the_switch_is_disarmed_by_zero(exchange):
    exchange.arm_switch(60)
    assert exchange.arm_switch(0) is None
    exchange.add_order(order("buy", "1", type="limit", limit_price=95))
    pass_hours(exchange, 1)
    assert exchange.account.fills


def test_an_order_ends_when_it_expires(exchange):
    expires_ns = exchange.now_ns + 60 * NS
    ended = exchange.add_order(order("buy", "1", type="limit", limit_price=95, expire_ns=expires_ns))
    pass_hours(exchange, 1)
    assert (ended.status, ended.closed_ns) == ("expired", expires_ns)


def test_an_order_past_its_deadline_is_refused(exchange):
    with pytest.raises(Refused, match="EService:Deadline elapsed"):
        exchange.add_order(order(deadline_ns=exchange.now_ns - 1))
    with pytest.raises(Refused, match="deadline"):
        exchange.add_order(order(deadline_ns=exchange.now_ns + 61 * NS))
    assert exchange.add_order(order(deadline_ns=exchange.now_ns + 5 * NS))


def test_a_fast_clock_does_not_outrun_deadlines_and_the_switch():
    exchange = exchange_of(flat(100, 100, 100), deposits=MONEY, speed=100.0)
    asked_ns = exchange.now_ns + 5 * NS
    exchange.advance(exchange.now_ns + 1_000 * NS)
    assert exchange.add_order(order(deadline_ns=asked_ns))
    assert exchange.arm_switch(60) == exchange.now_ns + 6_000 * NS


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (order(qty="0.00001"), "EOrder:Order minimum not met"),
        (order(qty="0.001"), "EOrder:Cost minimum not met"),
        (order(qty="1.123456789"), "EGeneral:Invalid arguments:volume"),
        (order(qty="0"), "EGeneral:Invalid arguments:volume"),
        (order(type="limit", limit_price="99.55"), "EOrder:Invalid price"),
        (order(type="limit", limit_price="0"), "EOrder:Invalid price"),
        (order(type="limit"), "EGeneral:Invalid arguments:price"),
        (order(limit_price="99"), "EGeneral:Invalid arguments:price"),
        (order(post_only=True), "EGeneral:Invalid arguments:oflags"),
        (order("sell", "11"), "EOrder:Insufficient funds"),
        (order(cl_ord_id="x" * 19), "EGeneral:Invalid arguments:cl_ord_id"),
        (order(cl_ord_id="x", userref=3), "EGeneral:Invalid arguments:cl_ord_id"),
    ],
)
def test_an_order_against_the_rules_is_refused_and_leaves_nothing(wanted, refusal):
    rules = {"BTC/USD": PairRules("BTC/USD", 1, ordermin=Decimal("0.0001"))}
    exchange = exchange_of(flat(100, 100), deposits=MONEY, rules=rules)
    with pytest.raises(Refused, match=refusal):
        exchange.add_order(wanted)
    assert not exchange.account.orders
    assert not exchange.take_events()


@pytest.mark.parametrize(
    "name", ["bar-7", "6d1b345e-2821-40e2-ad83-4ecb18a06876", "6d1b345e282140e2ad834ecb18a06876"]
)
def test_names_are_uuids_or_up_to_eighteen_characters(exchange, name):
    assert exchange.add_order(order(cl_ord_id=name))


@pytest.mark.parametrize(
    ("status", "refused", "taken"),
    [
        ("maintenance", [order()], []),
        ("cancel_only", [order()], []),
        ("post_only", [order()], [order(type="limit", limit_price=90, post_only=True)]),
        ("limit_only", [order()], [order(type="limit", limit_price=90)]),
        ("reduce_only", [order()], [order("sell")]),
    ],
)
@pytest.mark.parametrize("of_pair", [True, False])
def test_the_state_of_exchange_and_pair_decides_what_is_taken(exchange, status, refused, taken, of_pair):
    exchange.set_pair_status("BTC/USD", status) if of_pair else exchange.set_status(status)
    for wanted in refused:
        with pytest.raises(Refused, match="EService:"):
            exchange.add_order(wanted)
    for wanted in taken:
        assert exchange.add_order(wanted)


def test_every_order_is_told_from_its_birth_to_its_end(exchange):
    exchange.add_order(order("buy", "1"))
    kinds = [event.kind for event in exchange.take_events() if isinstance(event, OrderChanged)]
    assert kinds == ["pending_new", "new", "trade", "filled"]


def test_an_unknown_order_or_pair_is_refused(exchange):
    with pytest.raises(Refused, match="EOrder:Unknown order"):
        exchange.cancel("OAAAAA-AAAAA-AAAAAA")
    with pytest.raises(Refused, match="EQuery:Unknown asset pair"):
        exchange.market("ETH/USD")


def test_what_cannot_be_set_says_what_can(exchange):
    with pytest.raises(SettingsError, match="use one of online"):
        exchange.set_status("gone")
    with pytest.raises(SettingsError, match="above 0 and up to 1"):
        exchange.partial_fill = Decimal(2)


def test_a_market_needs_a_candle_of_history():
    with pytest.raises(NotEnoughCandles):
        exchange_of(flat(100))
    with pytest.raises(NotEnoughCandles, match="no candle before"):
        exchange_of(candles_of([(1, 1, 1, 1, 1, 1)] * 3), start_s=START_S)
