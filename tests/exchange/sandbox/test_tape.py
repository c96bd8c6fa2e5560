"""The tape: candles rebuilt from its trades are the replayed ones."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import DataError
from evotrade.exchange.sandbox.bars import bar_of, series_until
from evotrade.exchange.sandbox.rules import PairRules, rules_for
from evotrade.exchange.sandbox.tape import NS, Tape
from evotrade.market.synthetic import synthetic_candles
from tests.exchange.sandbox.markets import START_S, candles_of, flat, tick_candles

PRICES = ("open", "high", "low", "close", "volume")


def tape_of(candles, **options):
    return Tape(candles, rules_for(candles), **options)


def rebuilt(trades):
    """(open, high, low, close, volume) of one bar's trades, as a client would compute them."""
    prices = [trade.price for trade in trades]
    volume = sum((trade.qty for trade in trades), Decimal(0))
    return [float(value) for value in (prices[0], max(prices), min(prices), prices[-1], volume)]


def shapes(series, since_ns):
    bars = [bar for bar in series.bars if bar.start_ns >= since_ns]
    return [(b.start_ns, b.open, b.high, b.low, b.close, b.volume, b.trades) for b in bars]


@given(tick_candles())
def test_candles_rebuilt_from_the_trades_are_the_replayed_ones(candles):
    tape = tape_of(candles)
    for bar in range(len(candles)):
        assert rebuilt(tape.trades_of(bar)) == [getattr(candles, name)[bar] for name in PRICES]


@given(tick_candles())
def test_the_number_of_trades_is_the_candles_unless_its_prices_need_more(candles):
    tape = tape_of(candles, most_trades=1_000)
    for bar, wanted in enumerate(candles.trades):
        trades = tape.trades_of(bar)
        assert len(trades) == wanted or wanted < len(trades) <= 4


@given(tick_candles())
def test_trades_lie_in_their_bar_in_order_of_time_and_id(candles):
    tape = tape_of(candles)
    for bar, start_s in enumerate(candles.time_s):
        times = [trade.time_ns for trade in tape.trades_of(bar)]
        assert times[0] == start_s * NS
        assert times == sorted(set(times))
        assert times[-1] < (start_s + 3_600) * NS
    trades = list(tape.trades(0, tape.end_ns))
    assert [trade.id for trade in trades] == list(range(1, len(trades) + 1))


@given(tick_candles(), st.floats(0, 1))
def test_two_spans_that_meet_have_the_trades_of_the_whole(candles, share):
    tape = tape_of(candles)
    middle_ns = int(START_S * NS + share * (tape.end_ns - START_S * NS))
    parts = [*tape.trades(0, middle_ns), *tape.trades(middle_ns, tape.end_ns)]
    assert parts == list(tape.trades(0, tape.end_ns))


@given(tick_candles(), st.sampled_from([60, 300, 3_600, 14_400, 86_400]))
def test_bars_made_of_whole_candles_are_those_made_of_their_trades(candles, length_s):
    tape, now_ns = tape_of(candles), int(candles.end_s[-1]) * NS - 1
    ready = series_until(tape, length_s * NS, now_ns)
    by_trade = type(ready)(length_s * NS)
    for trade in tape.trades(0, now_ns):
        by_trade.add(bar_of(trade))
    served_ns = now_ns - 720 * length_s * NS
    assert shapes(ready, served_ns) == shapes(by_trade, served_ns)


def test_a_rising_bar_goes_down_first_and_a_falling_one_up():
    tape = tape_of(candles_of([(100, 103, 99, 102, 4, 4), (102, 103, 99, 100, 4, 4)]))
    assert [float(trade.price) for trade in tape.trades_of(0)] == [100, 99, 103, 102]
    assert [float(trade.price) for trade in tape.trades_of(1)] == [102, 103, 99, 100]


def test_synthetic_candles_are_traded_on_ticks_and_marked_as_the_sandboxs():
    candles = synthetic_candles(50, seed=3)
    replayed = tape_of(candles).candles("1h")
    assert replayed.source == "sandbox"
    assert np.allclose(replayed.close, candles.close, atol=0.5 * 10.0 ** -rules_for(candles).pair_decimals)


def test_prices_are_as_precise_as_the_file_has_them():
    assert rules_for(flat(0.12345, pair="BTC/USD")).pair_decimals == 5
    assert rules_for(flat(100.0, pair="BTC/USD")).pair_decimals == 1


def test_bars_without_trades_are_no_part_of_the_tape():
    assert len(tape_of(candles_of([(1, 1, 1, 1, 0, 0), (1, 1, 1, 1, 1, 1)]))) == 1


def test_prices_below_the_tick_are_refused_with_the_repair():
    with pytest.raises(DataError, match="below its tick 1: give rules of more pair_decimals"):
        Tape(flat(0.25), PairRules("BTC/USD", 0, Decimal(1)))


def test_volumes_that_cannot_be_counted_exactly_are_refused():
    candles = candles_of([(1, 1, 1, 1, 1e12, 1)])
    assert len(tape_of(candles)) == 1, "rules made for the candles count in larger lots"
    with pytest.raises(DataError, match="too large to count exactly"):
        Tape(candles, PairRules("BTC/USD", 1, Decimal(1)))
