"""Live equals backtest: real bars through the line, the session and the paper broker, tick by tick."""

from dataclasses import replace
from functools import cache

import pytest

from evotrade.desk.lines import Line, Member, joined
from evotrade.engine.backtest import Span, backtest
from evotrade.engine.columns import Columns
from evotrade.engine.execution import Execution, Limits
from evotrade.engine.live import Watch
from evotrade.genome import parse
from tests.engine.session.replay import INSTRUMENT, Desk, detail_of, plan, replay
from tests.engine.test_laws import read

BARS, WARM_UP = 2_000, 400
TEXT = "IF DELTA > EMA_4H(DELTA, 6) AND DELTA > AVG(DELTA, 5) THEN BUY ELSE SELL"
GENOME = parse(TEXT)
TERMS = Execution(slippage_bps=3.0, instrument=INSTRUMENT)


@cache
def series():
    return read("XBTUSD_60.csv", "1h")[40_000 : 40_000 + WARM_UP + BARS]


def judged(terms):
    """The backtest of the bars after the warm-up; ticks decide about stops."""
    candles = series()
    span = Span("live", int(candles.time_s[WARM_UP]), int(candles.end_s[-1]))
    return backtest(GENOME, Columns(candles), terms, span=span, detail=detail_of(candles))


@cache
def decided():
    """The line's decisions, each bar alone as it closes."""
    candles = series()
    line = Line(candles[:WARM_UP])
    line.join(1, Member(GENOME, "votes", int(candles.time_s[WARM_UP])))

    decisions = []
    for at in range(WARM_UP, len(candles)):
        ((told,),) = line.take(candles[at : at + 1], float(candles.end_s[at]), late=False)
        decisions.append(told.decision)
    return decisions


def live(terms, **how):
    return replay(Desk(plan(TEXT, terms)), series()[WARM_UP:], decided().__getitem__, **how)


def check(desk, expected, least=30):
    trades = expected.simulation.trades
    assert desk.decisions == expected.decisions.tolist()
    assert len(desk.trades) == trades.closed >= least
    rows = zip(
        trades.entry_time_s, trades.exit_time_s, trades.entry_price, trades.exit_price, trades.quantity,
        trades.fees, trades.reason, strict=True,
    )  # fmt: skip
    for mine, theirs in zip(desk.trades, rows, strict=False):
        assert mine[:2] == theirs[:2]
        assert [float(price) for price in mine[2:4]] == list(theirs[2:4])
        assert float(mine[4]) == pytest.approx(theirs[4], abs=1.01e-8)  # a lot
        assert float(mine[5]) == pytest.approx(theirs[5], abs=1e-3)
        assert mine[6] == theirs[6]


@pytest.mark.parametrize("restart_every", [0, 7])
def test_signals_trade_live_as_in_the_backtest_whatever_restarts_in_between(restart_every):
    check(live(TERMS, restart_every=restart_every), judged(TERMS))


@pytest.mark.parametrize(
    "limits",
    [
        Limits(stop_loss_pct=1.0),
        Limits(trailing_stop_pct=1.5),
        Limits(stop_loss_pct=2.0, trailing_stop_pct=1.2, take_profit_pct=1.5, cool_down_bars=3),
        Limits(max_trades_per_day=1, cool_down_bars=2),
    ],
    ids=["stop", "trail", "all", "entries"],
)
def test_limits_act_live_as_in_the_backtest_that_sees_the_same_ticks(limits):
    terms = replace(TERMS, limits=limits)
    check(live(terms, restart_every=11), judged(terms))


def test_a_limit_on_losses_halts_where_the_backtest_ends():
    terms = replace(TERMS, limits=Limits(max_drawdown_pct=12.0))
    desk, expected = live(terms), judged(terms)
    assert expected.simulation.halt_reason == "max_drawdown"
    assert desk.states == ["running", "halted"]
    check(desk, expected, least=10)


def test_who_decides_on_the_forming_bar_is_found_out():
    candles, expected = series(), judged(TERMS)
    watch = Watch([(GENOME, "votes")], "1h")

    def peek(bar):  # at the open of the bar that has only begun
        at = min(WARM_UP + bar + 1, len(candles) - 1)
        opened = candles.open[at : at + 1]
        columns = dict.fromkeys(("high", "low", "close"), opened)
        begun = candles[at : at + 1].made_of_good_bars("1h", columns)
        return int(watch.decide(joined(candles[:at], begun))[0])

    desk = replay(Desk(plan(TEXT, TERMS)), candles[WARM_UP:], peek)
    # what `check` asserts; to let it fail here would have pytest explain the difference for minutes
    assert desk.decisions != expected.decisions.tolist()
