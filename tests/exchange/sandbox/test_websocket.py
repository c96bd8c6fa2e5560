"""Websocket v2 through the real SDK: frames shaped as the recorded ones, and candles rebuilt from them."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.exchange.sandbox.desk import Desk
from evotrade.exchange.sandbox.frames import encode
from evotrade.exchange.sandbox.keys import Keys
from evotrade.exchange.sandbox.methods import answer
from evotrade.exchange.sandbox.session import Session, Subscription
from tests.exchange.sandbox.clients import all_clients, documented, kinds, manual, recorded_frame
from tests.exchange.sandbox.markets import HOUR_S, exchange_of, flat, tick_candles

BTC = {"symbol": ["BTC/USD"]}
MARKET = {"order_type": "market", "side": "buy", "order_qty": 1, "symbol": "BTC/USD"}
LIMIT = {**MARKET, "order_type": "limit", "limit_price": 50.5}
JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
)


def played(channel, *, private=False, settings=None, seconds=HOUR_S, **params):
    """(snapshot, the websocket) after a subscription and some of the exchange's time."""

    async def scenario():
        async with all_clients(settings, private) as (sandbox, _, socket):
            snapshot = await socket.subscribe(channel, **params)
            sandbox.advance(seconds)
            await socket.first(lambda m: m.get("channel") == channel and m["type"] == "update")
            return snapshot, socket

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("channel", "record", "params"),
    [("ticker", "Ticker", {}), ("trade", "Trades", {}), ("ohlc", "Kline", {"interval": 60})],
)
def test_a_public_frame_has_every_key_and_kind_of_krakens(channel, record, params):
    snapshot, socket = played(channel, **BTC, **params)
    expected = recorded_frame(record)
    update = next(m for m in socket.messages if m.get("channel") == channel and m["type"] == "update")
    assert expected.keys() <= update.keys()
    for frame in (snapshot, update):
        found = kinds(frame["data"][0])
        assert {key: found[key] for key in expected["data"][0]} == kinds(expected["data"][0])


def test_a_book_has_two_sides_and_the_checksum_of_its_levels():
    snapshot, _ = played("book", **BTC, depth=10)
    expected, (book,) = recorded_frame("AggBook")["data"][0], snapshot["data"]
    assert book.keys() == expected.keys()
    assert kinds(book["bids"][0]) == kinds(expected["bids"][0])
    assert len(book["asks"]) == 10


def test_the_first_frame_is_the_status_and_heartbeats_follow():
    async def scenario():
        async with all_clients(private=False) as (_, _, socket):
            await socket.first(lambda m: m.get("channel") == "heartbeat")
            return socket.messages

    messages = asyncio.run(scenario())
    expected = next(frame for frame in documented("ohlc") if frame.get("channel") == "status")
    assert kinds(messages[0]) == kinds(expected)
    assert any(message.get("method") == "pong" for message in messages)


def test_replies_carry_their_request_and_its_subscription():
    async def scenario():
        async with all_clients(private=False) as (_, _, socket):
            params = {"channel": "ohlc", "interval": 5, **BTC}
            await socket.sdk.subscribe(params=params, req_id=7)
            reply = await socket.first(lambda m: m.get("method") == "subscribe")
            await socket.sdk.unsubscribe(params=params, req_id=8)
            return reply, await socket.first(lambda m: m.get("method") == "unsubscribe")

    reply, ended = asyncio.run(scenario())
    expected = next(frame for frame in documented("ohlc") if frame.get("method") == "subscribe")
    assert kinds(reply) == kinds(expected) | {"req_id": "number"}
    assert (reply["req_id"], ended["req_id"], ended["success"]) == (7, 8, True)


def test_intervals_begin_with_nine_decimals_and_the_last_state_is_the_candle():
    _, socket = played("ohlc", **BTC, interval=60, seconds=3 * HOUR_S)
    begins = [bar["interval_begin"] for bar in socket.of("ohlc", "update")]
    assert begins[0].endswith(":00:00.000000000Z")
    assert [bar["close"] for bar in socket.of("ohlc", "update")] == [100, 90, 110, 100]


