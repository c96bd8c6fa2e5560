"""What the desk is made of, in one place: the parts that its services share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from evotrade.desk import books
from evotrade.desk.alerts import Alerts, Messenger
from evotrade.desk.counters import Counters
from evotrade.desk.floor import Floor
from evotrade.desk.hub import Hub
from evotrade.desk.keeper import Keeper
from evotrade.desk.readings import Readings
from evotrade.desk.real import RealOrders
from evotrade.desk.runner import Runner, Terms
from evotrade.engine.session.core import Session
from evotrade.engine.session.effects import (
    BarDecided,
    Effect,
    Executed,
    Marked,
    OrderChanged,
    Place,
    StatusChanged,
)
from evotrade.engine.session.events import OrderEvent, Unknown
from evotrade.engine.session.plan import Plan
from evotrade.errors import StoreError
from evotrade.exchange.paper import PaperBroker
from evotrade.exchange.protocols import Broker, Market, PairRules
from evotrade.settings import Settings
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.store.records import AlertRow
from evotrade.store.writer import Writer

_ORDERS_REMEMBERED = 1_000  # of a session: a frame about an older one can only be a repetition
_log = structlog.get_logger(__name__)


class Parts:
    """The desk's parts, and what passes between them. Used in the daemon's event loop."""

    def __init__(
        self,
        market: Market,
        store: Store,
        outbox: Outbox,
        writer: Writer,
        settings: Settings,
        messenger: Messenger | None = None,
        sync: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.market, self.store, self.outbox, self.settings = market, store, outbox, settings
        self._sync = sync
        self.counters = Counters()
        self.alerts = Alerts(messenger, self.counters, self.now, self._keep_alert)
        self.hub = Hub()
        self.writer = writer
        self.keeper = Keeper(store, writer, self.counters)
        self.readings = Readings(store, outbox)
        self.floor = Floor(market, self.counters, self.keeper.keep, self._tell_feed)
        self.real = RealOrders(self.report, market.now_s, allowed=settings.allow_real_orders)
        self.runners: dict[int, Runner] = {}
        self._owners: dict[str, int] = {}
        self._orders: dict[int, list[str]] = {}
        self._beside: set[asyncio.Task[None]] = set()

    async def know_time(self) -> None:
        """Learn the exchange's time before it is first reckoned with. Raises `ExchangeError`."""
        if self._sync is not None:
            await self._sync()

    def now(self) -> datetime:
        """The exchange's time, UTC."""
        return books.moment(self.market.now_s())

    # Making sessions

    def runner_of(self, core: Session, terms: Terms, rules: PairRules) -> Runner:
        """A runner with its broker, known to all parts but not yet on the floor."""
        plan = core.plan
        broker: Broker = self.real if not plan.dry_run else self._paper(plan, rules)
        runner = Runner(core, terms, broker, self.outbox, self, now_s=self.market.now_s)
        for order in core.open_orders:
            self._own(plan.session_id, order.order_id)
        self.runners[plan.session_id] = runner
        return runner

    def _paper(self, plan: Plan, rules: PairRules) -> PaperBroker:
        return PaperBroker(
            rules, plan.execution, self.report, cash=plan.allocation, latency_s=self.settings.paper_latency_s
        )

    # What becomes of orders

    def report(self, event: OrderEvent) -> None:
        """Bring news of an order to the session that owns it; never raises."""
        self.tell_orders([event])

    def tell_orders(self, events: Sequence[OrderEvent]) -> None:
        """Bring news of orders to their sessions, all of a session's at once."""
        found: dict[int, list[OrderEvent]] = {}
        for event in events:
            owner = self._owners.get(event.order_id)
            if owner is None or owner not in self.runners:
                self.counters.add("news_of_foreign_orders")
                _log.warning("order of no session", order_id=event.order_id, kind=type(event).__name__)
                continue
            found.setdefault(owner, []).append(event)
            if isinstance(event, Unknown):
                self.counters.add("unknown_outcomes")
        for owner, told in found.items():
            self.runners[owner].feed(*told)

    def _own(self, session_id: int, order_id: str) -> None:
        self._owners[order_id] = session_id
        orders = self._orders.setdefault(session_id, [])
        orders.append(order_id)
        for old in orders[:-_ORDERS_REMEMBERED]:
            self._owners.pop(old, None)
        del orders[:-_ORDERS_REMEMBERED]

    # What others should know

    def told(self, runner: Runner, effects: Sequence[Effect]) -> None:
        """Tell a session's effects, which are written down, to logs, alerts and those who watch it."""
        number = runner.session_id
        for effect in effects:
            match effect:
                case Marked():
                    self._tell_mark(number, effect)
                case Executed():
                    self._tell_fill(runner, effect)
                case StatusChanged():
                    self._tell_status(runner, effect)
                case OrderChanged():
                    _log.info(
                        "order",
                        session_id=number,
                        order_id=effect.order.order_id,
                        status=effect.status,
                        why=effect.reason,
                    )
                case BarDecided(missed=missed) if missed:
                    self.counters.add("missed_bars")
                    _log.warning("missed bar", session_id=number, start_s=effect.start_s, why=missed)
                case _:
                    pass

    def expect(self, runner: Runner, effects: Sequence[Effect]) -> None:
        """Know whose order it is before it leaves, since news of it may come at once."""
        for effect in effects:
            if isinstance(effect, Place):
                self._own(runner.session_id, effect.order.order_id)

    def _tell_mark(self, number: int, mark: Marked) -> None:
        if self.hub.watches(number):
            at = books.moment(mark.at_s).isoformat()
            self.hub.tell(number, "price", {"at": at, "price": mark.price})
            self.hub.tell(number, "pnl", {"at": at, "price": mark.price, "current_pnl": str(mark.pnl)})

    def _tell_fill(self, runner: Runner, done: Executed) -> None:
        self.counters.add("fills")
        self.keeper.mark(runner)
        self.keeper.hurry()
        number = runner.session_id
        _log.info(
            "fill",
            session_id=number,
            order_id=done.order.order_id,
            fill_id=done.fill_id,
            side=done.order.side,
            quantity=str(done.quantity),
            price=str(done.price),
        )
        row = books.fill_row(number, done)
        self.hub.tell(number, "trade", books.plain(row._asdict()))
        entry = runner.core.book.entry_price
        self.hub.tell(
            number,
            "position",
            {
                "at": row.filled_at.isoformat(),
                "position": str(done.position_after),
                "cash": str(done.cash_after),
                "entry_price": None if entry is None else str(entry),
                "trade_count": runner.core.book.trades,
            },
        )

    def _tell_status(self, runner: Runner, changed: StatusChanged) -> None:
        number = runner.session_id
        self.counters.add(f"became_{changed.after}")
        _log.info("state", session_id=number, before=changed.before, after=changed.after, why=changed.reason)
        self.hub.tell(
            number,
            "state",
            {
                "at": books.moment(changed.at_s).isoformat(),
                "before": changed.before,
                "status": changed.after,
                "reason": changed.reason,
            },
        )
        self.keeper.hurry()
        if changed.after in ("halted", "error"):
            self.alerts.tell("failure", f"Session {number} is {changed.after}: {changed.reason}", number)
        elif changed.after == "stopped":
            self.alerts.tell("info", f"Session {number} has stopped: {changed.reason}", number)
            self._retire(runner)

    def _tell_feed(self, ok: bool, reason: str) -> None:
        if self.runners:
            self.alerts.tell(
                "info" if ok else "warning",
                "Prices flow again." if ok else f"Prices can't be trusted, no entries: {reason}",
            )

    def _retire(self, runner: Runner) -> None:
        """Let go of a session that has ended, once what it does at this moment is done."""
        self.beside(self._let_go(runner))

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done soon, beside all else; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.counters.add("work_failures")
            _log.error("work failed", error=repr(error))

    async def _let_go(self, runner: Runner) -> None:
        number = runner.session_id
        await self.floor.dismiss(runner)
        await runner.idle()
        await runner.close()
        self.runners.pop(number, None)
        for order_id in self._orders.pop(number, []):
            self._owners.pop(order_id, None)
        self.keeper.forget(number)
        self.keeper.hurry()

    def _keep_alert(self, at: datetime, level: str, session_id: int | None, text: str) -> None:
        try:
            self.outbox.commit(None, None, [AlertRow(at.astimezone(UTC), level, session_id, text)])
        except StoreError as error:
            _log.error("alert not kept", error=str(error))

    def tell_once(self, text: str) -> None:
        """An alert that is repeated at most after another one was told."""
        latest = self.alerts.latest(20)
        if all(one["text"] != text for one in latest):
            self.alerts.tell("warning", text)

    async def close(self) -> None:
        """Let go of all sessions; what is committed can be taken up again."""
        await asyncio.gather(*self._beside, return_exceptions=True)
        for runner in list(self.runners.values()):
            await runner.close()
        await self.real.close()
