"""Sessions and all that belongs to them: delivered from the outbox, read by pages, wherever they lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeVar

import duckdb

from evotrade.engine.session.states import ENDED
from evotrade.errors import NotFound
from evotrade.store.database import Database
from evotrade.store.records import (
    RECORD_ID,
    TABLE_OF,
    TABLES,
    AlertRow,
    BarRow,
    Entry,
    FillRow,
    OrderRow,
    SessionRow,
    Table,
    TradeRow,
    TransitionRow,
    rounded,
)
from evotrade.store.rows import Row, fetch, insert, scalar

_ARCHIVED = "SELECT session_id FROM archived_sessions WHERE session_id IN (SELECT unnest($ids::BIGINT[]))"
_OVER = ", ".join(f"'{status}'" for status in sorted(ENDED))
_WHICH = {None: "true", True: f"status NOT IN ({_OVER})", False: f"status IN ({_OVER})"}
_LAST_ID = """
    SELECT coalesce(max(session_id), 0) FROM (
        SELECT session_id FROM sessions UNION ALL SELECT session_id FROM archived_sessions
    )
"""
_ALLOCATED = f"""
    SELECT coalesce(sum(allocation), 0) FROM sessions
    WHERE {_WHICH[True]} AND dry_run = $dry_run AND ($quote IS NULL OR ends_with(pair, '/' || $quote))
"""

_Row = TypeVar("_Row", OrderRow, FillRow, TradeRow, TransitionRow, BarRow)


class KnowsSessions(Protocol):
    """The outbox, as far as numbers of sessions are concerned."""

    def last_session_id(self) -> int:
        """The highest number of a session that it holds; 0 without one."""


class _Rows(NamedTuple):
    """Rows of one table on their way in: the newest of each key, in the order in which they came."""

    table: Table
    rows: Sequence[Row]


class SessionTable(Database):
    """The tables of the desk, except ticks. What belongs to archived sessions is found like the rest."""

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Carry records of the outbox over, in one transaction; once more changes nothing."""
        batches = _batches(entries)
        with self.write() as con:
            for batch in batches:
                _upsert(con, batch)

    def sessions(self, active: bool | None = None, limit: int = 200) -> list[SessionRow]:
        """Newest first; only those that have not ended (True), only those that have (False), or both."""
        names = ", ".join(SessionRow._fields)
        sql = f"""
            SELECT {names} FROM sessions WHERE {_WHICH[active]}
            UNION ALL SELECT {names} FROM archived_sessions WHERE {_WHICH[active]}
            ORDER BY session_id DESC LIMIT $limit
        """
        with self.read() as con:
            rows = fetch(con, sql, {"limit": limit})
        return [_session(row) for row in rows]

    def session(self, session_id: int) -> SessionRow:
        """One session, archived or not. Raises `NotFound`."""
        with self.read() as con:
            rows = fetch(con, _of_session(TABLE_OF[SessionRow]), {"id": session_id})
        if not rows:
            raise NotFound(f"there is no session {session_id} in the store: evotrade session list shows all")
        return _session(rows[0])

    def orders(self, session_id: int) -> list[OrderRow]:
        """The session's orders, oldest first; none for an unknown session, as in all these lists."""
        return self._owned(OrderRow, session_id, "created_at")

    def fills(self, session_id: int) -> list[FillRow]:
        """The session's fills, oldest first."""
        return self._owned(FillRow, session_id, "filled_at")

    def trades(self, session_id: int) -> list[TradeRow]:
        """The session's trades, oldest first."""
        return self._owned(TradeRow, session_id, "trade_id")

    def transitions(self, session_id: int) -> list[TransitionRow]:
        """The session's changes of state, oldest first."""
        return self._owned(TransitionRow, session_id, RECORD_ID)

    def bars(self, session_id: int) -> list[BarRow]:
        """The session's bars and decisions, oldest first."""
        return self._owned(BarRow, session_id, "start")

    def alerts(self, limit: int = 100) -> list[AlertRow]:
        """What people were told, newest first."""
        sql = f"SELECT {', '.join(AlertRow._fields)} FROM alerts ORDER BY record_id DESC LIMIT $limit"
        with self.read() as con:
            return [AlertRow(**row) for row in fetch(con, sql, {"limit": limit})]

    def next_session_id(self, outbox: KnowsSessions) -> int:
        """A number that no session has, in the store, its archive or the outbox."""
        with self.read() as con:
            stored = int(scalar(con, _LAST_ID))
        return max(stored, outbox.last_session_id()) + 1

    def allocated(self, *, dry_run: bool = False, quote: str | None = None) -> Decimal:
        """What sessions that have not ended were given, in quote currency: of that asset, or of all."""
        with self.read() as con:
            return Decimal(scalar(con, _ALLOCATED, {"dry_run": dry_run, "quote": quote}))

    def _owned(self, kind: type[_Row], session_id: int, order: str) -> list[_Row]:
        with self.read() as con:
            # Rows of one moment come in the order in which they were delivered.
            sql = f"{_of_session(TABLE_OF[kind])} ORDER BY {order}, place"
            rows = fetch(con, sql, {"id": session_id})
        return [_row(kind, row) for row in rows]


def _of_session(table: Table) -> str:
    """The SELECT for a session's rows, from where the session lies, with their place in the table."""
    names = ", ".join(columns_of(table))
    selected = f"SELECT {names}, rowid AS place FROM {{}} WHERE session_id = $id"
    return f"{selected.format(table.name)} UNION ALL {selected.format('archived_' + table.name)}"


def ended() -> str:
    """The SQL condition for sessions that are over."""
    return _WHICH[False]


def columns_of(table: Table) -> tuple[str, ...]:
    """The columns of a table, its key first where that is the outbox's number."""
    return (*((RECORD_ID,) if table.key == (RECORD_ID,) else ()), *table.row._fields)


def _row(kind: type[_Row], row: Row) -> _Row:
    return kind(**{name: row[name] for name in kind._fields})


def _session(row: Row) -> SessionRow:
    return SessionRow(**{name: row[name] for name in SessionRow._fields})


def _batches(entries: Iterable[Entry]) -> list[_Rows]:
    """Entries by table; DuckDB refuses to change a row twice in one statement, so only the newest of each."""
    found: dict[str, dict[tuple[Any, ...], Row]] = defaultdict(dict)
    for seq, record in entries:
        table = TABLE_OF[type(record)]
        row: dict[str, Any] = {RECORD_ID: seq, **record._asdict()}
        found[table.name][tuple(row[name] for name in table.key)] = {
            name: _exact(row[name]) for name in columns_of(table)
        }
    return [_Rows(table, list(found[table.name].values())) for table in TABLES if table.name in found]


def _exact(value: Any) -> Any:
    return rounded(value) if isinstance(value, Decimal) else value


def _upsert(con: duckdb.DuckDBPyConnection, batch: _Rows) -> None:
    """Rows into their table, or the archive where that is where their session is by now."""
    table, rows = batch
    archived: set[int] = set()
    if table.archived:
        ids = sorted({row["session_id"] for row in rows})
        archived = {row["session_id"] for row in fetch(con, _ARCHIVED, {"ids": ids})}
    conflict = _conflict(table)
    insert(con, table.name, [row for row in rows if row["session_id"] not in archived], conflict)
    insert(con, f"archived_{table.name}", [row for row in rows if row["session_id"] in archived], conflict)


def _conflict(table: Table) -> str:
    target = f"ON CONFLICT ({', '.join(table.key)})"
    if table.fact:
        return f"{target} DO NOTHING"
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns_of(table) if name not in table.key)
    return f"{target} DO UPDATE SET {changed}"
