"""One running session: its core, its broker, and that everything is written down before it is done.

Whatever is fed becomes records and commands. The records are committed to the outbox together with the
core's snapshot; only then are the commands (orders, cancels) carried out, one after another. A commit that
fails keeps both, and is tried again by the daemon's flush.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from evotrade.desk import books
from evotrade.desk.lines import Decided
from evotrade.engine.session.core import Session
from evotrade.engine.session.effects import (
    BarDecided,
    Cancel,
    Effect,
    Executed,
    Marked,
    OrderChanged,
    Place,
    StatusChanged,
)
from evotrade.engine.session.events import BarClosed, Ended, Event, Failed, Tick
from evotrade.engine.session.orders import Order
from evotrade.errors import SessionError, StoreError
from evotrade.exchange.paper import PaperBroker
from evotrade.exchange.protocols import Broker, Quote
from evotrade.store.outbox import Outbox
from evotrade.store.records import Record

_BARS_KEPT = 3  # what became of a bar's signal may be told as late as when the next one closes
_log = structlog.get_logger(__name__)


class Told(Protocol):
    """Who hears of a session's effects once they are written down."""

    def expect(self, runner: Runner, effects: Sequence[Effect]) -> None:
        """These are about to be done: news of their orders may come at once."""

    def told(self, runner: Runner, effects: Sequence[Effect]) -> None:
        """These have happened."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the desk knows of a session besides its core's plan; kept with the plan in the outbox."""

    owner: str
    source: str
    warning: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"owner": self.owner, "source": self.source, "warning": self.warning}


def paper_state_name(session_id: int) -> str:
    """Under which name the outbox keeps a session's paper exchange."""
    return f"paper/{session_id}"


