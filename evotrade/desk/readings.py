"""What is on record of sessions: the store's rows, and those in the outbox that are still on their way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from evotrade.errors import NotFound
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.store.records import BarRow, FillRow, OrderRow, Record, SessionRow, TradeRow, TransitionRow

_WHOLE_BACKLOG = 1_000_000

_Row = TypeVar("_Row", OrderRow, FillRow, TradeRow, TransitionRow, BarRow)


class Readings:
    """Reads of one store and outbox. They block: call them in a thread."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store, self._outbox = store, outbox

    def session(self, session_id: int) -> SessionRow:
        """The newest row of a session. `NotFound`."""
        waiting = self._waiting(SessionRow, session_id)
        if waiting:
            newest: SessionRow = waiting[-1]
            return newest
        return self._store.session(session_id)

    def sessions(self, limit: int) -> list[SessionRow]:
        """Sessions that have ended, newest first."""
        waiting = {row.session_id: row for row in self._waiting(SessionRow)}
        stored = {row.session_id: row for row in self._store.sessions(None, limit)}
        rows = {**stored, **waiting}
        ended = [row for row in rows.values() if row.ended_at is not None]
        return sorted(ended, key=lambda row: -row.session_id)[:limit]

    def orders(self, session_id: int) -> list[OrderRow]:
        """Orders of a session, oldest first."""
        return self._merged(OrderRow, session_id, self._store.orders, lambda row: row.order_id)

    def fills(self, session_id: int) -> list[FillRow]:
        """Fills of a session, oldest first."""
        return self._merged(FillRow, session_id, self._store.fills, lambda row: row.fill_id)

    def trades(self, session_id: int) -> list[TradeRow]:
        """Trades of a session, oldest first."""
        return self._merged(TradeRow, session_id, self._store.trades, lambda row: row.trade_id)

    def transitions(self, session_id: int) -> list[TransitionRow]:
        """Changes of a session's state, oldest first."""
        waiting = self._waiting(TransitionRow, session_id)
        stored = self._store.transitions(session_id)
        there = Counter(stored)  # two may be alike in all, at a standing clock
        there.subtract(waiting)
        new = [row for row in waiting if there[row] < 0]
        return stored + new

    def bars(self, session_id: int) -> list[BarRow]:
        """Bars of a session, those of its lookback first, oldest first."""
        return sorted(self._merged(BarRow, session_id, self._store.bars, lambda row: row.start), key=_start)

    def ticks(self, session_id: int, since: datetime | None) -> list[dict[str, Any]]:
        """seen_at, price, pnl of a session's ticks that are in the store, oldest first."""
        frame = self._store.ticks(session_id, since)
        columns = (frame["seen_at"], frame["price"], frame["pnl"])
        return [
            {"seen_at": seen.to_pydatetime(), "price": float(price), "pnl": float(pnl)}
            for seen, price, pnl in zip(*columns, strict=True)
        ]

    def expect(self, session_id: int) -> None:
        """`NotFound` where there is no such session."""
        self.session(session_id)

    def _merged(
        self,
        kind: type[_Row],
        session_id: int,
        stored: Callable[[int], list[_Row]],
        key: Callable[[_Row], Any],
    ) -> list[_Row]:
        # The outbox first: what is delivered in between is then found twice, and not missed.
        waiting = self._waiting(kind, session_id)
        rows = {key(row): row for row in stored(session_id)}
        for row in waiting:
            if not _is_newer(rows.get(key(row)), row):
                rows[key(row)] = row
        return list(rows.values())

    def _waiting(self, kind: type[Any], session_id: int | None = None) -> list[Any]:
        records: Sequence[Record] = [entry.record for entry in self._outbox.pending(_WHOLE_BACKLOG)]
        return [
            record
            for record in records
            if isinstance(record, kind) and (session_id is None or record.session_id == session_id)
        ]


def _start(row: BarRow) -> datetime:
    return row.start


def _is_newer(held: Any, row: Any) -> bool:
    """Whether the row that is in the store is newer than the one that was on its way."""
    return isinstance(held, OrderRow) and held.changed_at > row.changed_at


def no_session(session_id: int) -> NotFound:
    """The error for a number that no session has."""
    return NotFound(f"there is no session {session_id}: evotrade session list shows all")
