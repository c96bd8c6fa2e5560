import asyncio

import pytest

from evotrade.errors import ExchangeError, SettingsError
from evotrade.exchange.protocols import ClosedBars, FeedState, MarketEvent, Quote
from tests.exchange.kraken.conftest import Run
from tests.exchange.kraken.sandboxes import HOUR, Stage, same_bars, stage


def bars_come_first(events: list[MarketEvent], length_s: int = HOUR) -> bool:
    """No quote is told before the bars that ended by its time."""
    seen_s, trusted = 0.0, False
    for event in events:
        if isinstance(event, FeedState):
            trusted = event.ok
        elif isinstance(event, Quote) and trusted:  # without a feed prices are asked by REST
            seen_s = max(seen_s, event.at_s)
        elif isinstance(event, ClosedBars) and seen_s >= event.candles.end_s[-1]:
            return False
    return True


def bars_told(stage: Stage) -> int:
    """How many, repetitions too."""
    return sum(len(event.candles) for event in stage.events if isinstance(event, ClosedBars))


async def all_is_told(stage: Stage, since_s: int) -> None:
    """Wait until as many bars were told as there are, then compare them."""
    await stage.until(lambda: len(stage.bars) >= len(stage.expected(since_s)))
    assert same_bars(stage.bars, stage.expected(since_s))