class Runner:
    """Feeds a session and carries out what it wants. Used in the daemon's event loop."""

    def __init__(
        self,
        core: Session,
        terms: Terms,
        broker: Broker,
        outbox: Outbox,
        told: Told,
        *,
        now_s: Callable[[], float],
    ) -> None:
        self.core, self.terms, self.broker = core, terms, broker
        self.quote: Quote | None = None
        self.ended_at_s: float | None = None
        self._outbox, self._told, self._now_s = outbox, told, now_s
        self._created_s: dict[str, float] = {}  # when each open order was intended
        self._bars: dict[int, Decided] = {}
        self._records: list[Record] = []
        self._commands: list[Place | Cancel] = []
        self._untold: list[Effect] = []
        self._held: list[Event] | None = None
        self._dirty = self._is_new = False
        self._flying: set[str] = set()  # orders on their way to the exchange
        self._work: asyncio.Queue[Place | Cancel] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    @property
    def session_id(self) -> int:
        """Number of the session."""
        return self.core.plan.session_id

    @property
    def paper(self) -> PaperBroker | None:
        """Its paper exchange; None for real orders."""
        return self.broker if isinstance(self.broker, PaperBroker) else None

    @property
    def askable_orders(self) -> list[Order]:
        """Open orders that the exchange may be asked about: of one on its way it might not know yet."""
        return [order for order in self.core.open_orders if order.order_id not in self._flying]

    @property
    def started_at_s(self) -> float:
        """When it was started, by the exchange's time."""
        return self.core.plan.started_at_s

    @property
    def settled(self) -> bool:
        """Whether everything it was fed is written down."""
        return not (self._records or self._commands or self._untold)

    def remember(self, created_s: Mapping[str, float], bars: Sequence[Decided]) -> None:
        """What the outbox kept beside the core: when open orders were intended, and the last bars.

        Cancels that may not have left are sent again with what is fed first.
        """
        self._created_s, self._bars = dict(created_s), {bar.start_s: bar for bar in bars}
        # Places are found out by asking; a cancel that died with the last process is known to nobody.
        self._commands += [Cancel(order_id) for order_id in self.core.cancelling]

    # Feeding

    def begin(self, warm_up: Sequence[Record] = ()) -> None:
        """The first commit: a session that was never written down does not exist. Raises `StoreError`."""
        self._is_new = True
        self._records += warm_up
        self._records.append(books.session_row(self))
        self._commit()

    def feed(self, *events: Event) -> None:
        """Take events in; never raises. A request that the state forbids is dropped, and logged."""
        if self._held is not None:
            self._held += events
            return
        for event in events:
            self._take(event)
        self.settle()

    def ask(self, event: Event) -> None:
        """Take in a person's request. `SessionError` where the state does not allow it."""
        self._note(self.core.feed(event))
        self.settle()

    def decide(self, bar: Decided, at_s: float) -> None:
        """Take in a closed bar with its decision."""
        self._bars[bar.start_s] = bar
        for start_s in list(self._bars)[:-_BARS_KEPT]:
            del self._bars[start_s]
        self.feed(BarClosed(at_s, bar.start_s, bar.end_s, bar.close, bar.decision, bar.may_act))

    def see(self, quote: Quote) -> None:
        """Take in a quote: the paper exchange first, then the session."""
        self.quote = quote
        paper = self.paper
        if paper is not None:
            with self.together():
                paper.on_quote(quote)
        self.feed(Tick(quote.at_s, quote.price, quote.bid, quote.ask))

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is fed inside is taken in at the end, and committed at once.

        A paper exchange must not be kept between a fill and the end of its order.
        """
        if self._held is not None:
            yield
            return
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            if held:
                self.feed(*held)

    def _take(self, event: Event) -> None:
        try:
            self._note(self.core.feed(event))
        except SessionError as error:
            _log.warning(
                "event refused", session_id=self.session_id, kind=type(event).__name__, why=str(error)
            )
        except Exception as error:  # noqa: BLE001 - a fault of one session must not end the others
            _log.exception("session failed", session_id=self.session_id, kind=type(event).__name__)
            if isinstance(event, Failed):
                return
            self._take(Failed(event.at_s, f"{type(error).__name__} at {type(event).__name__}: {error}"))

    # Writing down

    def settle(self) -> bool:
        """Commit what waits, then let commands go and others know; False where the outbox could not."""
        try:
            self._settle()
        except StoreError as error:
            _log.error("outbox not written", session_id=self.session_id, error=str(error))
            return False
        return True

    def write_down(self) -> None:
        """Settle, and commit the snapshot if a tick changed it since (peaks, marks). Raises `StoreError`."""
        self._settle()
        if self._dirty:
            self._commit()

    def _settle(self) -> None:
        if self.settled:
            return
        if self._records or self._commands:
            self._commit()
        commands, self._commands = self._commands, []
        untold, self._untold = self._untold, []
        self._told.expect(self, untold)
        for command in commands:
            self._work.put_nowait(command)
        if commands and self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._carry_out())
        self._told.told(self, untold)

    def _note(self, effects: Sequence[Effect]) -> None:
        self._dirty = True
        trade_changed = status_changed = False
        for effect in effects:
            self._untold.append(effect)
            match effect:
                case Place(order=order):
                    at_s = self._created_s[order.order_id] = self._now_s()
                    self._records.append(books.order_row(self.session_id, order, at_s))
                    self._flying.add(order.order_id)
                    self._commands.append(effect)
                case Cancel():
                    self._commands.append(effect)
                case Marked():
                    pass
                case _:
                    self._records.append(self._row(effect))
                    trade_changed |= isinstance(effect, Executed)
                    status_changed |= isinstance(effect, StatusChanged)
        if trade_changed and self.core.trade is not None:
            self._records.append(books.trade_row(self.session_id, self.core.trade))
        if self.core.status == "stopped" and self.ended_at_s is None and status_changed:
            self.ended_at_s = next(one.at_s for one in effects if isinstance(one, StatusChanged))
        if trade_changed or status_changed:
            self._records.append(books.session_row(self))

    def _row(self, effect: OrderChanged | Executed | StatusChanged | BarDecided) -> Record:
        match effect:
            case OrderChanged(order=order):
                created_s = self._created_s.get(order.order_id, effect.at_s)
                return books.order_row(self.session_id, order, created_s, effect)
            case Executed():
                return books.fill_row(self.session_id, effect)
            case StatusChanged():
                return books.transition_row(self.session_id, effect)
            case BarDecided():
                return books.bar_row(self.session_id, self._bars.get(effect.start_s), effect)

    def _commit(self) -> None:
        open_orders = {order.order_id for order in self.core.open_orders}
        self._created_s = {name: at_s for name, at_s in self._created_s.items() if name in open_orders}
        ended = self.core.status == "stopped"
        paper = self.paper
        kept = None if ended or paper is None else paper.snapshot()
        states = {} if paper is None else {paper_state_name(self.session_id): kept}
        plan = {"plan": self.core.plan.to_dict(), "terms": self.terms.to_dict()} if self._is_new else None
        snapshot = {
            "core": self.core.snapshot(),
            "created": self._created_s,
            "bars": [bar.to_dict() for bar in self._bars.values()],
        }
        self._outbox.commit(self.session_id, snapshot, self._records, plan=plan, ended=ended, states=states)
        self._records, self._is_new, self._dirty = [], False, False

    # Doing

    async def _carry_out(self) -> None:
        """Carry out commands one after another, for as long as the session lives."""
        while True:
            command = await self._work.get()
            try:
                with self.together() if self.paper else _apart():
                    await self._do(command)
            except Exception:  # noqa: BLE001 - a broker that breaks its promise must not stop the commands
                _log.exception("broker failed", session_id=self.session_id)
            finally:
                if isinstance(command, Place):
                    self._flying.discard(command.order.order_id)
                self._work.task_done()

    async def _do(self, command: Place | Cancel) -> None:
        log = _log.bind(session_id=self.session_id)
        if isinstance(command, Cancel):
            log.info("cancelling", order_id=command.order_id)
            await self.broker.cancel(command.order_id)
            return
        order = command.order
        stale = self._stale(order)
        if stale:
            log.warning("order not sent", order_id=order.order_id, why=stale)
            self.feed(Ended(self._now_s(), order.order_id, "refused", stale))
            return
        log.info("placing", order_id=order.order_id, side=order.side, kind=order.kind, cause=order.reason)
        await self.broker.place(order)

    def _stale(self, order: Order) -> str:
        """Why an order that waited for the outbox must not leave any more: an entry is worth its moment."""
        waited_s = self._now_s() - self._created_s.get(order.order_id, self._now_s())
        if order.leg == "entry" and waited_s > self.core.plan.act_s:
            return "it waited too long to be written down"
        return ""

    async def idle(self) -> None:
        """Wait until all commands so far are carried out."""
        await self._work.join()

    async def close(self) -> None:
        """Let go: what is committed can be taken up again."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
            self._worker = None
        if self.paper is not None:
            await self.broker.close()


@contextmanager
def _apart() -> Iterator[None]:
    yield
