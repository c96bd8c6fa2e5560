"""Real orders at Kraken: sent once, never lost sight of, told of exactly."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from evotrade.engine.session.events import OrderEvent, Unknown
from evotrade.engine.session.orders import Order
from evotrade.errors import EvotradeError, ExchangeBusy, ExchangeError, ExchangeUnreachable, OrderRefused
from evotrade.exchange.kraken.budget import Monotonic, Priority
from evotrade.exchange.kraken.connection import Address, Connection, ConnectionSettings, Handler
from evotrade.exchange.kraken.dead_man import DeadManSwitch
from evotrade.exchange.kraken.frames import BadFrame, Execution, read
from evotrade.exchange.kraken.keys import check_permissions
from evotrade.exchange.kraken.ledger import Ledger, Record
from evotrade.exchange.kraken.lookup import Lookup
from evotrade.exchange.kraken.pursuit import Pauses, Pursuit
from evotrade.exchange.kraken.rest import Jitter, Rest, no_jitter
from evotrade.exchange.kraken.rules import price_text, read_balances, read_free_balances, volume_text
from evotrade.exchange.kraken.subscriptions import Name, Params
from evotrade.exchange.protocols import PairRules, Report
from evotrade.market.pairs import kraken_name

RulesOf = Callable[[str], Awaitable[PairRules]]

_NOT_SENT = "the order was cancelled before it was sent"
_UNEXPECTED = "an error that nobody expected kept the order back: see the daemon's log"
_EXECUTIONS = {"channel": "executions", "snap_orders": True, "snap_trades": True}


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """`deadline_s` (0.5 to 60): an order that reaches the book later is refused. Seconds of our clock.

    An order without an answer is looked for `margin_s` after its deadline, and once more after `recheck_s`
    before it counts as never arrived; a cancel is confirmed by frames within `confirm_s`, else by asking.
    """

    deadline_s: float = 5.0
    margin_s: float = 2.0
    recheck_s: float = 2.0
    confirm_s: float = 1.0
    again_s: float = 1.0
    most_again_s: float = 30.0
    connection: ConnectionSettings = field(default_factory=ConnectionSettings)

    @property
    def pauses(self) -> Pauses:
        """Those between questions about an order."""
        return Pauses(self.recheck_s, self.confirm_s, self.again_s, self.most_again_s)


class KrakenBroker(Handler):
    """A `Broker` on one key. `rest` has the keys; `rules` and `now_s` are the market's.

    `report` is told fills once each, whether they were heard by websocket or asked for by REST.
    """

    def __init__(
        self,
        rest: Rest,
        report: Report,
        *,
        rules: RulesOf,
        now_s: Callable[[], float],
        address: Address | None = None,
        settings: BrokerSettings | None = None,
        jitter: Jitter = no_jitter,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self.settings = settings or BrokerSettings()
        self.counters = rest.counters
        self._rest = rest
        self._report = report
        self._rules = rules
        self._now_s = now_s
        self._monotonic = monotonic
        self._began_s = monotonic()
        self._ledger = Ledger(self.counters)
        self._lookup = Lookup(rest)
        self.dead_man = DeadManSwitch(rest, self._lookup, self._ledger)
        self._pursuit = Pursuit(
            rest,
            self._lookup,
            self._ledger,
            report,
            now_s=now_s,
            pauses=self.settings.pauses,
            monotonic=monotonic,
        )
        self._sequence: int | None = None
        self._connection = Connection(
            self,
            address or Address(rest.url),
            rest=rest,
            settings=self.settings.connection,
            counters=self.counters,
            jitter=jitter,
            monotonic=monotonic,
        )

    async def start(self) -> None:
        """Look at what the key may do, then listen to executions.

        Raises `SettingsError` for a key that may withdraw or may too little, `ExchangeError` when Kraken
        can't be asked.
        """
        check_permissions(await self._rest.private("GetApiKeyInfo"))
        self._connection.start()

    async def close(self) -> None:
        """Let go of connections; orders stay as they are."""
        await self._pursuit.close()
        await self._connection.close()
        await self._rest.close()

    async def place(self, order: Order) -> None:
        """Send the order once. Never raises: the outcome is an event, `Unknown` where there is no answer."""
        if self._ledger.get(order.order_id) is not None:
            return  # it was sent already: the same intent is the same order
        record = self._ledger.add(order.order_id, order, None)
        try:
            params = await self._prepare(record, order)
            result = await self._rest.private_once("AddOrder", params, _priority(order))
            exchange_id = _exchange_id(result)
        except EvotradeError as error:
            self._failed(record, str(error), maybe_there=_may_be_there(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of this order
            self.counters.warn("callback_errors", error=repr(error)[:300], where="place")
            self._failed(record, f"{_UNEXPECTED} ({type(error).__name__})", maybe_there=True)
        else:
            self._tell(self._ledger.accept(record, exchange_id, self._now_s()))
            self._check(record)

    def _failed(self, record: Record, reason: str, *, maybe_there: bool) -> None:
        """Refused, or unknown where it was sent and may have arrived."""
        if maybe_there and record.sent_s is not None:
            self._lost(record, reason)
        else:
            self._tell(self._ledger.refuse(record, self._now_s(), reason))

    async def _prepare(self, record: Record, order: Order) -> dict[str, Any]:
        """The parameters of AddOrder. Raises where it must not be sent."""
        try:
            rules = await self._rules(order.pair)
            if order.kind == "stop-loss":
                await self.dead_man.disarm_for_stop()
        except ExchangeError as error:
            raise OrderRefused(f"the order was not sent: {error}") from None
        volume, price = volume_text(order.quantity, rules), price_text(order, rules)
        record.quantity = Decimal(volume).normalize()
        await self._rest.spend_order(kraken_name(order.pair), 1, _priority(order))
        if record.ended is not None:
            raise OrderRefused(_NOT_SENT)
        record.sent_s, record.sent_at_s = self._monotonic(), self._now_s()
        record.deadline_s = record.sent_s + self.settings.deadline_s + self.settings.margin_s
        deadline = datetime.fromtimestamp(record.sent_at_s + self.settings.deadline_s, UTC)
        params = {
            "pair": kraken_name(order.pair),
            "type": order.side,
            "ordertype": order.kind,
            "volume": volume,
            "cl_ord_id": order.order_id,
            "oflags": "fciq",  # fees in quote currency, as the book counts them
            "deadline": deadline.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        return params if price is None else params | {"price": price}

    def _lost(self, record: Record, reason: str) -> None:
        self.counters.warn("unknown_orders", order_id=record.order_id, reason=reason)
        if record.accepted is None and record.ended is None:
            self._report(Unknown(self._now_s(), record.order_id, reason))
        self._pursuit.pursue(record)

    async def cancel(self, order_id: str) -> None:
        """Cancel the order; returns at once, and goes on until it is confirmed how it ended."""
        record = self._ledger.get(order_id)
        if record is None:
            record = self._ledger.add(order_id, None, None)
            self._assume_sent(record)
        if record.sent_s is None:
            self._tell(self._ledger.refuse(record, self._now_s(), _NOT_SENT))
        elif record.ended is not None:
            self._report(record.ended)
        else:
            self._pursuit.cancel(record)

    async def reconcile(self, orders: Sequence[Order]) -> list[OrderEvent]:
        """All that the exchange knows of these orders, fills first; `Ended("refused")` for one it never had.

        Waits until an order that could still arrive no longer can. Raises `ExchangeError` when Kraken can't
        be asked, or tells only half: then nothing is known.
        """
        records = [self._known(order) for order in orders]
        for record in await self._pursuit.settle([one for one in records if one.sent_s is not None]):
            if record.accepted is not None:
                raise ExchangeBusy(
                    f"the exchange does not list order {record.exchange_id} yet: ask again soon"
                )
            await self._pursuit.settle_or_refuse(record)
        self.counters.add("reconciliations", 1)
        return [event for record in records for event in record.events()]

    async def balances(self) -> dict[str, Decimal]:
        """What the account holds, by asset. `ExchangeError` when Kraken can't be asked."""
        return read_balances(await self._rest.private("Balance"))

    async def free_balances(self) -> dict[str, Decimal]:
        """What no open order of the account holds, by asset. `ExchangeError` when Kraken can't be asked."""
        return read_free_balances(await self._rest.private("BalanceEx"))

    # The connection

    def wanted(self) -> list[Params]:
        """Executions, with those that were missed."""
        return [_EXECUTIONS]

    def settled(self, active: frozenset[Name], complete: bool) -> None:
        """After a gap everything open is asked about."""
        if complete:
            self._pursuit.pursue_all()

    def down(self, reason: str) -> None:
        """Frames may be missed from here on."""
        self._sequence = None

    def handle(self, frame: Mapping[str, Any]) -> None:
        """A frame of executions."""
        try:
            messages, complaints = read(frame)
        except BadFrame as error:
            self.counters.warn("unknown_frames", reason=str(error))
            return
        for complaint in complaints:
            self.counters.warn("malformed_frames", reason=complaint)
        for message in messages:
            if isinstance(message, Execution):
                record, events = self._ledger.see(message)
                self._tell(events)
                if record is not None:
                    self._check(record)
        if self._missed(frame) or complaints:
            self._pursuit.pursue_all()

    def _missed(self, frame: Mapping[str, Any]) -> bool:
        """Whether frames before this one were lost, by their numbers."""
        number = frame.get("sequence")
        if not isinstance(number, int):
            return False
        before, self._sequence = self._sequence, max(number, self._sequence or 0)
        return before is not None and number > before + 1

    def _check(self, record: Record) -> None:
        if self._ledger.in_doubt(record):
            self._pursuit.pursue(record)

    def _known(self, order: Order) -> Record:
        record = self._ledger.get(order.order_id)
        if record is None:
            record = self._ledger.add(order.order_id, order, None)
            self._assume_sent(record)
        elif record.order is None:
            record.order = order
        return record

    def _assume_sent(self, record: Record) -> None:
        """An order of an earlier process was sent before this one began."""
        record.sent_s = self._began_s
        record.deadline_s = self._began_s + self.settings.deadline_s + self.settings.margin_s

    def _tell(self, events: Sequence[OrderEvent]) -> None:
        for event in events:
            self._report(event)


def _exchange_id(result: Any) -> str:
    """The number in an answer to AddOrder. `ExchangeUnreachable` where there is none: it may be there."""
    try:
        return str(result["txid"][0])
    except (LookupError, TypeError):
        raise ExchangeUnreachable(
            "the answer to AddOrder does not name the order: what became of it is asked"
        ) from None


def _may_be_there(error: EvotradeError) -> bool:
    """Whether an order that failed so may have arrived; a name in use says that a copy of it did."""
    return isinstance(error, ExchangeUnreachable | ExchangeBusy) or "cl_ord_id" in str(error)


def _priority(order: Order) -> Priority:
    return Priority.ENTRY if order.leg == "entry" else Priority.EXIT
