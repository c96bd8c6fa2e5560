"""A session compared with the backtest of the bars that the sandbox replays."""

import numpy as np

from evotrade.engine.backtest import Span, backtest
from evotrade.engine.columns import Columns
from evotrade.engine.simulation import simulate
from evotrade.genome import as_genome
from tests.desk.world import HISTORY, HOUR_S

GENOME = "IF CLOSE > AVG(CLOSE_4H, 3) THEN BUY ELSE SELL"


def expected(here, number, bars):
    """Decisions by bar, and (side, time, price) of each fill, of the backtest on the session's terms.

    A bar more than the session decided, in which the last decision is filled.
    """
    candles = here.sandbox.exchange.market("BTC/USD").replayed
    plan = here.desk.parts.runners[number].core.plan
    span = Span("all", int(candles.time_s[HISTORY]), int(candles.end_s[HISTORY + bars]))
    run = backtest(as_genome(plan.genome), Columns(candles), plan.execution, span=span)
    fills = run.simulation.fills
    sides = ["buy" if side > 0 else "sell" for side in fills.side.tolist()]
    decisions = dict(zip(run.candles.time_s.tolist(), run.decisions.tolist(), strict=True))
    decisions.popitem()
    return decisions, list(zip(sides, fills.time_s.tolist(), fills.price.round(8).tolist(), strict=True))


async def lived(here, number):
    """The session's decisions by bar, and (side, time, price) of each fill."""
    bars = await here.desk.bars(number)
    fills = await here.desk.fills(number)
    decisions = {int(bar["start"].timestamp()): bar["decision"] for bar in bars}
    told = [(fill["side"], int(fill["filled_at"].timestamp()), float(fill["price"])) for fill in fills]
    return decisions, told


async def assert_trades_but_for_missed_bars(here, number):
    """The trades are those of the backtest when the signals listed as missed are left out."""
    bars, (_, fills) = await here.desk.bars(number), await lived(here, number)
    acted = [0 if bar["missed"] else bar["decision"] for bar in bars] + [0]
    candles = here.sandbox.exchange.market("BTC/USD").replayed[HISTORY:][: len(acted)]
    terms = here.desk.parts.runners[number].core.plan.execution
    done = simulate(np.array(acted, np.int8), candles, terms).fills
    sides = ["buy" if side > 0 else "sell" for side in done.side.tolist()]
    told = [(side, at - at % HOUR_S) for side, at, _ in fills]
    assert told == list(zip(sides, done.time_s.tolist(), strict=True))


async def assert_same_decisions(here, number, bars):
    """The session decided so many bars, each as the backtest does."""
    decisions, _ = await lived(here, number)
    assert len(decisions) == bars
    assert decisions == expected(here, number, bars)[0]


async def assert_parity(here, number):
    """Decisions and trades are the backtest's, and the desk's own verification says so."""
    decisions, fills = await lived(here, number)
    assert (decisions, fills) == expected(here, number, len(decisions))
    verdict = await here.desk.verify(number)
    assert verdict.agrees
    assert sum(verdict.parts.values()) == verdict.live_pnl - verdict.backtest_pnl
