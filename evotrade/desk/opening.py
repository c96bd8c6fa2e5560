"""Starting a session: every check first, then the first line in the outbox, then the floor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

import structlog

from evotrade.cells import Cell
from evotrade.desk import books, checks
from evotrade.desk.floor import Past
from evotrade.desk.lines import Member
from evotrade.desk.parts import Parts
from evotrade.desk.runner import Runner, Terms
from evotrade.desk.views import SessionView, StartRequest
from evotrade.engine.execution import Execution
from evotrade.engine.session.core import Session
from evotrade.engine.session.events import Started, StopAsked
from evotrade.engine.session.plan import Plan
from evotrade.errors import ExchangeError, SessionRefused
from evotrade.exchange.paper import instrument_of
from evotrade.exchange.protocols import PairRules
from evotrade.genome import Genome, as_genome

_PATIENCE_S = 60.0  # older history by paging trades takes its time; nobody waits longer for a reply
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a start was checked on."""

    cell: Cell
    genome: Genome
    pair: str
    rules: PairRules
    past: Past
    warning: str


class Opening:
    """Starts sessions, one after another, so that limits hold for all of them together."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._one_at_a_time = asyncio.Lock()
        self._last_id = 0
        self._revoked = 0

    def revoke(self) -> None:
        """Refuse the starts that are under way or wait: somebody pulled the kill switch."""
        self._revoked += 1

    async def start(self, request: StartRequest) -> Runner:
        """Check everything, then start. Raises what `DeskService.start` does."""
        revoked = self._revoked
        async with self._one_at_a_time:
            ground = await self._check(request)
            plan = await self._plan(request, ground)
            if revoked != self._revoked:
                raise SessionRefused("the kill switch was pulled meanwhile: start the session once more")
            runner = await self._begin(plan, request.owner, ground)
        if ground.warning:
            text = f"Session {runner.session_id} trades on paper though {ground.warning}"
            self._parts.alerts.tell("warning", text, runner.session_id)
        return runner

    def _running(self) -> Iterable[SessionView]:
        return [books.view_of(books.session_row(runner)) for runner in self._parts.runners.values()]

    async def _check(self, request: StartRequest) -> Ground:
        parts, settings = self._parts, self._parts.settings
        checks.check_request(request)
        cell = await asyncio.to_thread(parts.store.cell, request.cell_id)
        pair = checks.pair_of(request, cell, settings.pair)
        warning = checks.check_cell(cell, request)
        genome = as_genome(cell.genome)
        lookback = genome.lookback(request.timeframe)
        limits = checks.DeskLimits(
            settings.max_sessions, settings.max_sessions_per_owner, settings.max_total_allocation
        )
        checks.check_desk(request, self._running(), limits)
        if not request.dry_run:
            real = parts.real
            checks.check_real(
                request, pair, allowed=real.allowed, has_keys=real.ready, keys_complaint=real.complaint
            )
        rules, past = await self._ask_exchange(request, pair, lookback)
        price = Decimal(repr(float(past.candles.close[-1]))) if len(past.candles) else Decimal(0)
        checks.check_pair(rules, request.allocation, price, Decimal(repr(settings.fee_bps)))
        return Ground(cell, genome, pair, rules, past, warning)

    async def _ask_exchange(self, request: StartRequest, pair: str, lookback: int) -> tuple[PairRules, Past]:
        """Rules, history, and for real orders the balance. `SessionRefused` where they can't be had."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._parts.know_time()
                rules = await self._parts.market.rules(pair)
                if not request.dry_run:
                    free = (await self._parts.real.free_balances()).get(rules.quote, Decimal(0))
                    checks.check_funds(request, rules, free, self._running())
                # a bar more than the lookback, for the price that the smallest order is judged by
                past = await self._parts.floor.past(pair, request.timeframe, max(1, lookback))
        except ExchangeError as error:
            raise SessionRefused(f"the exchange could not be asked about {pair}: {error}") from error
        except TimeoutError:
            raise SessionRefused(
                f"the history of {pair} at {request.timeframe} was not there within {_PATIENCE_S:.0f} s: "
                "use a shorter timeframe, or try again"
            ) from None
        return rules, past

    async def _begin(self, plan: Plan, owner: str, ground: Ground) -> Runner:
        parts = self._parts
        terms = Terms(owner, parts.market.source, ground.warning)
        runner = parts.runner_of(Session(plan), terms, ground.rules)
        try:
            runner.begin(list(books.warm_up_rows(plan.session_id, ground.past.candles)))
            member = Member(ground.genome, plan.combine, ground.past.next_start_s)
            await parts.floor.admit(runner, member, ground.past.candles)
        except Exception:
            # it is in the outbox already: what was refused must not begin with the next daemon
            runner.feed(StopAsked(parts.market.now_s(), False, "it could not be started"))
            parts.runners.pop(plan.session_id, None)
            raise
        runner.feed(Started(parts.market.now_s()))
        _log.info(
            "started", session_id=plan.session_id, cell_id=plan.cell_id, pair=plan.pair, paper=plan.dry_run
        )
        return runner

    async def _plan(self, request: StartRequest, ground: Ground) -> Plan:
        parts, settings = self._parts, self._parts.settings
        stored = await asyncio.to_thread(parts.store.next_session_id, parts.outbox)
        self._last_id = max(self._last_id + 1, stored)
        execution = Execution(
            fee_bps=settings.fee_bps,
            slippage_bps=settings.paper_slippage_bps if request.dry_run else 0.0,
            initial=float(request.allocation),
            limits=request.limits,
            instrument=instrument_of(ground.rules),
        )
        return Plan(
            session_id=self._last_id,
            key=str(uuid4()),
            cell_id=ground.cell.cell_id,
            genome=ground.cell.genome,
            pair=ground.pair,
            timeframe=request.timeframe.lower(),
            allocation=request.allocation,
            started_at_s=parts.market.now_s(),
            combine=ground.cell.combine,
            execution=execution,
            dry_run=request.dry_run,
            stop_owner="engine" if request.dry_run else "exchange",
        )