@given(tick_candles(), st.lists(st.integers(1, 9_000), min_size=1, max_size=10))
def test_trade_frames_bring_every_trade_of_the_tape_once(candles, pieces_s):
    exchange = exchange_of(candles)
    start_ns = exchange.now_ns
    session = Session(exchange, 1, private=False)
    session.subscribe(Subscription("trade", "BTC/USD"), {"snapshot": False})
    trades = []
    for piece_s in [*pieces_s, int(candles.end_s[-1])]:
        exchange.advance(exchange.now_ns + piece_s * 10**9)
        frames = session.publish(exchange.take_events())
        trades += [trade for frame in frames if frame["channel"] == "trade" for trade in frame["data"]]
    played = exchange.markets["BTC/USD"].tape.trades(start_ns, exchange.now_ns)
    found = [(trade["trade_id"], trade["price"], trade["qty"]) for trade in trades]
    assert found == [(trade.id, trade.price, trade.qty) for trade in played]


@given(tick_candles(), st.lists(st.integers(1, 9_000), min_size=1, max_size=10))
def test_the_last_state_of_each_bar_in_ohlc_frames_is_the_replayed_candle(candles, pieces_s):
    exchange = exchange_of(candles)
    session = Session(exchange, 1, private=False)
    frames = session.subscribe(Subscription("ohlc", "BTC/USD", 60), {})
    for piece_s in [*pieces_s, int(candles.end_s[-1])]:
        exchange.advance(exchange.now_ns + piece_s * 10**9)
        frames += session.publish(exchange.take_events())
    bars = {bar["interval_begin"]: bar for frame in frames for bar in frame["data"]}
    replayed = exchange.markets["BTC/USD"].replayed
    for name in ("open", "high", "low", "close", "volume", "trades"):
        assert [float(bar[name]) for bar in bars.values()] == getattr(replayed, name).tolist()


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"channel": "ticker", "symbol": ["XBT/USD"]}, "Currency pair not supported XBT/USD"),
        ({"channel": "ohlc", "interval": 7, **BTC}, "Interval not supported"),
        ({"channel": "book", "depth": 7, **BTC}, "Depth not supported"),
        ({"channel": "level3", **BTC}, "Channel not supported"),
        ({"channel": "executions"}, "ESession:Invalid session"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(params, error):
    session = Session(exchange_of(flat(100, 100)), 1, private=False)
    desk = Desk(session.exchange, Keys(), None, None, 0.0, 0)
    (reply,) = answer(session, {"method": "subscribe", "params": params, "req_id": 1}, desk)
    assert (reply["success"], reply["error"], reply["req_id"]) == (False, error, 1)


@given(JSON)
def test_no_message_breaks_a_session(message):
    session = Session(exchange_of(flat(100, 100)), 1, private=False)
    desk = Desk(session.exchange, Keys(), None, None, 0.0, 0)
    for sent in (message, {"method": "subscribe", "params": message}, {"method": message}):
        assert all(encode(frame) for frame in answer(session, sent, desk))


def test_two_lengths_of_bars_of_one_pair_come_side_by_side():
    async def scenario():
        async with all_clients(private=False) as (sandbox, _, socket):
            for interval in (60, 5):
                await socket.subscribe("ohlc", **BTC, interval=interval)
            await socket.first(lambda m: m.get("type") == "snapshot" and m["data"][0]["interval"] == 5)
            sandbox.advance(HOUR_S)
            await socket.first(lambda m: m.get("type") == "update" and m["data"][0].get("interval") == 60)
            return {bar["interval"] for bar in socket.of("ohlc", "update")}

    assert asyncio.run(scenario()) == {60, 5}


async def executions_of_a_market_order():
    async with all_clients() as (_, rest, socket):
        await socket.subscribe("executions", snap_trades=True)
        await rest.order(cl_ord_id="bar-7", volume="0.5")
        await socket.first(lambda m: any(item.get("exec_type") == "filled" for item in m.get("data", [])))
        return socket


def test_executions_tell_an_order_from_birth_to_end_with_ids_alone_after_the_first():
    socket = asyncio.run(executions_of_a_market_order())
    data = socket.of("executions", "update")
    assert [item["exec_type"] for item in data] == ["pending_new", "new", "trade", "filled"]
    assert "symbol" in data[0]
    assert not {"symbol", "side", "order_qty"} & (data[1].keys() | data[3].keys())
    assert {item["cl_ord_id"] for item in data} == {"bar-7"}
    sequences = [m["sequence"] for m in socket.messages if m.get("channel") == "executions"]
    assert sequences == [1, 2, 3, 4, 5]


def test_executions_have_every_key_and_kind_of_krakens():
    data = asyncio.run(executions_of_a_market_order()).of("executions", "update")
    of_kind = {item["exec_type"]: item for item in data}
    for frame in documented("executions"):
        for expected in frame.get("data", []):
            found = kinds(of_kind[expected["exec_type"]])
            wanted = expected.keys() - {"limit_price", "limit_price_type"}  # of a limit order
            assert {key: found[key] for key in wanted} == {key: kinds(expected[key]) for key in wanted}


def test_a_later_subscription_brings_open_orders_and_the_fills_of_the_gap():
    async def scenario():
        async with all_clients() as (_, rest, socket):
            await rest.order(volume="0.5")
            await rest.order(ordertype="limit", price="50")
            return (await socket.subscribe("executions", snap_trades=True, snap_orders=True))["data"]

    resting, fill = asyncio.run(scenario())
    assert (resting["order_status"], resting["limit_price"]) == ("new", 50)
    assert (fill["exec_type"], fill["last_qty"]) == ("trade", 0.5)


def test_balances_are_told_as_they_move():
    async def scenario():
        async with all_clients(manual(deposits={"USD": Decimal(1_000)})) as (_, rest, socket):
            await socket.subscribe("balances")
            await rest.order(volume="1")
            await socket.first(lambda m: m.get("channel") == "balances" and m["type"] == "update")
            return socket

    socket = asyncio.run(scenario())
    assert socket.of("balances", "snapshot")[0]["balance"] == 1_000
    after = {item["asset"]: item["balance"] for item in socket.of("balances", "update")}
    assert after == {"BTC": 1, "USD": 899.6}


def test_orders_are_placed_and_canceled_over_the_private_socket():
    async def scenario():
        async with all_clients() as (sandbox, _, socket):
            wanted = {**LIMIT, "cl_ord_id": "w"}
            await socket.sdk.send_message({"method": "add_order", "params": wanted, "req_id": 1})
            added = await socket.first(lambda m: m.get("method") == "add_order")
            cancel = {"order_id": [added["result"]["order_id"]]}
            await socket.sdk.send_message({"method": "cancel_order", "params": cancel, "req_id": 2})
            canceled = await socket.first(lambda m: m.get("method") == "cancel_order")
            return added, canceled, sandbox.state()["orders_by_cl_ord_id"]["w"][0]["status"]

    added, canceled, status = asyncio.run(scenario())
    assert (added["success"], canceled["success"], status) == (True, True, "canceled")


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"symbol": "XBT/USD"}, "Currency pair not supported"),
        ({"order_qty": 1e9}, "EOrder:Insufficient funds"),
        ({"order_type": "iceberg"}, "EGeneral:Invalid arguments:order_type"),
        ({"limit_price": "cheap"}, "EGeneral:Invalid arguments:limit_price"),
    ],
)
def test_an_order_over_the_socket_is_refused_in_its_reply(params, error):
    async def scenario():
        async with all_clients() as (_, _, socket):
            await socket.sdk.send_message({"method": "add_order", "params": {**MARKET, **params}})
            return await socket.first(lambda m: m.get("method") == "add_order")

    reply = asyncio.run(scenario())
    assert not reply["success"]
    assert reply["error"].startswith(error)


def test_the_instrument_channel_tells_the_rules_and_their_changes():
    async def scenario():
        async with all_clients(private=False) as (sandbox, _, socket):
            snapshot = await socket.subscribe("instrument")
            sandbox.inject("status", pair="BTC/USD", status="cancel_only")
            update = await socket.first(lambda m: m.get("channel") == "instrument" and m["type"] == "update")
            return snapshot["data"][0]["pairs"][0], update["data"][0]["pairs"][0]

    before, after = asyncio.run(scenario())
    assert (before["symbol"], before["price_increment"], before["qty_min"]) == ("BTC/USD", 0.1, 5e-05)
    assert (before["status"], after["status"]) == ("online", "cancel_only")


def test_the_clock_runs_by_itself_at_its_speed():
    async def scenario():
        settings = manual(flat(*[100] * 50), speed=3_600.0)
        async with all_clients(settings, private=False) as (_, _, socket):
            await socket.subscribe("ohlc", **BTC, interval=60)
            await socket.first(lambda _: len({bar["interval_begin"] for bar in socket.of("ohlc")}) > 2)

    asyncio.run(scenario())