def test_bars_are_the_exchanges_own_and_come_before_the_next_quote(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            since_s = s.now_s - 5 * HOUR
            await s.watch(back_bars=5)
            await s.advance(12 * HOUR, steps=48)
            await all_is_told(s, since_s)
            assert bars_come_first(s.events)
            assert s.quotes
            assert s.bars.source == "sandbox"

    run(work())


@pytest.mark.parametrize("kind", ["duplicate", "reorder", "malformed", "unknown_field"])
def test_faulty_frames_change_no_bar_and_nothing_falls_over(run: Run, kind: str) -> None:
    async def work() -> None:
        async with stage() as s:
            since_s = s.now_s
            await s.watch()
            s.sandbox.inject(kind, calls=25)
            await s.advance(10 * HOUR, steps=40)
            s.sandbox.recover()
            await s.advance(2 * HOUR, steps=8)
            await all_is_told(s, since_s)
            assert s.count("callback_errors") == 0
            # Where trades and bars are lost but tickers are not, nobody knows of anything to wait for.
            assert kind == "malformed" or bars_come_first(s.events)

    run(work())


def test_absurd_prices_are_never_told(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            since_s = s.now_s
            await s.watch()
            await s.advance(600, steps=3)
            usual = s.quotes[-1].price
            s.sandbox.inject("absurd_price", factor=100.0, calls=3)
            await s.advance(3 * HOUR, steps=30)
            assert all(quote.price < 3 * usual and quote.ask < 3 * usual for quote in s.quotes)
            assert s.count("absurd_prices") > 0
            await all_is_told(s, since_s)

    run(work())


def test_after_a_drop_the_missed_bars_are_told_late_and_once(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            since_s = s.now_s
            await s.watch()
            await s.advance(2.5 * HOUR, steps=10)
            s.sandbox.inject("drop")
            await s.until(lambda: not s.market.state.ok)
            s.sandbox.advance(3 * HOUR)
            await s.until(lambda: s.market.state.ok)
            await s.advance(2 * HOUR, steps=8)
            await all_is_told(s, since_s)
            assert any(e.late for e in s.events if isinstance(e, ClosedBars))
            assert bars_come_first(s.events)

    run(work())


def test_silence_is_noticed_and_mended(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            since_s = s.now_s
            await s.watch()
            s.sandbox.inject("silence", seconds=2.5)
            await s.until(lambda: s.count("silences") >= 1)
            await s.until(lambda: any(not state.ok for state in s.states))
            s.sandbox.advance(2 * HOUR)
            await s.until(lambda: s.market.state.ok)
            await s.advance(HOUR, steps=4)
            await all_is_told(s, since_s)

    run(work())


def test_it_starts_without_an_exchange_and_outlives_an_outage(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            s.sandbox.inject("outage", seconds=1.0)
            since_s = s.now_s
            await s.market.watch("BTC/USD", "1h", since_s)
            s.sandbox.advance(4 * HOUR)
            await s.until(lambda: s.market.state.ok)
            assert s.count("drops") >= 1
            await all_is_told(s, since_s)

    run(work())


def test_missing_history_keeps_the_feed_from_being_trusted(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            s.sandbox.inject("http_error", endpoints=["OHLC"], calls=None)
            await s.market.watch("BTC/USD", "1h", s.now_s - 3 * HOUR)
            await s.until(lambda: s.count("connects"))
            s.market._history._closed.set()  # its patience with a busy exchange is half a minute
            await s.until(lambda: s.count("failed_backfills") >= 1)
            assert s.market.state.reason == "missing candles are being fetched"
            s.market._history._closed.clear()
            s.sandbox.recover()
            await s.until(lambda: s.market.state.ok)

    run(work())


def test_maintenance_is_a_state_of_the_feed(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            await s.watch()
            s.sandbox.inject("status", status="maintenance")
            await s.until(lambda: "maintenance" in s.market.state.reason)
            s.sandbox.inject("status", status="online")
            await s.until(lambda: s.market.state.ok)
            assert [state.ok for state in s.states][-3:] == [True, False, True]

    run(work())


def test_without_a_feed_prices_are_asked_by_rest(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            await s.watch()
            s.sandbox.inject("http_error", endpoints=["v2"], calls=None)
            s.sandbox.inject("drop")
            await s.until(lambda: not s.market.state.ok)
            told = len(s.quotes)
            await s.until(lambda: len(s.quotes) > told)
            assert s.quotes[-1].price == float(s.sandbox.exchange.markets["BTC/USD"].last.price)

    run(work())


def test_longer_bars_are_joined_as_a_backtest_joins_them(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            day_s = 24 * HOUR
            await s.watch("12h", back_bars=2, length_s=12 * HOUR)
            since_s = s.now_s // (12 * HOUR) * 12 * HOUR - day_s
            await s.advance(3 * day_s, steps=72)
            await s.until(lambda: len(s.bars) >= 7)
            history = await s.market.history("BTC/USD", "12h", since_s)
            assert same_bars(s.bars, history)
            assert s.bars.timeframe == "12h"

    run(work())


def test_a_watch_from_further_back_tells_what_its_session_has_missed(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            since_s = s.now_s
            await s.watch()
            await s.advance(3 * HOUR, steps=6)
            await s.market.watch("BTC/USD", "1h", since_s + HOUR)
            await s.until(lambda: bars_told(s) == 5)
            assert s.market._watchers["BTC/USD", "1h"] == 2

    run(work())


def test_what_is_no_longer_watched_is_no_longer_told(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            await s.watch()
            await s.market.unwatch("BTC/USD", "1h")
            await asyncio.sleep(0.2)
            s.events.clear()
            await s.advance(2 * HOUR, steps=4)
            assert s.events == []

    run(work())


def test_a_listener_that_raises_does_not_silence_the_others(run: Run) -> None:
    def raises(_: MarketEvent) -> None:
        raise RuntimeError("of the listener")

    async def work() -> None:
        async with stage() as s:
            s.market._listeners.insert(0, raises)
            await s.watch()
            await s.advance(HOUR, steps=4)
            assert s.quotes
            assert s.count("listener_errors") >= len(s.quotes)

    run(work())


def test_rules_are_the_exchanges_and_an_unknown_pair_is_named(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            rules = await s.market.rules("xbtusd")
            assert (rules.pair, rules.base, rules.status) == ("BTC/USD", "BTC", "online")
            assert await s.market.rules("BTC/USD") is rules
            with pytest.raises(SettingsError, match="does not trade ABC/USD"):
                await s.market.rules("ABC/USD")

    run(work())


def test_history_is_closed_bars_and_an_error_where_there_is_nobody(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            since_s = s.now_s - 20 * HOUR
            assert same_bars(await s.market.history("BTC/USD", "1h", since_s), s.expected(since_s))
            assert len(await s.market.history("BTC/USD", "1h", s.now_s)) == 0
            s.market._history._url = "http://127.0.0.1:9"
            with pytest.raises(ExchangeError, match="cannot be reached"):
                await s.market.history("BTC/USD", "1h", since_s)

    run(work())


def test_the_time_is_the_exchanges(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            await s.watch()
            await s.advance(2 * HOUR, steps=4)
            assert abs(s.market.now_s() - s.now_s) < 600
            assert s.market.age_s is not None
            assert s.market.age_s < 2

    run(work())
