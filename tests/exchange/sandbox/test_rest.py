"""REST through the real SDK: the answers have the shapes that Kraken's have, and the numbers of the core."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from kraken import exceptions as refusals
from kraken.spot import Market, Trade, User

from evotrade.exchange.candles import fetch_candles
from evotrade.exchange.sandbox import PERMISSIONS, ApiKey, Limits, in_thread
from evotrade.market.synthetic import synthetic_candles
from tests.exchange.sandbox.clients import Rest, kinds, manual, recorded, rest_client
from tests.exchange.sandbox.markets import HOUR_S, START_S, candles_of, flat


def asked(*calls, settings=None, prepare=None):
    """The answers to REST calls (name, params), one after the other, of a fresh sandbox."""

    async def ask():
        async with rest_client(settings) as (sandbox, rest):
            if prepare:
                await prepare(sandbox, rest)
            answers = []
            for name, params in calls:
                call = rest.public if name in PUBLIC else rest.private
                answers.append(await call(name, **params))
            return answers

    return asyncio.run(ask())


PUBLIC = ("Time", "SystemStatus", "Assets", "AssetPairs", "Ticker", "OHLC", "Trades", "Depth", "Spread")
BTC = {"pair": "XBTUSD"}
UNKNOWN_PAIR = refusals.KrakenUnknownAssetError  # the SDK finds the shorter message in the longer


@pytest.mark.parametrize(
    ("name", "params", "record"),
    [
        ("SystemStatus", {}, "ExchangeData__GetSystemStatus"),
        ("Assets", {"asset": "XBT"}, "ExchangeData__GetAssets"),
        ("AssetPairs", BTC, "ExchangeData__GetSymbols"),
        ("Ticker", BTC, "ExchangeData__GetTicker"),
        ("Balance", {}, "Account__GetBalances"),
        ("TradeVolume", BTC, "Account__GetTradeVolume"),
        ("GetApiKeyInfo", {}, "Account__GetApiKeyInfo"),
    ],
)
def test_an_answer_has_the_keys_and_kinds_of_kraken(name, params, record):
    (answer,) = asked((name, params))
    expected, found = kinds(recorded(record)), kinds(answer)
    for fees in ("fees", "fees_maker", "leverage_buy", "leverage_sell"):
        expected.get("XXBTZUSD", {}).pop(fees, None)
        found.get("XXBTZUSD", {}).pop(fees, None)
    for limit in ("long_position_limit", "short_position_limit"):
        expected.get("XXBTZUSD", {}).pop(limit, None)
    if name in ("Assets", "AssetPairs", "Ticker", "Balance"):  # the record has other markets too
        expected = {key: value for key, value in expected.items() if key in found}
    if "permissions" in found:
        expected["permissions"] = found["permissions"]
    assert found == expected
    assert found


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("OHLC", "ExchangeData__GetKlines"),
        ("Trades", "ExchangeData__GetTradeHistory"),
        ("Spread", "ExchangeData__GetRecentSpread"),
    ],
)
def test_rows_are_made_as_krakens(name, record):
    (answer,) = asked((name, BTC))
    expected = recorded(record)
    assert kinds(answer["XXBTZUSD"][0]) == kinds(expected["XXBTZUSD"][0])
    assert kinds(answer["last"]) == kinds(expected["last"])


def test_the_book_is_made_as_krakens():
    ((answer,), expected) = asked(("Depth", BTC)), recorded("ExchangeData__GetOrderBook")
    for side in ("asks", "bids"):
        assert kinds(answer["XXBTZUSD"][side][0]) == kinds(expected["XXBTZUSD"][side][0])


async def trade_a_little(_, rest):
    await rest.order(cl_ord_id="first")
    await rest.order(ordertype="limit", price="50", cl_ord_id="resting")
    await rest.order(ordertype="limit", price="51", cl_ord_id="gone")
    await rest.private("CancelOrder", cl_ord_id="gone")


def test_orders_and_fills_have_every_key_of_krakens():
    opened, closed, trades = asked(
        ("OpenOrders", {}), ("ClosedOrders", {"trades": True}), ("TradesHistory", {}), prepare=trade_a_little
    )
    for found, record, key in (
        (opened, "Trading__GetOpenOrders", "open"),
        (closed, "Trading__GetClosedOrders", "closed"),
        (trades, "Trading__GetUserTrades", "trades"),
    ):
        expected = next(iter(recorded(record)[key].values()))
        for row in found[key].values():
            missing = expected.keys() - row.keys() - {"trades", "trigger"}
            assert not missing
            assert {name: kinds(row[name]) for name in expected.keys() & row.keys() - {"reason"}} == {
                name: kinds(expected[name]) for name in expected.keys() & row.keys() - {"reason"}
            }


def test_a_market_order_is_found_again_by_id_and_by_name():
    async def scenario():
        async with rest_client() as (sandbox, rest):
            placed = await rest.order(cl_ord_id="bar-7", volume="0.5")
            (txid,) = placed["txid"]
            by_id = await rest.private("QueryOrders", txid=txid, trades=True)
            by_name = await rest.private("ClosedOrders", cl_ord_id="bar-7")
            fills = await rest.private("QueryTrades", txid=by_id[txid]["trades"][0])
            return placed, by_id[txid], by_name["closed"][txid], next(iter(fills.values())), sandbox.state()

    placed, by_id, by_name, fill, state = asyncio.run(scenario())
    assert placed["descr"]["order"] == "buy 0.50000000 XBTUSD @ market"
    assert by_id["status"] == by_name["status"] == "closed"
    assert (fill["price"], fill["cost"], fill["fee"]) == ("100.00000", "50.00000", "0.20000")
    assert state["fills_by_cl_ord_id"]["bar-7"][0]["qty"] == "0.5"


def test_ohlc_has_720_rows_with_those_without_trades_and_the_running_one_last():
    candles = synthetic_candles(800, seed=1, pair="BTC/USD")
    (answer,) = asked(
        ("OHLC", {"pair": "XBTUSD", "interval": 60}),
        settings=manual(candles, start_s=int(candles.time_s[790]) + 10),
    )
    rows = answer["XXBTZUSD"]
    assert len(rows) == 720
    assert [rows[-1][0], answer["last"]] == [candles.time_s[790], candles.time_s[789]]


def test_a_row_without_trades_has_the_close_before_it():
    candles = candles_of([(100, 100, 100, 100, 4, 4), (1, 1, 1, 1, 0, 0), (90, 90, 90, 90, 4, 4)])
    (answer,) = asked(
        ("OHLC", {**BTC, "interval": 60}), settings=manual(candles, start_s=START_S + 2 * HOUR_S)
    )
    empty = answer["XXBTZUSD"][1]
    assert empty == [START_S + HOUR_S, "100.0", "100.0", "100.0", "100.0", "0.0", "0.00000000", 0]


def rows_of(candles):
    columns = (candles.time_s, candles.open, candles.high, candles.low, candles.close, candles.volume)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_the_projects_own_fetch_gets_the_replayed_candles():
    candles = synthetic_candles(1_500, "1h", seed=4, pair="BTC/USD")
    with in_thread(manual(candles, start_s=int(candles.end_s[-1]), most_trades=4)) as sandbox:
        replayed = sandbox.do(lambda there: there.exchange.markets["BTC/USD"].replayed)
        since_s = int(candles.time_s[500])
        pieces = list(fetch_candles("BTC/USD", "1h", since_s, url=sandbox.url, sleep=lambda _: None))
    fetched = [
        (*bar,) for piece in pieces for bar in zip(piece.time_s, piece.close, piece.volume, strict=True)
    ]
    expected = zip(replayed.time_s, replayed.close, replayed.volume, strict=True)
    assert fetched == [(*bar,) for bar in expected if bar[0] >= since_s]


def test_pages_of_trades_follow_each_other_without_a_loss():
    async def scenario():
        async with rest_client(
            manual(*[synthetic_candles(100, seed=2, pair="BTC/USD")], history_bars=50)
        ) as both:
            sandbox, rest = both
            since, ids = "0", []
            while page := (answer := await rest.public("Trades", pair="XBTUSD", since=since))["XXBTZUSD"]:
                ids += [row[6] for row in page]
                since = answer["last"]
            return ids, sandbox.exchange.markets["BTC/USD"].last.id

    ids, last = asyncio.run(scenario())
    assert ids == list(range(1, last + 1))


def test_an_answer_stands_under_the_name_it_was_asked_by():
    slash, plain = asked(("Ticker", {"pair": "BTC/USD"}), ("Ticker", {"pair": "xbtusd"}))
    assert (list(slash), list(plain)) == (["BTC/USD"], ["XXBTZUSD"])


@pytest.mark.parametrize(
    ("name", "params", "error"),
    [
        ("Ticker", {"pair": "NOPE"}, UNKNOWN_PAIR),
        ("OHLC", {**BTC, "interval": 7}, refusals.KrakenInvalidArgumentsError),
        ("OHLC", {**BTC, "interval": "x"}, refusals.KrakenInvalidArgumentsError),
        ("Trades", {**BTC, "since": "x"}, refusals.KrakenInvalidArgumentsError),
        ("Assets", {"asset": "NOPE"}, refusals.KrakenUnknownAssetError),
        ("CancelOrder", {"txid": "OAAAAA"}, refusals.KrakenUnknownOrderError),
        ("CancelOrder", {}, refusals.KrakenInvalidArgumentsError),
        ("QueryOrders", {"txid": "OAAAAA"}, refusals.KrakenUnknownOrderError),
        ("QueryTrades", {"txid": "TAAAAA"}, refusals.KrakenInvalidArgumentsError),
        ("Nothing", {}, refusals.KrakenUnknownMethodError),
        ("AddOrder", {"pair": "NOPE", "ordertype": "market"}, UNKNOWN_PAIR),
        ("AddOrder", {**BTC, "ordertype": "iceberg"}, refusals.KrakenInvalidArgumentsError),
        ("CancelAllOrdersAfter", {"timeout": "soon"}, refusals.KrakenInvalidArgumentsError),
    ],
)
def test_a_bad_call_is_refused_by_the_name_that_kraken_has_for_it(name, params, error):
    with pytest.raises(error):
        asked((name, params))


def test_a_key_does_only_what_it_is_permitted():
    keys = [ApiKey(permissions=tuple(p for p in PERMISSIONS if p != "modify-trades"))]
    with pytest.raises(refusals.KrakenPermissionDeniedError):
        asked(("AddOrder", {}), settings=manual(keys=keys))


def test_the_call_counter_refuses_the_call_above_it():
    calls = [("Balance", {})] * 3
    with pytest.raises(refusals.KrakenApiLimitExceededError):
        asked(*calls, settings=manual(limits=Limits(rest=2.0, rest_decay_per_s=0.0)))


def test_the_order_counter_refuses_the_order_above_it():
    wanted = ("AddOrder", {**BTC, "ordertype": "market", "type": "buy", "volume": "0.1"})
    with pytest.raises(refusals.KrakenRateLimitExceededError):
        asked(wanted, wanted, settings=manual(limits=Limits(orders=1.0, orders_decay_per_s=0.0)))


def test_a_wrong_secret_is_refused():
    async def scenario():
        async with rest_client() as (sandbox, _):
            stranger = Rest(sandbox, secret="c2VjcmV0")
            with pytest.raises(refusals.KrakenInvalidSignatureError):
                await stranger.private("Balance")
            await stranger.sdk.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("outside", [True, False])
def test_a_deadline_may_be_counted_by_either_clock(outside):
    async def scenario(seconds):
        async with rest_client() as (sandbox, rest):
            now = datetime.now(UTC) if outside else datetime.fromtimestamp(sandbox.exchange.now_ns / 1e9, UTC)
            return await rest.order(deadline=(now + timedelta(seconds=seconds)).isoformat())

    assert asyncio.run(scenario(5))["txid"]
    with pytest.raises(refusals.KrakenDeadlineElapsedError):
        asyncio.run(scenario(-5))


def test_the_sdks_own_classes_trade():
    with in_thread(manual(flat(100, 100, 90))) as sandbox:
        address = {"key": sandbox.key, "secret": sandbox.secret, "url": sandbox.url}
        trade, user, market = Trade(**address), User(**address), Market(url=sandbox.url)
        assert market.get_asset_pairs(pair="XBTUSD")["XXBTZUSD"]["status"] == "online"
        resting = trade.create_order("stop-loss", "buy", "XBTUSD", 1, price=150, cl_ord_id="s")
        assert list(user.get_open_orders()["open"]) == resting["txid"]
        assert trade.cancel_order(txid=resting["txid"][0])["count"] == 1
        trade.create_order("market", "buy", "XBTUSD", "2")
        assert user.get_account_balance()["XXBT"] == "2.0000000000"
        assert len(user.get_trades_history()["trades"]) == 1
        assert trade.cancel_all_orders()["count"] == 0
