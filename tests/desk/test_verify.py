from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.desk.verify import LiveBar, LiveFill, Record, verify
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.engine.execution import Execution
from evotrade.engine.simulation import simulate
from evotrade.errors import NotEnoughCandles
from evotrade.genome import as_genome
from evotrade.market.synthetic import synthetic_candles

CANDLES = synthetic_candles(300, "1h", seed=5)
GENOME = as_genome("IF CLOSE > AVG(CLOSE_4H, 5) THEN BUY ELSE SELL")
FIRST = 100
TERMS = Execution(fee_bps=40.0)
EXPECTED = decide(GENOME, Columns(CANDLES), "votes")

cents = st.decimals(-50, 50, places=2)


def bars(decisions=EXPECTED[FIRST:], missed=()):
    rows = CANDLES[FIRST:]
    names = ("open", "high", "low", "close", "volume", "trades")
    return [
        LiveBar(
            int(rows.time_s[bar]),
            **{name: float(getattr(rows, name)[bar]) for name in names},
            decision=int(decision),
            missed="the feed was silent" if bar in missed else "",
        )
        for bar, decision in enumerate(decisions)
    ]


def fills(drift=Decimal(0), market=Decimal(0), fee_off=Decimal(0)):
    """The backtest's fills, each at a price, a market and a fee that are off by so much."""
    simulated = simulate(EXPECTED[FIRST:], CANDLES[FIRST:], TERMS).fills
    told = []
    for at in range(len(simulated)):
        side, bar = int(simulated.side[at]), int(simulated.bar[at])
        price = Decimal(repr(float(simulated.price[at])))
        told.append(
            LiveFill(
                at_s=float(simulated.time_s[at]),
                side=side,
                quantity=Decimal(repr(float(simulated.quantity[at]))),
                price=price + side * drift,
                fee=Decimal(repr(float(simulated.fee[at]))) + fee_off,
                bar_start_s=int(CANDLES.time_s[FIRST + bar - 1]),
                reason="signal",
                market=price + side * market,
            )
        )
    return told


def record(**changes):
    pnl = Decimal(repr(float(simulate(EXPECTED[FIRST:], CANDLES[FIRST:], TERMS).equity[-1]))) - 1_000
    plain = {"genome": GENOME, "combine": "votes", "timeframe": "1h", "terms": TERMS, "bars": bars()}
    outcome = {"fills": fills(), "live_pnl": pnl, "last_price": None, "closed": False}
    return Record(**{"session_id": 1, **plain, **outcome, **changes})


@given(
    st.lists(st.integers(-1, 1), min_size=1, max_size=200),
    st.sets(st.integers(0, 199), max_size=20),
    cents,
    st.tuples(cents, cents, cents),
    st.none() | st.floats(50, 200),
    st.booleans(),
)
def test_the_parts_sum_to_the_difference_exactly(decisions, missed, pnl, off, last_price, closed):
    lived = record(
        bars=bars(decisions, missed), fills=fills(*off), live_pnl=pnl, last_price=last_price, closed=closed
    )
    verdict = verify(lived, CANDLES)
    assert sum(verdict.parts.values()) == verdict.live_pnl - verdict.backtest_pnl


def test_a_session_that_did_as_the_backtest_differs_in_nothing():
    verdict = verify(record(), CANDLES)
    assert verdict.agrees
    assert (verdict.first_difference, verdict.notes, verdict.bars) == (None, (), 200)
    assert all(abs(part) < Decimal("1e-6") for part in verdict.parts.values())


@given(st.integers(0, 199))
def test_the_first_bar_that_differs_is_shown(bar):
    changed = EXPECTED[FIRST:].copy()
    changed[bar:] = np.where(changed[bar:] == 1, -1, 1)
    verdict = verify(record(bars=bars(changed)), CANDLES)
    assert verdict.first_difference == CANDLES.timestamp[FIRST + bar].to_pydatetime()
    assert verdict.differing_bars == 200 - bar


def test_a_bar_that_the_session_never_saw_differs():
    lived = record(bars=[bar for number, bar in enumerate(bars()) if number != 7])
    verdict = verify(lived, CANDLES)
    assert verdict.first_difference == CANDLES.timestamp[FIRST + 7].to_pydatetime()


def test_what_missed_bars_cost_is_told_apart():
    buy = int(np.flatnonzero(EXPECTED[FIRST:] == 1)[0])
    verdict = verify(record(bars=bars(missed={buy})), CANDLES)
    assert verdict.missed_bars == (CANDLES.timestamp[FIRST + buy].to_pydatetime(),)
    assert verdict.parts["missed_bars"] != 0
    assert verdict.parts["signal"] == 0


def test_fees_above_the_terms_cost_what_they_are_above():
    told = fills(fee_off=Decimal("0.25"))
    assert verify(record(fills=told), CANDLES).parts["fee"] == pytest.approx(
        -Decimal("0.25") * len(told), abs=Decimal("1e-6")
    )


def test_a_market_that_ran_away_before_the_fills_is_latency():
    told = fills(market=Decimal("0.5"))
    expected = -sum(fill.quantity for fill in told) / 2
    assert verify(record(fills=told), CANDLES).parts["latency"] == pytest.approx(
        expected, abs=Decimal("1e-6")
    )


def test_the_running_bar_counts_to_the_last_price():
    held = record(bars=bars(np.ones(200, np.int8)), last_price=float(CANDLES.close[-1]) * 2)
    without = replace(held, last_price=None)
    assert verify(held, CANDLES).parts["signal"] > verify(without, CANDLES).parts["signal"]


def test_a_series_that_was_changed_is_noted():
    columns = {name: getattr(CANDLES, name).copy() for name in CANDLES.columns}
    columns["volume"][FIRST + 3] += 1
    verdict = verify(record(), replace(CANDLES, **columns))
    assert "1 bars are other ones" in verdict.notes[0]


def test_a_session_without_bars_cannot_be_verified():
    with pytest.raises(NotEnoughCandles, match="session 1"):
        verify(record(bars=[]), CANDLES)
