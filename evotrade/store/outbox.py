"""The daemon's own memory: what must not be lost is durable here before anything is done about it.

A small SQLite file beside the store, so that a busy store never delays an order or an exit. The writer
carries its records over into DuckDB; recovery begins with the snapshots it holds.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evotrade.errors import StoreBusy, StoreDamaged, StoreError, StoreTooNew
from evotrade.store.records import Entry, Record, read_json, read_record, write_json, write_record

_APPLICATION = 0x45564F54  # "EVOT"
_VERSION = 1
_SCHEMA = f"""
    PRAGMA application_id = {_APPLICATION};
    PRAGMA user_version = {_VERSION};
    -- The newest snapshot of each session, with the plan it started by; JSON.
    CREATE TABLE snapshots (
        session_id INTEGER PRIMARY KEY,
        plan TEXT NOT NULL,
        snapshot TEXT NOT NULL,
        ended INTEGER NOT NULL,
        last_seq INTEGER NOT NULL
    );
    -- What other parts keep with it, as the paper broker; JSON by name.
    CREATE TABLE states (name TEXT PRIMARY KEY, state TEXT NOT NULL);
    -- Records on their way to DuckDB, in the order in which they were committed.
    CREATE TABLE records (seq INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, record TEXT NOT NULL);
"""
_KEEP_SNAPSHOT = """
    UPDATE snapshots SET snapshot = :snapshot, ended = :ended, last_seq = :seq WHERE session_id = :session_id
"""
_FIRST_SNAPSHOT = """
    INSERT INTO snapshots (session_id, plan, snapshot, ended, last_seq)
    VALUES (:session_id, :plan, :snapshot, :ended, :seq)
    ON CONFLICT (session_id) DO UPDATE SET plan = excluded.plan, snapshot = excluded.snapshot,
    ended = excluded.ended, last_seq = excluded.last_seq
"""
_FIRST_SEQ = "INSERT INTO sqlite_sequence (name, seq) VALUES ('records', ?)"
_KEEP_STATE = """
    INSERT INTO states (name, state) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state
"""
# An ended session is of no more use here once all that it told has arrived.
_FORGET_ENDED = "DELETE FROM snapshots WHERE ended AND last_seq <= ?"


class Unfinished(NamedTuple):
    """A session that has not ended, as it was last committed."""

    session_id: int
    plan: dict[str, Any]
    snapshot: dict[str, Any]


class Outbox:
    """What was committed survives the death of the process and of the machine. For any number of threads."""

    def __init__(self, path: str | os.PathLike[str], *, wait_s: float = 5.0) -> None:
        """Open the file at `path`, made if missing; `wait_s` bounds the wait for another process.

        Raises `StoreDamaged` for a file that is damaged or somebody else's, `StoreTooNew` for one of a
        newer evotrade, `StoreError` where it cannot be made; no file is ever overwritten.
        """
        self.path = Path(path).expanduser().resolve()
        self._wait_s = wait_s
        # One connection writes and one reads, so that a commit never waits for a long list being read.
        self._write_lock, self._read_lock = threading.Lock(), threading.Lock()
        with self._explained(), contextlib.ExitStack() as opened:
            _expect_whole(self.path)
            if not self.path.exists():
                _make(self.path)
            self._writer = opened.enter_context(contextlib.closing(self._connect()))
            _expect_ours(self._writer, self.path)
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute("PRAGMA synchronous = FULL")
            self._reader = opened.enter_context(contextlib.closing(self._connect()))
            self._opened = opened.pop_all()

    def __repr__(self) -> str:
        return f"<Outbox {self.path}>"

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; nothing is pending in memory, so nothing can be lost."""
        with self._write_lock, self._read_lock:
            self._opened.close()

    def commit(
        self,
        session_id: int | None,
        snapshot: Mapping[str, Any] | None,
        records: Sequence[Record] = (),
        *,
        plan: Mapping[str, Any] | None = None,
        ended: bool = False,
        states: Mapping[str, Mapping[str, Any] | None] | None = None,
    ) -> int:
        """Keep all of it or nothing; it is on the disk when this returns. Returns the last record's number.

        `snapshot` replaces the session's last one; `plan` comes with its first; after `ended` it is not
        among the unfinished any more. `states` are kept by name beside it (None removes one), as the paper
        broker's. Without a session (None, None) only records and states are kept.
        Raises `StoreError` for what cannot be written, and a session without a plan.
        """
        written = [write_record(record) for record in records]
        named = {name: None if state is None else write_json(state) for name, state in (states or {}).items()}
        row = {
            "session_id": session_id,
            "snapshot": None if snapshot is None else write_json(snapshot),
            "plan": None if plan is None else write_json(plan),
            "ended": ended,
        }
        if (session_id is None) != (snapshot is None):
            raise StoreError(f"session {session_id} came with snapshot {snapshot!r:.40}: give both, or none")
        with self._transaction() as con:
            con.executemany("INSERT INTO records (target, record) VALUES (?, ?)", written)
            seq = _last_seq(con)
            if session_id is not None:
                _keep_snapshot(con, {**row, "seq": seq})
            for name, text in named.items():
                _keep_state(con, name, text)
        return seq

    def unfinished(self) -> list[Unfinished]:
        """Every session that has not ended, by number."""
        sql = "SELECT session_id, plan, snapshot FROM snapshots WHERE NOT ended ORDER BY session_id"
        return [
            Unfinished(number, read_json(plan), read_json(snapshot))
            for number, plan, snapshot in self._rows(sql)
        ]

    def state(self, name: str) -> dict[str, Any] | None:
        """The state last kept under that name; None where there is none."""
        found: dict[str, Any] | None = None
        for (text,) in self._rows("SELECT state FROM states WHERE name = ?", name):
            found = read_json(text)
        return found

    def states(self) -> dict[str, dict[str, Any]]:
        """All states, by name."""
        rows = self._rows("SELECT name, state FROM states ORDER BY name")
        return {name: read_json(text) for name, text in rows}

    def pending(self, limit: int = 1_000) -> list[Entry]:
        """The oldest records that were not delivered yet, in the order of their commits."""
        rows = self._rows("SELECT seq, target, record FROM records ORDER BY seq LIMIT ?", limit)
        return [Entry(seq, read_record(target, text)) for seq, target, text in rows]

    def delivered(self, up_to: int) -> None:
        """Forget records up to that number: they are in DuckDB."""
        with self._transaction() as con:
            con.execute("DELETE FROM records WHERE seq <= ?", (up_to,))
            con.execute(_FORGET_ENDED, (up_to,))

    def backlog(self) -> int:
        """How many records wait to be delivered."""
        return int(self._rows("SELECT count(*) FROM records")[0][0])

    def last_session_id(self) -> int:
        """The highest number of a session that has a snapshot here; 0 where none has."""
        return int(self._rows("SELECT coalesce(max(session_id), 0) FROM snapshots")[0][0])

    def _rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self._explained(), self._read_lock:
            return self._reader.execute(sql, parameters).fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained(), self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # a full disk may have undone it already
                    self._writer.execute("ROLLBACK")
                raise

    def _connect(self) -> sqlite3.Connection:
        # Named by URI so that SQLite never makes a file: an empty one would pass for a new outbox.
        uri = f"{self.path.as_uri()}?mode=rw"
        return sqlite3.connect(
            uri, uri=True, timeout=self._wait_s, isolation_level=None, check_same_thread=False
        )

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise _explained(error, self.path) from error


