"""The file: how it is made, opened, read, written, copied and compacted, by several processes at once."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pandas as pd

from evotrade.errors import StoreBusy, StoreError
from evotrade.store import migrations
from evotrade.store.connection import Instance, attach, explained, instance_of, is_foreign_lock, time_limit
from evotrade.store.locking import FileLock
from evotrade.store.rows import Parameters, arrow, frame

_FOREIGN_PAUSE_S = 0.02


class Database:
    """One DuckDB file that many threads and processes may use at the same time.

    `read_wait_s` and `write_wait_s` bound how long a session waits for its turn, `read_limit_s` how long
    a read may then take.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        create: bool = True,
        *,
        read_wait_s: float = 10.0,
        write_wait_s: float = 30.0,
        read_limit_s: float = 2.0,
        migrations_folder: Path = migrations.FOLDER,
    ) -> None:
        """Open the store, make it if missing (unless `create` is False), bring its schema up to date.

        Raises `StoreError` where there is no such file or folder, `StoreDamaged` where it is no store,
        `StoreTooNew`, with nothing changed, where a newer evotrade wrote it, and `StoreBusy`.
        """
        self.path = Path(path).expanduser().resolve()
        self.read_wait_s, self.write_wait_s, self.read_limit_s = read_wait_s, write_wait_s, read_limit_s
        self._lock = FileLock(self.path)
        self._steps = migrations.known(migrations_folder)
        if not self.path.parent.is_dir():
            raise StoreError(f"there is no folder {self.path.parent} for the store: make it, or name another")
        if not self.path.exists():
            if not create:
                raise StoreError(f"there is no store at {self.path}: make it with evotrade init")
            self._make()
        with self.read() as con:
            behind = migrations.pending(con, self._steps, self.path)
        if behind:
            self.migrate()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    @contextlib.contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection on a snapshot of the store that no one changes meanwhile; fetch all before leaving.

        Inside another session of the same thread it is that session. Raises `StoreBusy` after
        `read_wait_s`, `SlowQuery` when a query is still running `read_limit_s` after the start.
        """
        with self._session(writing=False) as (con, joined):
            if joined:
                yield con
            else:
                with time_limit(con, self.read_limit_s, self.path):
                    yield con

    @contextlib.contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection in a transaction: committed at the end, undone by any exception.

        Inside another write of the same thread it is part of that transaction. Raises `StoreBusy` after
        `write_wait_s`. Compute first and write then: everyone waits meanwhile.
        """
        with self._session(writing=True) as (con, joined):
            if joined:
                yield con
                return
            con.execute("BEGIN")
            try:
                yield con
                con.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(duckdb.Error):  # a failed COMMIT has undone everything itself
                    con.execute("ROLLBACK")
                raise

    def query(self, sql: str, parameters: Parameters | None = None) -> pd.DataFrame:
        """The rows of a query; `$name` in it stands for `parameters["name"]`."""
        with self.read() as con:
            found = arrow(con, sql, parameters)
        return frame(found)

    def query_many(self, queries: Mapping[str, str | tuple[str, Parameters]]) -> dict[str, pd.DataFrame]:
        """The rows of several named queries, all of the same moment; with parameters as (sql, parameters)."""
        pairs = {
            name: query if isinstance(query, tuple) else (query, None) for name, query in queries.items()
        }
        with self.read() as con:
            found = {name: arrow(con, sql, parameters) for name, (sql, parameters) in pairs.items()}
        return {name: frame(table) for name, table in found.items()}

    def version(self) -> str:
        """A text that changes with every write: the key for caches. Takes no lock."""
        parts = []
        for file in (self.path, self._sidecar(".wal")):
            with contextlib.suppress(FileNotFoundError):
                found = file.stat()
                parts.append(f"{found.st_ino:x}.{found.st_mtime_ns:x}.{found.st_size:x}")
        return "-".join(parts)

    def migrate(self) -> list[str]:
        """Apply what the schema lacks; returns the names of the steps.

        A copy of the file as it was is kept beside it, `….before-NNN`.
        """
        with self._alone():
            behind = self._pending()
            if behind:
                self._copy(self._sidecar(f".before-{behind[0].version:03d}"))
            with instance_of(self.path).attached(read_only=False) as con:
                for step in behind:
                    migrations.apply(con, step)
        return [step.name for step in behind]

    def snapshot(self, dest: str | os.PathLike[str]) -> Path:
        """A consistent copy of the store at `dest`, which must not exist yet; the copy is a store itself.

        Everyone else waits while the file is copied.
        """
        target = Path(dest).expanduser().resolve()
        if target.exists():
            raise StoreError(f"{target} exists already: name a new file for the snapshot")
        with self._alone():
            self._pending()  # attaching and detaching folds the write-ahead log into the file
            self._copy(target)
        return target

    def compact(self) -> tuple[int, int]:
        """Rewrite the file without the space that deleted rows left; returns its bytes before and after."""
        fresh = self._sidecar(".new")
        with self._alone():
            fresh.unlink(missing_ok=True)
            with instance_of(self.path).attached(read_only=False) as con:
                attach(con, fresh, "fresh", read_only=False)
                try:
                    con.execute("COPY FROM DATABASE evo TO fresh")
                finally:
                    con.execute("DETACH fresh")
            self._expect_folded()
            before = self.path.stat().st_size
            os.replace(fresh, self.path)
        return before, self.path.stat().st_size

    def _make(self) -> None:
        """Build the file under another name, so that nobody ever sees half a store."""
        fresh = self._sidecar(".new")
        with self._explained(), self._lock.held(exclusive=True, timeout_s=self.write_wait_s):
            if self.path.exists():
                return
            fresh.unlink(missing_ok=True)
            with Instance(fresh).attached(read_only=False) as con:
                for step in self._steps:
                    migrations.apply(con, step)
            os.replace(fresh, self.path)

    def _pending(self) -> tuple[migrations.Migration, ...]:
        with instance_of(self.path).attached(read_only=False) as con:
            return migrations.pending(con, self._steps, self.path)

    def _expect_folded(self) -> None:
        """`StoreError` while the write-ahead log holds what the file lacks, as a full disk leaves it."""
        if self._sidecar(".wal").exists():
            raise StoreError(
                f"{self.path} could not take in its write-ahead log: free some disk space and try again"
            )

    def _copy(self, target: Path) -> None:
        """Copy the file. This process must not have it attached: closing it here would drop DuckDB's lock."""
        self._expect_folded()
        part = target.with_name(target.name + ".part")
        before = self.version()
        try:
            shutil.copyfile(self.path, part)
            unchanged = self.version() == before
            if unchanged:
                os.replace(part, target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"cannot copy {self.path} to {target}: {error.strerror}") from error
        if not unchanged:
            part.unlink()
            raise StoreBusy(f"another program wrote {self.path} while it was copied: close it and try again")

    @contextlib.contextmanager
    def _session(self, *, writing: bool) -> Iterator[tuple[duckdb.DuckDBPyConnection, bool]]:
        """(connection, whether it is that of a session which this thread has open already)."""
        instance = instance_of(self.path)
        outer = getattr(instance.own, "session", None)
        if outer:
            con, may_write = outer
            if writing and not may_write:
                raise StoreError(f"a write to {self.path} cannot begin inside a read: finish the read first")
            yield con, True
            return
        instance.warm()
        with self._explained(), contextlib.ExitStack() as stack:
            con = self._attach(stack, instance, writing)
            instance.own.session = con, writing
            try:
                yield con, False
            finally:
                instance.own.session = None

    def _attach(
        self, stack: contextlib.ExitStack, instance: Instance, writing: bool
    ) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + (self.write_wait_s if writing else self.read_wait_s)
        while True:
            with contextlib.ExitStack() as attempt:
                left_s = max(0.0, deadline - time.monotonic())
                attempt.enter_context(self._lock.held(exclusive=writing, timeout_s=left_s))
                if not self.path.exists():
                    raise StoreError(
                        f"{self.path} is gone: restore a snapshot, or make it with evotrade init"
                    )
                try:
                    con = attempt.enter_context(instance.attached(read_only=not writing))
                except duckdb.Error as error:
                    if not is_foreign_lock(error) or time.monotonic() >= deadline:
                        raise
                else:
                    stack.push(attempt.pop_all())
                    return con
            time.sleep(_FOREIGN_PAUSE_S)  # without our lock: those whom the foreigner lets in need not wait

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else has the file attached, and this process neither."""
        if getattr(instance_of(self.path).own, "session", None):
            raise StoreError(f"{self.path} is in use by this very thread: finish its read or write first")
        with self._explained(), self._lock.held(exclusive=True, timeout_s=self.write_wait_s):
            yield

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise explained(error, self.path) from error

    def _sidecar(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)
