"""What is known of the broker's orders, and what of it was told: each fill once, the end after all fills.

Without I/O.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from evotrade.engine.session.events import Accepted, Ended, Filled, OrderEvent
from evotrade.engine.session.orders import Order
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.frames import Execution
from evotrade.exchange.kraken.lookup import Asked, Found
from evotrade.exchange.kraken.order_rows import ENDED_AS, EndedAs, TradeRow

_MOST_STRAYS = 500
_KEPT = 2_000  # ended orders; older ones are in the desk's own record
_CLOCKS_APART_S = 300.0


@dataclass(slots=True)
class Closing:
    """The exchange says that the order is over; `filled` is what it filled in all, None where not said."""

    at_s: float
    status: EndedAs
    reason: str
    filled: Decimal | None


@dataclass(slots=True)
class Record:
    """One order. `deadline_s` and `sent_s` are our clock's, None before it is sent; `sent_at_s` the
    exchange's. `incomplete` says that a fill was heard of that only REST tells whole."""

    order_id: str
    order: Order | None
    quantity: Decimal | None
    sent_s: float | None = None
    deadline_s: float | None = None
    sent_at_s: float = 0.0
    accepted: Accepted | None = None
    trades: dict[str, TradeRow] = field(default_factory=dict)
    incomplete: bool = False
    closing: Closing | None = None
    ended: Ended | None = None

    @property
    def exchange_id(self) -> str | None:
        """The exchange's number, None while it is not known."""
        return self.accepted.exchange_id if self.accepted else None

    @property
    def filled(self) -> Decimal:
        """What is known to have filled."""
        return sum((trade.quantity for trade in self.trades.values()), Decimal(0))

    @property
    def asked(self) -> Asked:
        """The order as it is looked for."""
        since_s = self.sent_at_s or (float(self.order.bar_start_s) if self.order else 0.0)
        return Asked(self.order_id, self.exchange_id, max(0.0, since_s - _CLOCKS_APART_S))

    def events(self) -> list[OrderEvent]:
        """All that is known, fills first."""
        events: list[OrderEvent] = [_filled(self.order_id, trade) for trade in self.trades.values()]
        if self.accepted:
            events.append(self.accepted)
        return [*events, self.ended] if self.ended else events


def _filled(order_id: str, trade: TradeRow) -> Filled:
    return Filled(trade.at_s, order_id, trade.trade_id, trade.quantity, trade.price, trade.fee)


class Ledger:
    """All orders that this process placed or was asked about."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._records: dict[str, Record] = {}
        self._names: dict[str, str] = {}
        self._strays: deque[Execution] = deque(maxlen=_MOST_STRAYS)

    def get(self, order_id: str) -> Record | None:
        """The order's record."""
        return self._records.get(order_id)

    def add(self, order_id: str, order: Order | None, quantity: Decimal | None) -> Record:
        """A new record; the oldest ended ones are let go."""
        record = self._records[order_id] = Record(order_id, order, quantity)
        if len(self._records) > _KEPT:
            ended = [name for name, one in self._records.items() if one.ended is not None]
            for name in ended[: len(self._records) - _KEPT]:
                self._names.pop(self._records.pop(name).exchange_id or "", None)
        return record

    def open(self) -> list[Record]:
        """Orders that were sent and have not ended."""
        return [one for one in self._records.values() if one.sent_s is not None and one.ended is None]

    def has_resting_stop(self) -> bool:
        """Whether a stop-loss may rest at the exchange."""
        return any(one.order is not None and one.order.kind == "stop-loss" for one in self.open())

    def accept(self, record: Record, exchange_id: str, at_s: float) -> list[OrderEvent]:
        """The exchange has it under this number; what was heard of that number before is told now."""
        self._names[exchange_id] = record.order_id
        if record.accepted is not None:
            return []
        record.accepted = Accepted(at_s, record.order_id, exchange_id)
        events: list[OrderEvent] = [record.accepted]
        early = [stray for stray in self._strays if stray.exchange_id == exchange_id]
        for stray in early:
            self._strays.remove(stray)
            events += self._book(record, stray)
        return events

    def refuse(self, record: Record, at_s: float, reason: str) -> list[OrderEvent]:
        """The exchange does not have it and will not have it."""
        if record.ended is not None or record.accepted is not None or record.trades:
            return []
        record.ended = Ended(at_s, record.order_id, "refused", reason)
        return [record.ended]

    def see(self, execution: Execution) -> tuple[Record | None, list[OrderEvent]]:
        """A frame about an order: its record (None for somebody else's) and what is new."""
        name = execution.order_id or self._names.get(execution.exchange_id)
        record = self._records.get(name) if name else None
        if record is None:
            if name is None:  # its number may become known with the reply that is under way
                self._strays.append(execution)
            return None, []
        if record.ended is not None and record.ended.status == "refused":
            self._counters.warn("late_orders", order_id=record.order_id, exchange_id=execution.exchange_id)
        events = self.accept(record, execution.exchange_id, execution.at_s)
        return record, events + self._book(record, execution)

    def in_doubt(self, record: Record) -> bool:
        """Whether frames told of it, and not all that it did was heard."""
        return record.ended is None and (record.closing is not None or record.incomplete)

    def settle(self, record: Record, found: Found) -> list[OrderEvent]:
        """What REST says of it, all trades included; what of that is new."""
        events: list[OrderEvent] = []
        for row in found.rows:
            events += self.accept(record, row.exchange_id, row.opened_at_s)
        for trade in found.trades:
            events += self._fill(record, trade)
        last = found.rows[-1]
        record.incomplete = False
        if all(row.ended for row in found.rows) and last.ended is not None:
            filled = sum((row.filled for row in found.rows), Decimal(0))
            record.closing = Closing(last.closed_at_s, last.ended, last.reason, filled)
        return events + self._end(record)

    def _book(self, record: Record, execution: Execution) -> list[OrderEvent]:
        events: list[OrderEvent] = []
        if execution.exec_id is not None:
            trade = _trade_of(record, execution)
            record.incomplete |= trade is None
            events = self._fill(record, trade) if trade is not None else []
        status = ENDED_AS.get(execution.status)
        if status is not None and record.closing is None:
            filled = execution.filled
            if filled is None and status == "filled":
                filled = record.quantity
            record.closing = Closing(execution.at_s, status, execution.reason, filled)
        return events + self._end(record)

    def _fill(self, record: Record, trade: TradeRow) -> list[OrderEvent]:
        if trade.trade_id in record.trades:
            self._counters.add("duplicate_fills", 1)
            return []
        record.trades[trade.trade_id] = trade
        return [_filled(record.order_id, trade)]

    def _end(self, record: Record) -> list[OrderEvent]:
        closing = record.closing
        if closing is None or record.ended is not None or record.filled != closing.filled:
            return []
        record.ended = Ended(closing.at_s, record.order_id, closing.status, closing.reason)
        return [record.ended]


def _trade_of(record: Record, execution: Execution) -> TradeRow | None:
    """A frame's fill; None where its fee is not in quote currency, as REST tells it."""
    quote = record.order.pair.split("/")[1] if record.order else None
    if any(asset != quote for asset, _ in execution.fees) or not execution.fees:
        return None
    assert execution.exec_id is not None
    assert execution.quantity is not None
    assert execution.price is not None
    return TradeRow(
        trade_id=execution.exec_id,
        exchange_id=execution.exchange_id,
        order_id=record.order_id,
        at_s=execution.at_s,
        quantity=execution.quantity,
        price=execution.price,
        fee=sum((fee for _, fee in execution.fees), Decimal(0)),
    )
