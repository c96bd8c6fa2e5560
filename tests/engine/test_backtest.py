"""Backtests of genomes: a known answer of another system, spans, and what the notes say."""

import numpy as np
import pandas as pd
import pytest

from evotrade.engine.backtest import Span, backtest, backtest_decisions
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.engine.execution import Execution, Instrument, Limits
from evotrade.genome import parse
from evotrade.market.candles import Candles
from evotrade.market.synthetic import synthetic_candles
from tests.paths import shared

CROSSING = parse("IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL")
RECORDED = "IF ALPHA() > GAMMA(100) THEN SELL ELSE BUY"
RECORDED_TERMS = Execution(fill="close", fee_bps=4.5, fee_on="notional", initial=100, close_at_end=True)


@pytest.fixture(scope="module")
def purr():
    frame = pd.read_csv(shared("data/origin/PURR_60.csv"))
    columns = {
        name: frame[name].to_numpy(float) for name in ("open", "high", "low", "close", "volume", "trades")
    }
    return Candles(time_s=frame["timestamp"].to_numpy() // 1000, timeframe="1h", **columns)


@pytest.fixture(scope="module")
def columns():
    return Columns(synthetic_candles(2_000, "1h", seed=3))


def notes_of(orders, columns, **terms):
    candles = columns.candles[: len(orders)]
    return backtest_decisions(np.array(orders, np.int8), candles, Execution(**terms)).notes


def test_the_recorded_profit_of_an_earlier_system_comes_out(purr):
    result = backtest(parse(RECORDED), Columns(purr), RECORDED_TERMS)
    assert result.simulation.fills.reason[-1] == "end"
    assert len(result.simulation.fills) - 1 == 55
    assert result.metrics["net_profit"] == pytest.approx(2.87218755297688, rel=1e-12)
    assert (result.decisions[:100] == 0).all()


def test_decisions_by_hand_are_traded_like_those_of_the_genome(purr):
    by_hand = np.zeros(len(purr), np.int8)
    by_hand[100:] = np.where(purr.open[100:] > purr.low[:-100], -1, 1)
    one, other = backtest_decisions(by_hand, purr), backtest(parse(RECORDED), Columns(purr))
    assert one.metrics == pytest.approx(other.metrics, rel=0, abs=0, nan_ok=True)


def test_a_span_is_decided_on_the_bars_before_it_and_traded_alone(columns):
    candles = columns.candles
    span = Span("train", int(candles.time_s[500]), int(candles.end_s[899]))
    result = backtest(CROSSING, columns, span=span)
    assert result.candles == candles[500:900]
    np.testing.assert_array_equal(result.decisions, decide(CROSSING, columns)[500:900])
    alone = backtest_decisions(result.decisions, candles[500:900])
    assert result.simulation.equity.tolist() == alone.simulation.equity.tolist()


def test_a_span_holds_the_bars_wholly_inside(columns):
    candles = columns.candles
    start_s, end_s = int(candles.time_s[10]), int(candles.end_s[19])
    assert Span("some", start_s, end_s).bars(candles) == slice(10, 20)
    assert Span("some", start_s + 1, end_s - 1).bars(candles) == slice(11, 19)
    assert Span("none", end_s, end_s).bars(candles) == slice(20, 20)
    assert Span.whole(candles).bars(candles) == slice(0, 2_000)


def test_notes_say_that_an_open_position_is_marked_without_costs(columns):
    (note,) = notes_of([1, 0], columns)
    assert "open at the end" in note
    assert notes_of([1, 0], columns, close_at_end=True) == ()


def test_notes_say_when_a_limit_ended_the_trading(columns):
    (note,) = notes_of([1, 0, 0, 0], columns, fee_bps=2000, limits=Limits(max_drawdown_pct=10))
    assert "drawdown limit struck" in note
    assert f"{columns.candles.timestamp[1]:%Y-%m-%d %H:%M} UTC" in note


def test_notes_count_entries_below_the_minimum(columns):
    (note,) = notes_of([1, 1, 0], columns, instrument=Instrument(cost_min=1e9))
    assert note.startswith("2 entries")


def test_notes_say_when_the_history_is_shorter_than_the_lookback(columns):
    short = backtest(CROSSING, Columns(columns.candles[:19]))
    assert "needs 19 more bars" in short.notes[0]
    assert backtest(CROSSING, Columns(columns.candles[:20])).notes == ()


def test_a_backtest_of_no_bars_is_a_backtest(columns):
    span = Span("vault", int(columns.candles.end_s[-1]), int(columns.candles.end_s[-1]))
    assert backtest(CROSSING, columns, span=span).metrics["trades"] == 0
