import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.exchange.kraken.frames import BadFrame, Bar, Execution, Ticker, Trade, read, time_s
from tests.paths import shared

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
channels = st.sampled_from(["trade", "ticker", "ohlc", "status", "executions", "heartbeat"])
TRADE = {
    "symbol": "BTC/USD",
    "price": 60000.1,
    "qty": 0.5,
    "trade_id": 7,
    "timestamp": "2023-09-25T07:49:37.708706Z",
}


def recorded(name: str) -> list[dict[str, Any]]:
    lines = shared(f"fixtures/kraken/kraken_docs/{name}").read_text().splitlines()
    return [json.loads(line) for line in lines]


def frame_of(name: str) -> dict[str, Any]:
    """The data frame of a recorded subscription."""
    text = shared(f"fixtures/kraken/kraken_net/Subscriptions__Spot__{name}.txt").read_text()
    return json.loads(text.split("= \n", 1)[1])


def test_recorded_bars_are_read() -> None:
    frame = frame_of("Kline")
    values = (0.5624, 0.5628, 0.5622, 0.5627, 30927.68066226, 12)
    messages, complaints = read(frame)
    assert complaints == []
    assert messages == [Bar("ETH/USDT", "5m", 1696436700, *values, at_s=time_s(frame["timestamp"]))]
    snapshot, _ = read(recorded("ohlc_v2_examples.jsonl")[1])
    assert [bar.at_s for bar in snapshot if isinstance(bar, Bar)] == [None, None]


def test_recorded_trades_and_tickers_are_read() -> None:
    assert read(frame_of("Trades"))[0] == [Trade("ETH/USDT", 4665906, 1695628177.708706, 0.5117)]
    assert read(frame_of("Ticker"))[0] == [Ticker("ETH/USDT", None, 0.10035, 0.10025, 0.10035, 740.0, 740.0)]


def test_recorded_executions_are_read_exactly() -> None:
    frames = [frame for frame in recorded("executions_v2_examples.jsonl") if "channel" in frame]
    new, accepted, trade = (read(frame)[0][0] for frame in frames)
    assert isinstance(new, Execution)
    assert isinstance(accepted, Execution)
    assert isinstance(trade, Execution)
    assert (accepted.exchange_id, accepted.status, accepted.exec_id) == ("OK4GJX-KSTLS-7DZZO5", "new", None)
    assert (trade.exec_id, trade.quantity, trade.price) == (
        "TGBB7L-HT5LX-J3BZ4A",
        Decimal("0.005"),
        Decimal("26599.9"),
    )
    assert trade.fees == (("USD", Decimal("0.3458")),)


@given(channels, json_values)
def test_nothing_that_json_can_say_makes_it_fall_over(channel: str, data: Any) -> None:
    messages, complaints = read({"channel": channel, "data": [data]})
    assert channel == "heartbeat" or len(messages) + len(complaints) <= 1


@given(st.sampled_from(sorted(TRADE)), json_values)
def test_a_trade_with_one_odd_field_is_read_or_complained_of(name: str, value: Any) -> None:
    messages, complaints = read({"channel": "trade", "data": [TRADE | {name: value}, TRADE]})
    assert len(messages) + len(complaints) == 2
    assert messages[-1] == Trade("BTC/USD", 7, 1695628177.708706, 60000.1)


@pytest.mark.parametrize("price", [0, -1, float("nan"), float("inf"), "60000", True, None])
def test_a_price_is_a_finite_number_above_0(price: object) -> None:
    messages, complaints = read({"channel": "trade", "data": [TRADE | {"price": price}]})
    assert (messages, len(complaints)) == ([], 1)


def test_a_channel_that_nobody_asked_for_is_named() -> None:
    with pytest.raises(BadFrame, match="'book', which nobody asked for"):
        read({"channel": "book", "data": []})


def test_a_bar_without_trades_is_none() -> None:
    frame = frame_of("Kline")
    frame["data"][0] |= {"trades": 0, "volume": 0.0}
    assert read(frame) == ([], [])
