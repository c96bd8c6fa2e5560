"""Taking up the sessions of a daemon that ended, however it ended: the outbox first, then the exchange.

A session comes back degraded. Its open orders are asked about, the bars it missed are fetched and decided,
and then it goes on. Whatever cannot be asked yet is asked again, for as long as it takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import structlog

from evotrade.desk.lines import Decided, Member
from evotrade.desk.parts import Parts
from evotrade.desk.runner import Runner, Terms, paper_state_name
from evotrade.engine.execution import Instrument
from evotrade.engine.session.core import Session
from evotrade.engine.session.events import FeedBack, FeedLost, HaltAsked, Started
from evotrade.engine.session.plan import Plan
from evotrade.errors import EvotradeError, ExchangeError
from evotrade.exchange.protocols import PairRules
from evotrade.genome import as_genome
from evotrade.market.candles import bar_start_s
from evotrade.store.outbox import Unfinished

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_NOT_YET = "taken up after a restart, not yet in step with the exchange"
_log = structlog.get_logger(__name__)


class Recovery:
    """Brings back what has not ended; `stepping` are the tasks that do it, one a session."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.stepping: set[asyncio.Task[None]] = set()

    def take_up(self) -> list[Runner]:
        """All unfinished sessions of the outbox, known at once; in step with the exchange later."""
        runners = []
        for kept in self._parts.outbox.unfinished():
            try:
                runners.append(self._restore(kept))
            except (EvotradeError, KeyError, TypeError, ValueError) as error:
                _log.error("session not taken up", session_id=kept.session_id, error=repr(error))
                text = f"Session {kept.session_id} could not be taken up and needs a person: {error}"
                self._parts.alerts.tell("failure", text, kept.session_id)
        for runner in runners:
            task = asyncio.get_running_loop().create_task(self._bring_in_step(runner))
            self.stepping.add(task)
            task.add_done_callback(self.stepping.discard)
        return runners

    def _restore(self, kept: Unfinished) -> Runner:
        parts = self._parts
        plan, terms = Plan.from_dict(kept.plan["plan"]), Terms(**kept.plan["terms"])
        core = Session.restore(plan, kept.snapshot["core"])
        runner = parts.runner_of(core, terms, rules_of(plan))
        runner.remember(kept.snapshot["created"], [Decided(**bar) for bar in kept.snapshot["bars"]])
        state = parts.outbox.state(paper_state_name(plan.session_id))
        if runner.paper is not None and state is not None:
            runner.paper.restore(state)
        runner.feed(FeedLost(parts.market.now_s(), _NOT_YET))
        if not plan.dry_run and not parts.real.allowed:
            reason = "the daemon was started without EVOTRADE_ALLOW_REAL_ORDERS=1"
            runner.feed(HaltAsked(parts.market.now_s(), reason))
        _log.info("taken up", session_id=plan.session_id, status=core.status)
        return runner

    async def _bring_in_step(self, runner: Runner) -> None:
        pause_s = _FIRST_PAUSE_S
        while runner.core.status != "stopped":
            try:
                await self._step(runner)
            except EvotradeError as error:
                _log.warning("not yet in step", session_id=runner.session_id, error=str(error))
            except Exception:  # noqa: BLE001 - the outermost loop of a session's recovery: it must be tried again
                _log.exception("recovery failed", session_id=runner.session_id)
                self._parts.counters.add("recovery_failures")
            else:
                return
            await asyncio.sleep(pause_s)
            if runner.paper is not None or self._parts.real.ready:  # keys are looked for all the time
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)

    async def _step(self, runner: Runner) -> None:
        """Orders, then bars, then on; each part may be repeated. Raises `ExchangeError`."""
        parts, plan = self._parts, runner.core.plan
        await parts.know_time()
        await self._ask_orders(runner)
        if runner.core.status == "stopped":  # meanwhile, by a person: nobody would dismiss it any more
            return
        genome = as_genome(plan.genome)
        last_s = runner.core.last_bar_s
        next_s = next_bar_s(plan) if last_s is None else last_s + plan.interval_s
        if runner.session_id not in parts.floor.runners:
            await parts.floor.admit(runner, Member(genome, plan.combine, next_s))
        if runner.core.status == "initializing":
            runner.feed(Started(parts.market.now_s()))
        if parts.floor.feed.ok:
            runner.feed(FeedBack(parts.market.now_s()))
        parts.counters.add("sessions_taken_up")

    async def _ask_orders(self, runner: Runner) -> None:
        orders = runner.askable_orders
        if not orders:
            return
        try:
            events = await runner.broker.reconcile(orders)
        except ExchangeError:
            # halted for want of the permission, it may hear of bars: it acts on none of them
            if self._parts.real.allowed or runner.paper is not None:
                raise
            return
        self._parts.tell_orders(events)

    async def close(self) -> None:
        """End what is under way."""
        for task in self.stepping:
            task.cancel()
        await asyncio.gather(*self.stepping, return_exceptions=True)


def next_bar_s(plan: Plan) -> int:
    """Start of the bar that ran when the session was started: the first that it decides."""
    return int(bar_start_s(int(plan.started_at_s), plan.timeframe))


def rules_of(plan: Plan) -> PairRules:
    """The rules of the pair as they were at the start, for when nobody can be asked."""
    rules = plan.execution.instrument or Instrument()
    base, _, quote = plan.pair.partition("/")
    exact: Mapping[str, Any] = {
        "tick_size": Decimal(repr(rules.tick_size)),
        "order_min": Decimal(repr(rules.order_min)),
        "cost_min": Decimal(repr(rules.cost_min)),
    }
    decimals = max(0, -int(exact["tick_size"].normalize().as_tuple().exponent))
    return PairRules(
        pair=plan.pair,
        base=base,
        quote=quote,
        status="online",
        price_decimals=decimals,
        lot_decimals=rules.lot_decimals,
        **exact,
    )
