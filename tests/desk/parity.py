"""A session compared with the backtest of the bars that the sandbox replays."""

import numpy as np

from evotrade.engine.backtest import Span, backtest
from evotrade.engine.columns import Columns
from evotrade.engine.simulation import simulate
from evotrade.genome import as_genome
from tests.desk.world import HISTORY

GENOME = "IF CLOSE > AVG(CLOSE_4H, 3) THEN BUY ELSE SELL"


def backtested(plan, replayed, bars):
    """Decisions by bar, and (side, time, price) of each fill, of the backtest on a session's terms.

    A bar more than the session decided, in which the last decision is filled.
    """
    span = Span("all", int(replayed.time_s[HISTORY]), int(replayed.end_s[HISTORY + bars]))
    run = backtest(as_genome(plan.genome), Columns(replayed), plan.execution, span=span)
    fills = run.simulation.fills
    sides = ["buy" if side > 0 else "sell" for side in fills.side.tolist()]
    decisions = dict(zip(run.candles.time_s.tolist(), run.decisions.tolist(), strict=True))
    decisions.popitem()
    return decisions, list(zip(sides, fills.time_s.tolist(), fills.price.round(8).tolist(), strict=True))


def acted_on(bars, replayed, terms):
    """(side, bar) of each fill of the backtest when the signals listed as missed are left out."""
    acted = [0 if bar["missed"] else bar["decision"] for bar in bars] + [0]
    done = simulate(np.array(acted, np.int8), replayed[HISTORY:][: len(acted)], terms).fills
    sides = ["buy" if side > 0 else "sell" for side in done.side.tolist()]
    return list(zip(sides, done.time_s.tolist(), strict=True))


def expected(here, number, bars):
    """What the backtest makes of so many bars of the session."""
    plan = here.desk.parts.runners[number].core.plan
    return backtested(plan, here.sandbox.exchange.market("BTC/USD").replayed, bars)


async def lived(here, number):
    """The session's decisions by bar, and (side, time, price) of each fill."""
    bars = await here.desk.bars(number)
    fills = await here.desk.fills(number)
    decisions = {int(bar["start"].timestamp()): bar["decision"] for bar in bars}
    told = [(fill["side"], int(fill["filled_at"].timestamp()), float(fill["price"])) for fill in fills]
    return decisions, told


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
