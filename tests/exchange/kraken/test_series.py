from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.frames import Bar, Ticker, Trade
from evotrade.exchange.kraken.pair_feed import PairFeed
from evotrade.exchange.kraken.sanity import PriceGuard
from evotrade.exchange.kraken.series import Series, bars_of, candles_of, join
from evotrade.exchange.kraken.trade_ids import TradeIds
from evotrade.exchange.protocols import ClosedBars, MarketEvent, Quote
from evotrade.market.resample import resample
from evotrade.market.synthetic import synthetic_candles

MINUTE, START_S = 60, 1_600_000_020 // 60 * 60
pauses = st.lists(st.integers(0, 100), min_size=1, max_size=40)


def tape_of(pauses: Iterable[int]) -> list[Trade]:
    at_s, trades = START_S, []
    for number, pause_s in enumerate(pauses, 1):
        at_s += pause_s
        trades.append(Trade("BTC/USD", number, float(at_s), 100.0 + number % 7))
    return trades


def bars_after(tape: list[Trade]) -> list[Bar]:
    """The frame of its bar as it stands after each trade."""
    frames: list[Bar] = []
    for number, trade in enumerate(tape):
        start_s = int(trade.at_s) // MINUTE * MINUTE
        inside = [each.price for each in tape[: number + 1] if each.at_s >= start_s]
        ends = (inside[0], max(inside), min(inside), inside[-1])
        frames.append(Bar("BTC/USD", "1m", start_s, *ends, 1.0 * len(inside), len(inside), trade.at_s))
    return frames


def a_feed() -> tuple[PairFeed, Series]:
    """A feed of one-minute bars that has nothing to catch up with."""
    feed = PairFeed("BTC/USD", Counters(), PriceGuard())
    series = feed.series["1m"] = Series("BTC/USD", "1m", START_S, "sandbox")
    feed.see_ticker(Ticker("BTC/USD", None, 100.0, 99.0, 101.0, 1.0, 1.0), float(START_S))
    feed.see_trades([Trade("BTC/USD", 0, START_S - 1.0, 100.0, past=True)])
    series.behind = False
    return feed, series


def told_bars(events: Iterable[MarketEvent]) -> list[Bar]:
    return [bar for event in events if isinstance(event, ClosedBars) for bar in bars_of(event.candles)]


@given(pauses, st.booleans(), st.data())
def test_bars_are_told_exactly_once_in_order_and_before_what_follows(
    pauses: list[int], bar_first: bool, data: st.DataObject
) -> None:
    tape = tape_of(pauses)
    feed, _ = a_feed()
    events: list[MarketEvent] = []
    for trade, bar in zip(tape, bars_after(tape), strict=True):
        steps = [lambda trade=trade: feed.see_trades([trade]), lambda bar=bar: feed.see_bar(bar)]
        for step in reversed(steps) if bar_first else steps:
            step()
            if data.draw(st.booleans()):
                feed.flush(events.append, trade.at_s, 0.0, hold_s=5.0)
    feed.flush(events.append, tape[-1].at_s, 0.0, hold_s=5.0)
    final = {bar.start_s: bar for bar in bars_after(tape)}
    over = [start_s for start_s in final if start_s + MINUTE <= tape[-1].at_s]
    assert [bar.start_s for bar in told_bars(events)] == over
    assert all(bar.trades == final[bar.start_s].trades for bar in told_bars(events))
    assert quotes_follow_bars(events)


def quotes_follow_bars(events: list[MarketEvent]) -> bool:
    seen_s = 0.0
    for event in events:
        if isinstance(event, Quote):
            seen_s = max(seen_s, event.at_s)
        elif isinstance(event, ClosedBars) and seen_s >= event.candles.end_s[-1]:
            return False
    return True


