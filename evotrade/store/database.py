"""The file: how it is made, opened, read, written, copied and compacted, by several processes at once."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pandas as pd

from evotrade.errors import StoreError
from evotrade.store import files, migrations
from evotrade.store.connection import (
    Instance,
    Session,
    attach,
    explained,
    instance_of,
    is_foreign_lock,
    is_interrupt,
    private,
    time_limit,
)
from evotrade.store.folding import undo, undo_file
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

        The folder of a new store is made, too, inside one that exists. Raises `StoreError` where there is
        no such file or folder, `StoreDamaged` where it is no store, `StoreTooNew`, with nothing changed,
        where a newer evotrade wrote it, and `StoreBusy`.
        """
        self.path = Path(path).expanduser().resolve()
        self.read_wait_s, self.write_wait_s, self.read_limit_s = read_wait_s, write_wait_s, read_limit_s
        self._lock = FileLock(self.path)
        self._steps = migrations.known(migrations_folder)
        if os.path.isdir(self.path):
            raise StoreError(
                f"{self.path} is a folder: name a file in it, as {self.path / 'evotrade.duckdb'}"
            )
        if not os.path.exists(self.path):  # os.path, since Path.exists raises in a folder it may not enter
            if not create:
                raise StoreError(f"there is no store at {self.path}: make it with evotrade init")
            files.make_folder(self.path.parent)
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
        with self._session(writing=False) as (session, joined):
            con = session.connection
            if joined:
                yield con
            else:
                with time_limit(con, self.read_limit_s, self.path):
                    yield con

    @contextlib.contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection in a transaction: committed at the end, undone by any exception.

        Inside another write of the same thread it is part of that transaction, which cannot be committed
        any more once such a part has failed. Raises `StoreBusy` after `write_wait_s`. Compute first and
        write then: everyone waits meanwhile.
        """
        with self._session(writing=True) as (session, joined):
            if not joined:
                session.connection.execute("BEGIN")
            try:
                yield session.connection
                if not joined:
                    self._commit(session)
            except BaseException:
                session.failed = True
                if not joined:
                    with contextlib.suppress(duckdb.Error):  # a failed COMMIT has undone everything itself
                        session.connection.execute("ROLLBACK")
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
        return files.version(self.path)

    def migrate(self) -> list[str]:
        """Apply what the schema lacks; returns the names of the steps.

        A copy of the file as it was is kept beside it, `….before-NNN`.
        """
        with self._alone():
            behind = self._pending()
            if behind:
                files.copy(self.path, files.sidecar(self.path, f".before-{behind[0].version:03d}"))
            with instance_of(self.path).attached(read_only=False) as con:
                for step in behind:
                    migrations.apply(con, step)
        return [step.name for step in behind]

    def snapshot(self, dest: str | os.PathLike[str]) -> Path:
        """A consistent copy of the store at `dest`, which must not exist yet; the copy is a store itself.

        Everyone else waits while the file is copied.
        """
        target = Path(dest).expanduser().resolve()
        if os.path.exists(target):
            raise StoreError(f"{target} exists already: name a new file for the snapshot")
        with self._alone():
            self._pending()  # attaching and detaching folds the write-ahead log into the file
            files.copy(self.path, target)
        return target

    def compact(self) -> tuple[int, int]:
        """Rewrite the file without the space that deleted rows left; returns its bytes before and after."""
        with self._alone():
            before = self.path.stat().st_size
            self._pending()  # folds the log in, where that can be undone
            with files.replacement(self.path) as fresh, private(self.path) as con:
                attach(con, fresh, "fresh", read_only=False)
                con.execute("COPY FROM DATABASE evo TO fresh")
                con.execute("DETACH fresh")
            after = self.path.stat().st_size
        return before, after

    def _make(self) -> None:
        with self._explained(), self._lock.held(exclusive=True, timeout_s=self.write_wait_s):
            if self.path.exists():
                return
            files.expect_no_log(self.path)
            undo_file(self.path).unlink(missing_ok=True)  # of a store that is not there any more
            with files.replacement(self.path) as fresh, private(fresh) as con:
                for step in self._steps:
                    migrations.apply(con, step)

    def _commit(self, session: Session) -> None:
        if session.failed:
            raise StoreError(
                f"a part of a write to {self.path} failed and its error was passed over: nothing of the "
                "write was stored, let the error end the whole write"
            )
        session.connection.execute("COMMIT")

    def _pending(self) -> tuple[migrations.Migration, ...]:
        with instance_of(self.path).attached(read_only=False) as con:
            return migrations.pending(con, self._steps, self.path)

    @contextlib.contextmanager
    def _session(self, *, writing: bool) -> Iterator[tuple[Session, bool]]:
        """(session, whether this thread had it open already)."""
        instance = instance_of(self.path)
        outer: Session | None = getattr(instance.own, "session", None)
        if outer:
            if writing and not outer.writing:
                raise StoreError(f"a write to {self.path} cannot begin inside a read: finish the read first")
            yield outer, True
            return
        with self._explained(), contextlib.ExitStack() as stack:
            instance.warm()
            session = Session(self._attach(stack, instance, writing), writing)
            instance.own.session = session
            try:
                yield session, False
            finally:
                instance.own.session = None

    def _attach(
        self, stack: contextlib.ExitStack, instance: Instance, writing: bool
    ) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + (self.write_wait_s if writing else self.read_wait_s)
        torn = False
        while True:
            with contextlib.ExitStack() as attempt:
                left_s = max(0.0, deadline - time.monotonic())
                alone = writing or torn
                attempt.enter_context(self._lock.held(exclusive=alone, timeout_s=left_s))
                torn = undo_file(self.path).exists()  # nobody folds a log in now: whoever began has died
                if torn and not alone:
                    continue
                if torn:
                    undo(self.path)
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
            undo(self.path)
            yield

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.Error, RuntimeError) as error:
            if is_interrupt(error):
                raise KeyboardInterrupt from error
            if isinstance(error, duckdb.Error):
                raise explained(error, self.path) from error
            raise
