"""The desk: what API, daemon and tests ask of live sessions."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from evotrade.desk import books
from evotrade.desk.jobs import Job
from evotrade.desk.opening import Opening
from evotrade.desk.parts import Parts
from evotrade.desk.readings import no_session
from evotrade.desk.recovery import Recovery
from evotrade.desk.runner import Runner
from evotrade.desk.verification import verify_session
from evotrade.desk.views import Health, SessionView, StartRequest, Update, Verification
from evotrade.engine.session.events import Clock, ResumeAsked, StopAsked
from evotrade.errors import NotFound, SessionError, SessionRefused, StoreError
from evotrade.exchange.protocols import Broker
from evotrade.store.records import rounded


class Desk:
    """A `DeskService`. Made of its parts; `begin` takes up what an earlier daemon left."""

    def __init__(self, parts: Parts, version: str = "") -> None:
        self.parts = parts
        self.jobs: Sequence[Job] = ()
        self._version = version
        self._opening = Opening(parts)
        self._recovery = Recovery(parts)
        self._started_at = parts.now()
        self._reconciling = asyncio.Lock()
        self._accepts = True

    # The daemon's side

    async def begin(self) -> None:
        """Take up unfinished sessions and begin to connect. Returns at once, network or not."""
        self._recovery.take_up()
        await self.parts.market.start()

    async def settled(self) -> None:
        """Wait until every session that was taken up is in step with the exchange."""
        while self._recovery.stepping:
            await asyncio.gather(*self._recovery.stepping, return_exceptions=True)

    def connect_real(self, broker: Broker) -> None:
        """From now on real orders go through this broker."""
        self.parts.real.connect(broker)
        self.parts.beside(self.reconcile())

    async def flush(self) -> None:
        """Commit snapshots that ticks changed, and what the outbox refused before; give ticks and candles on.

        Raises `StoreError` where something was not taken; it waits for the next flush.
        """
        try:
            self._write_down()
        finally:
            await self._give_on()

    async def watch_risk(self) -> None:
        """Let time pass for sessions whose market stands still."""
        now_s = self.parts.market.now_s()
        for runner in list(self.parts.floor.runners.values()):
            runner.feed(Clock(now_s))

    async def reconcile(self) -> None:
        """Ask the exchange about every open order of sessions with real orders. Raises `ExchangeError`."""
        async with self._reconciling:
            runners = [one for one in self.parts.runners.values() if one.paper is None]
            orders = [order for runner in runners for order in runner.askable_orders]
            if not runners or not self.parts.real.ready:
                return
            self.parts.counters.add("reconciliations")
            if orders:
                self.parts.tell_orders(await self.parts.real.reconcile(orders))
            await self._compare_balances(runners)

    async def close(self) -> None:
        """Stop taking requests, let go of the exchange and keep everything for the next daemon."""
        self._accepts = False
        await self._recovery.close()
        await self.parts.market.close()
        try:
            self._write_down()
        finally:
            await self.parts.close()
            await self._give_on()

    def _write_down(self) -> None:
        """Commit what waits of every session. Raises `StoreError` once all were tried."""
        trouble: StoreError | None = None
        for runner in list(self.parts.runners.values()):
            try:
                runner.write_down()
            except StoreError as error:
                trouble = error
        if trouble is not None:
            raise trouble

    async def _give_on(self) -> None:
        """Ticks and candles to the store. Raises `StoreError`; what was not taken waits."""
        self.parts.keeper.mark_all(list(self.parts.runners.values()))
        await self.parts.keeper.flush()

    async def _compare_balances(self, runners: Sequence[Runner]) -> None:
        """The account is only an upper bound: an alert where it has less than its sessions own."""
        owned: dict[str, Decimal] = {}
        for runner in runners:
            base, _, quote = runner.core.plan.pair.partition("/")
            book = runner.core.book
            owned[base] = owned.get(base, Decimal(0)) + book.position
            owned[quote] = owned.get(quote, Decimal(0)) + book.cash
        balances = await self.parts.real.balances()
        for asset, amount in owned.items():
            held = balances.get(asset, Decimal(0))
            if held < amount:
                self.parts.tell_once(
                    f"The account holds {held:f} {asset}, and its sessions own {amount:f}: who took it?"
                )

    # What people ask

    async def start(self, request: StartRequest) -> SessionView:
        """Check everything, then start; what fails is refused in this call with its reason."""
        if not self._accepts:
            raise SessionRefused("the daemon is stopping: start the session when it runs again")
        return self._view(await self._opening.start(request))

    async def stop(self, session_id: int, *, flatten: bool = True, reason: str = "") -> SessionView:
        """Stop it, selling its position unless `flatten` is False; returns at once, it may be `stopping`."""
        runner = await self._running(session_id)
        runner.ask(StopAsked(self.parts.market.now_s(), flatten, reason or "asked to stop"))
        return self._view(runner)

    async def stop_all(self, *, flatten: bool = True, reason: str = "") -> list[SessionView]:
        """The kill switch: stop every session that runs."""
        self._opening.revoke()
        self.parts.alerts.tell("failure", f"Kill switch: all sessions are stopped. {reason}".strip())
        stopped = []
        for runner in list(self.parts.runners.values()):
            if runner.core.status != "stopped":
                runner.feed(StopAsked(self.parts.market.now_s(), flatten, reason or "kill switch"))
                stopped.append(self._view(runner))
        return stopped

    async def resume(self, session_id: int, reason: str = "") -> SessionView:
        """Let a halted session go on."""
        runner = await self._running(session_id)
        if runner.paper is None and not (self.parts.real.allowed and self.parts.real.ready):
            raise SessionRefused(
                "real orders are not possible now: "
                + (self.parts.real.complaint or "start the daemon with EVOTRADE_ALLOW_REAL_ORDERS=1")
            )
        runner.ask(ResumeAsked(self.parts.market.now_s(), reason or "resumed by a person"))
        return self._view(runner)

    async def sessions(self, active: bool | None = None, limit: int = 200) -> list[SessionView]:
        """Newest first; only those that run, only those that ended, or both."""
        running = [self._view(one) for one in self.parts.runners.values() if one.ended_at_s is None]
        views = [] if active is False else running
        if active is not True:
            rows = await asyncio.to_thread(self.parts.readings.sessions, limit)
            views = views + [books.view_of(row) for row in rows]
        return sorted(views, key=lambda view: -view.session_id)[:limit]

    async def session(self, session_id: int) -> SessionView:
        """One session, running, ended or archived."""
        runner = self.parts.runners.get(session_id)
        if runner is not None:
            return self._view(runner)
        return books.view_of(await asyncio.to_thread(self.parts.readings.session, session_id))

    async def fills(self, session_id: int) -> list[dict[str, Any]]:
        """The rows of the table `fills`, oldest first."""
        return await self._rows(self.parts.readings.fills, session_id)

    async def trades(self, session_id: int) -> list[dict[str, Any]]:
        """The rows of the table `trades`, oldest first."""
        return await self._rows(self.parts.readings.trades, session_id)

    async def orders(self, session_id: int) -> list[dict[str, Any]]:
        """The rows of the table `orders`, oldest first."""
        return await self._rows(self.parts.readings.orders, session_id)

    async def transitions(self, session_id: int) -> list[dict[str, Any]]:
        """at, before, after, reason; oldest first."""
        rows = await self._rows(self.parts.readings.transitions, session_id)
        return [{"at": row["changed_at"], **row} for row in rows]

    async def bars(self, session_id: int) -> list[dict[str, Any]]:
        """start, open, high, low, close, volume, trades, decision, missed; those decided, oldest first."""
        rows = await self._rows(self.parts.readings.bars, session_id)
        return [row for row in rows if row["decision"] is not None]

    async def ticks(self, session_id: int, since: datetime | None = None) -> list[dict[str, Any]]:
        """seen_at, price, pnl; oldest first, at most 10 000."""
        await self._expect(session_id)
        return await asyncio.to_thread(self.parts.readings.ticks, session_id, since)

    async def verify(self, session_id: int) -> Verification:
        """Replay the session through the backtest."""
        await self._expect(session_id)
        await self.parts.keeper.flush()
        runner = self.parts.runners.get(session_id)
        row = books.session_row(runner) if runner else None
        return await asyncio.to_thread(verify_session, self.parts.readings, self.parts.store, session_id, row)

    async def check_parity(self) -> None:
        """Compare all running sessions with their backtests; an alert for one that decided otherwise."""
        decided = [one.session_id for one in self.parts.runners.values() if one.core.last_bar_s is not None]
        for session_id in decided:
            found = await self.verify(session_id)
            if not found.agrees:
                self.parts.tell_once(
                    f"Session {session_id} decided otherwise than its backtest, first on the bar of "
                    f"{found.first_difference}: compare them on the Live desk"
                )

    async def health(self) -> Health:
        """How the daemon, its feed and its jobs are."""
        parts, feed = self.parts, self.parts.floor.feed
        failing = [job.name for job in self.jobs if job.last_error]
        return Health(
            ok=not failing and (feed.ok or not parts.runners),
            pid=os.getpid(),
            version=self._version,
            started_at=self._started_at,
            exchange=parts.market.source,
            real_orders_allowed=parts.real.allowed,
            feed_ok=feed.ok,
            feed_reason=feed.reason,
            feed_age_s=getattr(parts.market, "age_s", None),
            sessions=dict(Counter(one.core.status for one in parts.runners.values())),
            outbox_backlog=await asyncio.to_thread(parts.outbox.backlog),
            jobs=tuple(job.view() for job in self.jobs),
            counters=self._counts(),
        )

    async def alerts(self, limit: int = 100) -> list[dict[str, Any]]:
        """at, level, session_id, text; newest first."""
        latest = self.parts.alerts.latest(limit)
        if len(latest) < limit:
            rows = await asyncio.to_thread(self.parts.store.alerts, limit)
            known = {(one["at"], one["text"]) for one in latest}
            older = [{"at": row.raised_at, **_without(row._asdict(), "raised_at")} for row in rows]
            latest += [one for one in older if (one["at"], one["text"]) not in known]
        return latest[:limit]

    async def test_alert(self) -> None:
        """Send a test message by every configured way. `SettingsError` where none is."""
        await self.parts.alerts.test()

    def subscribe(self, session_id: int, listener: Callable[[Update], None]) -> Callable[[], None]:
        """Tell this session's updates to the listener, in the event loop; call the answer to end that."""
        return self.parts.hub.subscribe(session_id, listener)

    def _view(self, runner: Runner) -> SessionView:
        return books.view_of(books.session_row(runner))

    def _counts(self) -> dict[str, float]:
        counts = dict(self.parts.counters.all())
        of_market = getattr(self.parts.market, "counters", None)
        if of_market is not None:
            counts |= {f"market_{name}": float(count) for name, count in of_market.values().items()}
        writer = self.parts.writer.stats()
        counts |= {
            f"writer_{name}": float(value) for name, value in writer._asdict().items() if name != "error"
        }
        return counts

    async def _running(self, session_id: int) -> Runner:
        runner = self.parts.runners.get(session_id)
        if runner is not None and runner.core.status != "stopped":
            return runner
        await self._expect(session_id)
        raise SessionError(f"session {session_id} has stopped: start a new one")

    async def _expect(self, session_id: int) -> None:
        if session_id in self.parts.runners:
            return
        try:
            await asyncio.to_thread(self.parts.readings.expect, session_id)
        except NotFound:
            raise no_session(session_id) from None

    async def _rows(self, read: Callable[[int], Sequence[Any]], session_id: int) -> list[dict[str, Any]]:
        await self._expect(session_id)
        rows = await asyncio.to_thread(read, session_id)
        # with the store's decimals, whether a row is there yet or on its way
        return [{name: _stored(value) for name, value in row._asdict().items()} for row in rows]


def _stored(value: Any) -> Any:
    return rounded(value) if isinstance(value, Decimal) else value


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}