@given(pauses, st.data())
def test_a_bar_is_never_told_wrong_whatever_frames_are_lost(pauses: list[int], data: st.DataObject) -> None:
    tape = tape_of(pauses)
    feed, series = a_feed()
    events: list[MarketEvent] = []
    for trade, bar in zip(tape, bars_after(tape), strict=True):
        if data.draw(st.booleans()):
            feed.see_trades([trade])
        if data.draw(st.booleans()):
            feed.see_bar(bar)
        feed.flush(events.append, trade.at_s, 0.0, hold_s=5.0)
    final = {bar.start_s: bar for bar in bars_after(tape)}
    told = told_bars(events)
    assert all(bar.trades == final[bar.start_s].trades for bar in told)
    before = [start_s for start_s in final if start_s < series.told_until_s]
    assert [bar.start_s for bar in told] == before  # none was passed over


def test_quotes_wait_for_a_doubtful_bar_and_not_for_ever() -> None:
    feed, _ = a_feed()
    events: list[MarketEvent] = []
    feed.see_trades([Trade("BTC/USD", 1, START_S + 1.0, 100.0), Trade("BTC/USD", 2, START_S + 61.0, 101.0)])
    feed.flush(events.append, START_S + 61.0, 0.0, hold_s=5.0)
    assert [event.at_s for event in events if isinstance(event, Quote)][-1] == START_S + 1.0
    feed.flush(events.append, START_S + 61.0, 5.1, hold_s=5.0)
    assert [event.at_s for event in events if isinstance(event, Quote)][-1] == START_S + 61.0


def test_trades_missed_across_a_bound_are_caught_up_with_at_once() -> None:
    feed, series = a_feed()
    feed.see_trades([Trade("BTC/USD", 1, START_S + 1.0, 100.0)])
    feed.see_trades([Trade("BTC/USD", 3, START_S + 59.0, 100.0)])
    assert not series.behind
    feed.see_trades([Trade("BTC/USD", 5, START_S + 130.0, 100.0)])
    assert series.behind


def test_a_frame_that_was_overtaken_changes_nothing() -> None:
    _, series = a_feed()
    one = bars_after(tape_of([1, 1, 1]))
    assert [series.see_bar(one[2]), series.see_bar(one[0])] == ["", "stale_bars"]
    assert [bar.trades for bar in told_by(series, until_s=START_S + 60.0)] == [3]


def told_by(series: Series, until_s: float) -> list[Bar]:
    series.see_time(until_s)
    return [bar for candles in series.take_unconfirmed() for bar in bars_of(candles)]


def test_what_was_fetched_is_the_last_word_and_told_once() -> None:
    _, series = a_feed()
    frame = bars_after(tape_of([1, 1]))[-1]
    series.see_bar(frame)
    series.see_time(START_S + 60.0)
    fetched = candles_of([Bar("BTC/USD", "1m", START_S, 1.0, 2.0, 1.0, 2.0, 9.0, 9)], "sandbox")
    assert bars_of(series.take_fetched(fetched)[0])[0].close == 2.0
    assert series.take_fetched(fetched) == []
    assert series.take(TradeIds()) == []
    assert series.see_bar(frame) == ""


@given(st.integers(1, 60), st.integers(0, 40))
def test_joined_bars_are_resampled_ones(n: int, first: int) -> None:
    candles = synthetic_candles(120, "4h", seed=3, pair="BTC/USD")[first : first + n + 6]
    expected = resample(candles, "12h")
    if len(expected):
        inside = candles.between(int(expected.time_s[0]), int(expected.end_s[-1]))
        assert join(bars_of(inside), "12h", candles.source) == expected


def test_a_longer_bar_is_over_though_its_last_part_had_no_trades() -> None:
    series = Series("BTC/USD", "12h", 1_600_041_600, "sandbox")
    series.behind = False
    assert series.base == "4h"
    candles = candles_of([Bar("BTC/USD", "4h", 1_600_041_600, 1.0, 2.0, 1.0, 2.0, 9.0, 9)], "sandbox")
    assert series.take_fetched(candles) == []
    series.see_time(1_600_041_600 + 12 * 3600.0)
    (joined,) = series.take(TradeIds())
    assert (joined.timeframe, joined.close.tolist()) == ("12h", [2.0])