def _last_seq(con: sqlite3.Connection) -> int:
    return int(con.execute("SELECT seq FROM sqlite_sequence WHERE name = 'records'").fetchone()[0])


def _keep_snapshot(con: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    if row["plan"] is not None:
        con.execute(_FIRST_SNAPSHOT, row)
    elif not con.execute(_KEEP_SNAPSHOT, row).rowcount:
        raise StoreError(f"session {row['session_id']} has no plan in the outbox: commit its plan first")


def _keep_state(con: sqlite3.Connection, name: str, text: str | None) -> None:
    if text is None:
        con.execute("DELETE FROM states WHERE name = ?", (name,))
    else:
        con.execute(_KEEP_STATE, (name, text))


def _expect_whole(path: Path) -> None:
    """`StoreDamaged` for a log without its file, which SQLite would throw away, and for an empty file."""
    log = path.with_name(path.name + "-wal")
    if not path.exists() and log.exists():
        raise StoreDamaged(
            f"{log} is the log of an outbox that is not there: put {path.name} back, or move the log away "
            "to start anew"
        )
    if path.exists() and not path.stat().st_size:
        raise StoreDamaged(f"{path} is empty: {_REPAIR}")


def _make(path: Path) -> None:
    """The file, whole or not at all; whoever comes second takes that of the first."""
    descriptor, name = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
    os.close(descriptor)
    fresh = Path(name)
    try:
        with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as con:
            con.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
            # A new outbox goes on above the numbers of one that was lost: DuckDB knows rows by them.
            con.execute(_FIRST_SEQ, (time.time_ns() // 1_000,))
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        _sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name in that folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _expect_ours(con: sqlite3.Connection, path: Path) -> None:
    (application,) = con.execute("PRAGMA application_id").fetchone()
    (version,) = con.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise StoreDamaged(f"{path} is an SQLite file of something else: {_REPAIR}")
    if version > _VERSION:
        raise StoreTooNew(
            f"{path} was written by a newer evotrade (version {version}, this one knows {_VERSION}): update "
            "evotrade, nothing was changed"
        )
    (verdict,) = con.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StoreDamaged(f"{path} is damaged ({verdict.splitlines()[0]}): {_REPAIR}")


_REPAIR = "put a copy of it back, or move it away to start anew without the sessions that ran"


def _explained(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """SQLite's error as one of evotrade's: what, where, and the repair."""
    text = str(error)
    for signs, kind, repair in _EXPLANATIONS:
        if any(sign in text for sign in signs):
            return kind(f"{path}: {text}: {repair}")
    return StoreError(f"{path} cannot be used ({text}): its folder must exist and be writable")


_EXPLANATIONS: tuple[tuple[tuple[str, ...], type[StoreError], str], ...] = (
    (("is locked",), StoreBusy, "another process writes it, end that one and try again"),
    (("not a database", "malformed", "disk I/O error"), StoreDamaged, _REPAIR),
    (("disk is full", "No space left"), StoreError, "free some space, nothing of this was stored"),
    (("closed",), StoreError, "it was closed already, open it again"),
)
