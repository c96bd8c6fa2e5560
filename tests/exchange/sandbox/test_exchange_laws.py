"""What holds at the exchange whatever clients ask of it."""

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from evotrade.exchange.sandbox.events import OrderChanged, Traded
from evotrade.exchange.sandbox.orders import OrderRequest, Refused
from evotrade.exchange.sandbox.tape import NS
from tests.exchange.sandbox.markets import exchange_of, tick_candles

PRICE = st.integers(400, 1_600).map(lambda ticks: Decimal(ticks) / 10)
QTY = st.integers(1, 4_000).map(lambda parts: Decimal(parts) / 100)
NAMES = st.sampled_from([None, "a", "b"])


@st.composite
def requests(draw):
    """Orders of every type, at prices about the market's."""
    type_ = draw(st.sampled_from(["market", "limit", "stop-loss", "stop-loss-limit"]))
    return OrderRequest(
        pair="BTC/USD",
        side=draw(st.sampled_from(["buy", "sell"])),
        type=type_,
        qty=draw(QTY),
        limit_price=draw(PRICE) if type_.endswith("limit") else None,
        stop_price=draw(PRICE) if type_.startswith("stop") else None,
        cl_ord_id=draw(NAMES),
        time_in_force=draw(st.sampled_from(["GTC", "IOC"])),
        post_only=type_ == "limit" and draw(st.booleans()),
    )


STEPS = st.lists(
    st.one_of(requests(), st.integers(1, 7_200), st.sampled_from(["a", "b", "all"])), max_size=25
)
EXCHANGES = st.builds(
    lambda candles, spread, share: exchange_of(
        candles,
        spread_bps=Decimal(spread),
        partial_fill=share,
        deposits={"USD": Decimal(5_000), "BTC": Decimal(20)},
    ),
    tick_candles(),
    st.integers(0, 50),
    st.sampled_from([None, Decimal("0.3"), Decimal(1)]),
)


def take(exchange, step):
    """Do one thing; what the exchange refuses changes nothing."""
    try:
        if isinstance(step, OrderRequest):
            exchange.add_order(step)
        elif isinstance(step, int):
            exchange.advance(exchange.now_ns + step * NS)
        elif step == "all":
            exchange.cancel_all()
        else:
            exchange.cancel(step)
    except Refused:
        return


@given(EXCHANGES, STEPS)
def test_balances_are_the_deposits_and_what_the_fills_moved(exchange, steps):
    for step in steps:
        take(exchange, step)
    fills = exchange.account.fills.values()
    signs = {"buy": 1, "sell": -1}
    base = sum((signs[fill.side] * fill.qty for fill in fills), Decimal(20))
    quote = sum((-signs[fill.side] * fill.cost - fill.fee for fill in fills), Decimal(5_000))
    assert exchange.account.balances == {"USD": quote, "BTC": base}


@given(EXCHANGES, STEPS)
def test_nothing_is_ever_owed_and_open_orders_can_be_paid(exchange, steps):
    for step in steps:
        take(exchange, step)
        account = exchange.account
        for asset, balance in account.balances.items():
            assert balance >= 0
            assert account.available(asset, exchange.rules) >= 0


@given(EXCHANGES, STEPS)
def test_no_order_is_filled_beyond_its_size_and_its_sums_are_its_fills(exchange, steps):
    for step in steps:
        take(exchange, step)
    for order in exchange.account.orders.values():
        fills = [exchange.account.fills[name] for name in order.fills]
        assert order.filled == sum(fill.qty for fill in fills) <= order.request.qty
        assert order.cost == sum(fill.cost for fill in fills)
        assert (order.status == "closed") == (order.remaining == 0)
        assert (order.id in exchange.account.open) == order.is_open


@given(EXCHANGES, STEPS)
def test_a_cl_ord_id_is_open_at_most_once(exchange, steps):
    for step in steps:
        take(exchange, step)
        names = Counter(order.request.cl_ord_id for order in exchange.account.open.values())
        assert all(count == 1 for name, count in names.items() if name is not None)


@given(EXCHANGES, STEPS)
def test_no_limit_is_passed(exchange, steps):
    for step in steps:
        take(exchange, step)
    for fill in exchange.account.fills.values():
        limit = exchange.account.orders[fill.order_id].request.limit_price
        if limit is not None:
            assert fill.price <= limit if fill.side == "buy" else fill.price >= limit


@given(EXCHANGES, STEPS)
def test_every_fill_is_told_once_and_every_order_ends_once(exchange, steps):
    events = []
    for step in steps:
        take(exchange, step)
        events += exchange.take_events()
    changes = [event for event in events if isinstance(event, OrderChanged)]
    told = [event.fill.id for event in changes if event.fill is not None]
    assert told == list(exchange.account.fills)
    ended = Counter(event.order.id for event in changes if event.kind in ("filled", "canceled", "expired"))
    closed = [order.id for order in exchange.account.orders.values() if not order.is_open]
    assert ended == Counter(closed)


@given(tick_candles(), st.lists(requests(), max_size=6), st.lists(st.integers(1, 5_000), max_size=8))
def test_time_in_small_steps_brings_what_one_large_step_brings(candles, wanted, pieces_s):
    large, small = (
        exchange_of(candles, deposits={"USD": Decimal(5_000), "BTC": Decimal(20)}) for _ in range(2)
    )
    for exchange in (large, small):
        for request in wanted:
            take(exchange, request)
    for piece_s in pieces_s:
        small.advance(small.now_ns + piece_s * NS)
    large.advance(large.now_ns + sum(pieces_s) * NS)
    assert large.take_events() == small.take_events()
    assert large.account.balances == small.account.balances


@given(tick_candles(), tick_candles(pair="ETH/USD"))
def test_the_trades_of_several_pairs_come_in_order_of_time(bitcoin, ether):
    exchange = exchange_of(bitcoin, ether, start_s=int(bitcoin.end_s[0]))
    exchange.advance(int(bitcoin.end_s[-1]) * NS)
    times = [event.trade.time_ns for event in exchange.take_events() if isinstance(event, Traded)]
    assert times == sorted(times)
