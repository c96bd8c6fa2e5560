"""DuckDB as this process sees one file: attached once, shared by its readers, let go between sessions.

An in-memory instance is kept for each of the files used last, and its file is attached to it for each
session (1 to 4 ms; connecting anew takes 37 to 80). All readers of the process share one attachment:
DuckDB's lock on the file is the process's, and would be lost to all of them when the first one closed it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from evotrade.errors import SlowQuery, StoreBusy, StoreDamaged, StoreError, StoreTooNew
from evotrade.store.folding import undo, undoable

_log = logging.getLogger(__name__)
_MEMORY = "1GB"
# A log is folded in at the end of a write alone, where that can be undone (folding.py), never within one.
_NEVER = "1TB"
# A group that is full is compressed once more while everyone waits: 0.17 s, and 0.33 s with the default.
_ROW_GROUP = 16_384
_RE_INTERRUPT_S = 0.02
_POOL = 8  # instances that are kept though no session is open


@dataclass(slots=True)
class Session:
    """What a thread has open, for its inner reads and writes to join; `failed` once such a write did."""

    connection: duckdb.DuckDBPyConnection
    writing: bool
    failed: bool = False


class Instance:
    """The process's DuckDB instance for one file. Callers hold the store's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None
        self._attached = False
        self._open: dict[object, duckdb.DuckDBPyConnection] = {}  # a connection for each session
        self._told = False  # that the log cannot be folded in, which every further write would say again
        self.own = threading.local()  # .session: the Session that a thread has open

    def warm(self) -> None:
        """Start the instance now, so that nobody waits for it while the lock is held."""
        with self._mutex:
            self._started()

    @contextlib.contextmanager
    def attached(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection whose default database is the file. DuckDB's errors pass through."""
        key = object()
        wrote = False
        try:  # around the entering, too: a person may interrupt it at any point
            yield self._enter(key, read_only)
            wrote = not read_only
        finally:
            self._leave(key, wrote)

    def _started(self) -> duckdb.DuckDBPyConnection:
        if self._root is None:
            self._root = _connect(self._path)
        return self._root

    def _enter(self, key: object, read_only: bool) -> duckdb.DuckDBPyConnection:
        with self._mutex:
            root = self._started()
            if not self._attached:
                self._attach(root, read_only)
            connection = self._open[key] = root.cursor()
        connection.execute("USE evo")
        return connection

    def _leave(self, key: object, wrote: bool) -> None:
        with self._mutex:
            try:
                if key in self._open:
                    self._open[key].close()  # rolls back what is not committed
            finally:
                self._open.pop(key, None)
                if self._attached and not self._open:
                    self._detach(self._started(), wrote)

    def _attach(self, root: duckdb.DuckDBPyConnection, read_only: bool) -> None:
        self._attached = True
        try:
            attach(root, self._path, "evo", read_only=read_only)
        except duckdb.Error as error:
            self._attached = False
            if isinstance(error, (duckdb.FatalException, duckdb.InternalException)):
                self._root = None  # such an error ends the whole instance; the next session starts another
            raise

    def _detach(self, root: duckdb.DuckDBPyConnection, wrote: bool) -> None:
        # Unless all goes well: what an error or an interruption left of the instance is not used again.
        self._root, self._attached = None, False
        try:
            with undoable(root, self._path) if wrote else contextlib.nullcontext():
                root.execute("DETACH evo")
        except duckdb.Error as error:
            self._end(root, wrote)
            # What was committed is safe in the write-ahead log, only folding it into the file failed:
            # to report the session as failed would make its caller write everything twice.
            if wrote and not self._told:
                _log.warning("%s", _unfolded(error, self._path))
                self._told = True
        except BaseException:
            self._end(root, wrote)
            raise
        else:
            self._root = root
            self._told = self._told and not wrote

    def _end(self, root: duckdb.DuckDBPyConnection, wrote: bool) -> None:
        root.close()
        if wrote:
            undo(self._path)


# Weak, since an instance has threads and memory of its own: it lasts while somebody uses it, or is recent.
_instances: weakref.WeakValueDictionary[tuple[str, int], Instance] = weakref.WeakValueDictionary()
_recent: deque[Instance] = deque(maxlen=_POOL)
_inherited: list[Instance] = []  # by a forked child, in which they lack their threads and can never end
_choosing = threading.Lock()


def instance_of(path: Path) -> Instance:
    """The instance of this process for that file, one for all its stores; a forked child has its own."""
    key = str(path), os.getpid()
    with _choosing:  # threads that come at the same moment must get the same one
        instance = _instances.get(key) or Instance(path)
        _instances[key] = instance
        if instance in _recent:
            _recent.remove(instance)
        _recent.append(instance)
    return instance


def _inherit() -> None:
    _inherited.extend(_instances.values())
    _choosing.release()


os.register_at_fork(before=_choosing.acquire, after_in_parent=_choosing.release, after_in_child=_inherit)


@contextlib.contextmanager
def private(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file in an instance of its own, which ends with it: to build files whole or not at all.

    All of DuckDB's errors pass through, also that of folding in the log. Callers hold the store's lock.
    """
    with _connect(path) as connection:
        attach(connection, path, "evo", read_only=False)
        connection.execute("USE evo")
        yield connection
        connection.execute("USE memory")
        connection.execute("DETACH evo")


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            "threads": 1,
            "memory_limit": _MEMORY,
            "temp_directory": f"{path}.tmp",
            "python_enable_replacements": False,  # a table's name never means a Python variable
            "checkpoint_threshold": _NEVER,
        }
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


@contextlib.contextmanager
def time_limit(connection: duckdb.DuckDBPyConnection, limit_s: float, path: Path) -> Iterator[None]:
    """Interrupt whatever runs on `connection` after `limit_s`; raises `SlowQuery` then."""
    over, done = threading.Event(), threading.Event()

    def interrupt() -> None:
        over.set()
        with contextlib.suppress(duckdb.ConnectionException):  # closed meanwhile
            while not done.is_set():  # again and again, since the next query is over time, too
                connection.interrupt()
                done.wait(_RE_INTERRUPT_S)

    timer = threading.Timer(limit_s, interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        if not over.is_set():
            raise
        raise SlowQuery(
            f"a read of {path} was interrupted after {limit_s:g} s, since writers wait for it: ask for less, "
            "or copy the store with snapshot(dest) and work on the copy"
        ) from error
    finally:
        done.set()
        timer.cancel()
        timer.join()


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool) -> None:
    """Attach the file under that name, made if missing unless `read_only`.

    The type is named, since DuckDB otherwise guesses it: it reads a CSV file, or downloads what reads SQLite.
    """
    quoted = str(path).replace("'", "''")
    mode = "READ_ONLY" if read_only else f"READ_WRITE, ROW_GROUP_SIZE {_ROW_GROUP}"
    connection.execute(f"ATTACH '{quoted}' AS {name} (TYPE duckdb, {mode})")


def is_foreign_lock(error: duckdb.Error) -> bool:
    """Whether somebody who does not use evotrade's lock has the file open in DuckDB."""
    text = str(error)
    return "Could not set lock on file" in text or "Unique file handle conflict" in text


def is_interrupt(error: Exception) -> bool:
    """Whether DuckDB raised it in place of the KeyboardInterrupt that came while it was working."""
    return str(error) == "Query interrupted" or "failed: KeyboardInterrupt" in str(error)


def explained(error: duckdb.Error, path: Path) -> StoreError:
    """DuckDB's error as one of evotrade's: what, where, and the repair."""
    text = str(error)
    if is_foreign_lock(error):
        return _held_by(text, path)
    for signs, kind, what, repair in _EXPLANATIONS:
        if any(sign in text for sign in signs):
            return kind(f"{path} {what}: {repair}")
    if isinstance(error, (duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)):
        return StoreDamaged(f"{path} could not be read to the end ({_first_line(text)}): {_RESTORE}")
    return StoreError(f"{path}: {_first_line(text)}")


def _held_by(text: str, path: Path) -> StoreBusy:
    holder = re.search(r"held in (.+?) \(PID (\d+)\)", text)
    who = (
        f"process {holder[2]} ({holder[1]})"
        if holder
        else f"this process ({os.getpid()}), through duckdb.connect"
    )
    return StoreBusy(
        f"{path} is held by {who}: close it there, or use evotrade.open_store, which shares the file, "
        "and try again"
    )


def _unfolded(error: duckdb.Error, path: Path) -> str:
    text = str(error)
    why = "the disk is full" if any(sign in text for sign in _FULL) else _first_line(text)
    return (
        f"what was written to {path} is stored in the log beside it, {path.name}.wal, but not yet folded in "
        f"({why}): free some space, the next write folds it in"
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


_RESTORE = "restore a snapshot, or move the file away to start anew"
_FULL = ("No space left", "not enough space", "Disk quota")
_EXPLANATIONS: tuple[tuple[tuple[str, ...], type[StoreError], str, str], ...] = (
    (
        _FULL,
        StoreError,
        "could not be written, the disk is full and nothing of this was stored",
        "free some space and try again",
    ),
    (("not a valid DuckDB database file",), StoreDamaged, "is not a DuckDB database", _RESTORE),
    (
        ("a database file with storage version", "a newer version of DuckDB"),
        StoreTooNew,
        "was written by a newer DuckDB",
        "update evotrade and duckdb, nothing was changed",
    ),
    (("Corrupt database", "checksum", "Checksum"), StoreDamaged, "is damaged", _RESTORE),
    (("Could not read enough bytes",), StoreDamaged, "ends too early, a part of it is missing", _RESTORE),
    (
        ("Permission denied", "Read-only file system"),
        StoreError,
        "cannot be opened, permission is denied",
        "make it and its folder readable and writable for this user",
    ),
    (("database does not exist",), StoreError, "does not exist", "make it with evotrade init"),
)
