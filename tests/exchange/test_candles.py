from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import ExchangeError, SettingsError
from evotrade.exchange import fetch_candles
from evotrade.market import Candles, resample
from tests.kraken_server import Kraken, Trade, recorded, serve

START_S = 1_700_002_800  # 2023-11-14 23:00 UTC
HOUR_NS = 3_600 * 10**9


@pytest.fixture(scope="module")
def server() -> Iterator[Kraken]:
    with serve(Kraken()) as kraken:
        yield kraken


@pytest.fixture
def kraken(server: Kraken) -> Kraken:
    url = server.url
    server.__init__(url=url)  # type: ignore[misc]
    return server


def at(hours: float) -> int:
    """Nanoseconds of a time so many hours after the start."""
    return START_S * 10**9 + round(hours * HOUR_NS)


def fetched(kraken: Kraken, timeframe: str = "1h", since_s: int | None = None, **more: Any) -> list[Candles]:
    """The pieces of BTC/USD, without waiting."""
    more.setdefault("sleep", lambda _: None)
    return list(fetch_candles("BTC/USD", timeframe, since_s, url=kraken.url, **more))


def by_pandas(trades: list[Trade], now_s: int) -> pd.DataFrame:
    """Finished hourly bars of all trades."""
    frame = pd.DataFrame(trades, columns=["price", "volume", "time"])
    frame.index = pd.to_datetime(frame["time"], utc=True)
    hours = frame.astype({"price": float, "volume": float}).resample("h")
    bars = hours["price"].ohlc().assign(volume=hours["volume"].sum(), trades=hours["price"].count())
    bars.index = bars.index.as_unit("us")
    running = pd.Timestamp(now_s // 3_600 * 3_600, unit="s", tz="UTC")
    return bars[(bars["trades"] > 0) & (bars.index < running)]


# Up to three trades share a time; times lie on the borders of bars, a nanosecond apart, and hours apart.
_STEP_NS = st.sampled_from([1, 1_000_000, HOUR_NS // 2, HOUR_NS // 2, HOUR_NS, 5 * HOUR_NS])
_WHOLE = st.integers(1, 99).map(str)
_TOGETHER = st.tuples(_STEP_NS, st.lists(st.tuples(_WHOLE, _WHOLE), min_size=1, max_size=3))


@given(
    st.lists(_TOGETHER, min_size=1, max_size=25),
    st.integers(7, 12),
    st.integers(1, 60),
    st.integers(-7_200, 40 * 3_600),
    st.booleans(),
)
def test_ohlc_and_paged_trades_make_exactly_the_finished_bars_since_a_time(
    server: Kraken,
    groups: list[tuple[int, list[tuple[str, str]]]],
    page: int,
    ohlc_bars: int,
    since: int,
    includes: bool,
) -> None:
    times = START_S * 10**9 + np.cumsum([step for step, _ in groups])
    trades = [(*trade, int(t)) for (_, together), t in zip(groups, times, strict=True) for trade in together]
    now_s = int(times[-1] // 10**9) + 60
    server.__init__(trades, now_s, ohlc_bars, page, includes, url=server.url)  # type: ignore[misc]
    expected = by_pandas(trades, now_s)
    expected = expected[expected.index >= pd.Timestamp(START_S + since, unit="s", tz="UTC")]
    pieces = fetched(server, since_s=START_S + since)
    got = pd.concat([piece.frame for piece in pieces]) if pieces else expected.iloc[:0]
    pd.testing.assert_frame_equal(got, expected, check_freq=False, check_names=False, check_dtype=False)


def test_a_recorded_answer_is_read_but_for_the_bar_that_still_runs(kraken: Kraken) -> None:
    kraken.answers.append((200, recorded("GetKlines")))
    (candles,) = fetched(kraken, "1m")
    assert kraken.asked == [("OHLC", {"pair": "XBTUSD", "interval": "1"})]
    assert (candles.pair, candles.timeframe, candles.source) == ("BTC/USD", "1m", "kraken")
    assert candles.time_s.tolist() == [1_688_671_200, 1_688_671_260, 1_688_671_320]
    assert candles.close.tolist() == [30_305.7, 30_300.0, 30_291.4]
    assert candles.volume.tolist() == [3.39243896, 4.42996871, 2.13024789]
    assert candles.trades.tolist() == [23, 18, 25]


def test_recorded_trades_fill_the_time_before_the_recorded_bars(kraken: Kraken) -> None:
    kraken.answers.extend(
        (200, recorded(name)) for name in ("GetKlines", "GetTradeHistory", "GetTradeHistory")
    )
    older, recent = fetched(kraken, "1m", 1_688_669_521)
    assert kraken.asked[1] == ("Trades", {"pair": "XBTUSD", "since": "1688669579999999999"})
    assert kraken.asked[2] == ("Trades", {"pair": "XBTUSD", "since": "1688671969993150841"})
    assert older.time_s.tolist() == [1_688_669_580]
    assert older.frame[["open", "high", "low", "close"]].to_numpy().tolist() == [
        [30243.4, 30243.4, 30243.3, 30243.3]
    ]
    assert older.volume.tolist() == [0.3612035]  # 0.34507674 + 0.00376960 + 0.01235716
    assert recent.time_s[0] == 1_688_671_200


def test_the_pair_may_be_answered_under_its_new_name(kraken: Kraken) -> None:
    kraken.answers.append((200, recorded("GetKlines").replace(b"XXBTZUSD", b"BTC/USD")))
    assert len(fetched(kraken, "1m")[0]) == 3


def test_bars_without_trades_are_left_out(kraken: Kraken) -> None:
    kraken.trades, kraken.now_s = (
        [("10", "1", at(0)), ("11", "2", at(3)), ("12", "1", at(4))],
        START_S + 5 * 3_600,
    )
    (candles,) = fetched(kraken)
    assert candles.time_s.tolist() == [START_S, START_S + 3 * 3_600, START_S + 4 * 3_600]


def test_a_time_inside_a_bar_begins_with_the_next_bar(kraken: Kraken) -> None:
    kraken.trades, kraken.now_s = (
        [(str(price), "1", at(price / 4)) for price in range(1, 20)],
        START_S + 4 * 3_600,
    )
    kraken.ohlc_bars = 2
    pieces = fetched(kraken, since_s=START_S + 1)
    assert [int(start) for piece in pieces for start in piece.time_s] == [
        START_S + 3_600 * n for n in (1, 2, 3)
    ]
    assert pieces[0].open[0] == 4  # the trade of 00:00


def test_trades_from_before_the_time_asked_for_are_left_out(kraken: Kraken) -> None:
    kraken.trades, kraken.now_s = [(str(hour), "1", at(hour)) for hour in (1, 2, 6, 7)], START_S + 8 * 3_600
    kraken.ohlc_bars, kraken.trades_page = 2, 2
    kraken.answers.extend(
        [kraken.answer("OHLC", {"interval": "60"}), kraken.answer("Trades", {"since": "0"})]
    )
    pieces = fetched(kraken, since_s=START_S + 6 * 3_600)
    assert [piece.close.tolist() for piece in pieces] == [[6], [7]]


def test_the_last_tenth_of_a_microsecond_belongs_to_its_own_bar(kraken: Kraken) -> None:
    body = b'{"error": [], "result": {"X": [["1", "1", 1700006399.9999999, "b", "l", "", 1]], "last": "1"}}'
    kraken.trades, kraken.now_s = [("5", "1", at(3)), ("5", "1", at(4))], START_S + 4 * 3_600
    ohlc = kraken.answer("OHLC", {"interval": "60"})
    kraken.answers.extend([ohlc, (200, body)])
    assert fetched(kraken, since_s=START_S)[0].time_s.tolist() == [START_S]


@pytest.mark.parametrize(("timeframe", "asked"), [("12h", "240"), ("1w", "1440"), ("1W", "1440")])
def test_timeframes_that_kraken_lacks_are_made_of_shorter_ones(
    kraken: Kraken, timeframe: str, asked: str
) -> None:
    kraken.trades = [(str(day), "1", at(24 * day)) for day in range(1, 30)]
    kraken.now_s = START_S + 30 * 86_400
    (candles,) = fetched(kraken, timeframe)
    assert kraken.asked[0][1]["interval"] == asked
    assert candles == resample(fetched(kraken, "4h" if asked == "240" else "1d")[0], timeframe)


def test_progress_rises_to_the_end(kraken: Kraken) -> None:
    kraken.trades, kraken.now_s = [("1", "1", at(hour / 4)) for hour in range(100)], START_S + 25 * 3_600
    kraken.ohlc_bars, kraken.trades_page = 3, 10
    parts: list[float] = []
    fetched(kraken, since_s=START_S, progress=parts.append)
    assert parts == sorted(parts)
    assert len(parts) > 5
    assert parts[-1] == 1


def test_calls_for_trades_keep_a_second_apart(kraken: Kraken) -> None:
    kraken.trades, kraken.now_s = [("1", "1", at(hour)) for hour in range(20)], START_S + 20 * 3_600
    kraken.ohlc_bars, kraken.trades_page = 3, 5
    pauses: list[float] = []
    fetched(kraken, since_s=START_S, sleep=pauses.append)
    assert set(pauses) == {1.0}
    assert len(pauses) == len(kraken.asked) - 2  # none before the first page, none after the last


def test_a_fetch_that_breaks_off_has_handed_over_what_it_had(kraken: Kraken) -> None:
    kraken.trades, kraken.now_s = [("1", "1", at(hour)) for hour in range(20)], START_S + 20 * 3_600
    kraken.ohlc_bars, kraken.trades_page = 3, 5
    pieces = fetch_candles("BTC/USD", "1h", START_S, url=kraken.url, sleep=lambda _: None)
    assert next(pieces).time_s.tolist() == [START_S + 3_600 * hour for hour in range(4)]
    kraken.refuse("EGeneral:Permission denied")
    with pytest.raises(ExchangeError):
        next(pieces)


def test_a_market_without_bars_yet_yields_nothing(kraken: Kraken) -> None:
    kraken.answers.append((200, b'{"error": [], "result": {"XXBTZUSD": [], "last": 0}}'))
    assert fetched(kraken) == []


@pytest.mark.parametrize(("pair", "timeframe"), [("PURR", "1h"), ("BTC/USD", "2h")])
def test_an_unknown_name_is_refused_before_anything_is_asked(
    kraken: Kraken, pair: str, timeframe: str
) -> None:
    with pytest.raises(SettingsError):
        list(fetch_candles(pair, timeframe, url=kraken.url))
    assert kraken.asked == []


@pytest.mark.parametrize(
    "result",
    [
        b"{}",
        b'{"last": 3}',
        b'{"X": 5}',
        b'{"X": [5]}',
        b'{"X": [[1, 2]]}',
        b'{"X": [["a", 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1]]}',
    ],
)
def test_an_answer_of_another_kind_is_an_error(kraken: Kraken, result: bytes) -> None:
    kraken.answers.append((200, b'{"error": [], "result": ' + result + b"}"))
    with pytest.raises(ExchangeError, match="check the address"):
        fetched(kraken)


def test_an_answer_to_trades_without_its_end_is_an_error(kraken: Kraken) -> None:
    body = recorded("GetTradeHistory").replace(b'"last"', b'"lost"')
    kraken.answers.extend([(200, recorded("GetKlines")), (200, body)])
    with pytest.raises(ExchangeError, match="does not say where it ended"):
        fetched(kraken, "1m", 1_688_669_521)
