"""One lock for readers and writers of a file, across threads and processes.

DuckDB's own lock cannot serve: it is a POSIX `fcntl` lock, which a process loses when it closes the
file anywhere, also in another thread. `flock` belongs to one open file description instead, holds
between threads as between processes, and the kernel frees it when its holder dies. There is no `flock`
on Windows; evotrade runs there under WSL.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

from evotrade.errors import StoreBusy, StoreError

_FIRST_PAUSE_S = 0.000_5
_LONGEST_PAUSE_S = 0.002
_AT_THE_GATE_S = 3.0  # longer than any read may take, so that a waiting writer normally gets its turn
# A writer that comes again at once stays away as long as it kept others waiting, but no longer than this:
# without that, flushes and reads beside a bulk writer wait half as long again (benchmarks/store_mix.py).
_LONGEST_YIELD_S = 0.1


class FileLock:
    """A reader-writer lock on two files beside `path`, which are never deleted.

    Whoever waits for `.lock` does so inside `.gate`, and everybody passes the gate first: a stream of
    readers cannot starve a writer, and a writer that kept somebody waiting lets others go before it comes
    again. The lock is not re-entrant.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gate = path.with_name(path.name + ".gate")
        self._lock = path.with_name(path.name + ".lock")
        self._yields_until = -math.inf

    @contextlib.contextmanager
    def held(self, *, exclusive: bool, timeout_s: float) -> Iterator[None]:
        """Hold the lock alone or together with other readers.

        Raises `StoreBusy`, naming the holders, when it is not free within `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        if exclusive:
            time.sleep(max(0.0, min(self._yields_until, deadline) - time.monotonic()))
        lock = self._acquire(fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, deadline)
        try:
            began = time.monotonic()
            yield
            if exclusive and self._somebody_waits():
                now = time.monotonic()
                self._yields_until = now + min(max(now - began, 2 * _LONGEST_PAUSE_S), _LONGEST_YIELD_S)
        finally:
            _release(lock)

    def holders(self) -> list[int]:
        """PIDs that hold the lock now, as the kernel lists them; empty where it does not (macOS)."""
        try:
            inode = self._lock.stat().st_ino
            rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        except OSError:
            return []
        # "1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF"; waiting ones have "->" in second place
        return sorted(
            {int(row[4]) for row in rows if row[1] == "FLOCK" and row[5].rsplit(":", 1)[-1] == str(inode)}
        )

    def _acquire(self, how: int, deadline: float) -> int:
        while True:
            with self._at_the_gate(deadline):
                lock = _take(self._lock, how, min(deadline, time.monotonic() + _AT_THE_GATE_S))
            if lock is not None:
                return lock
            if time.monotonic() >= deadline:
                raise self._busy()
            # A reader that never ends must not shut out the readers it could share with.
            time.sleep(_LONGEST_PAUSE_S)

    def _somebody_waits(self) -> bool:
        gate = _take(self._gate, fcntl.LOCK_EX, -math.inf)
        if gate is None:
            return True
        _release(gate)
        return False

    @contextlib.contextmanager
    def _at_the_gate(self, deadline: float) -> Iterator[None]:
        gate = _take(self._gate, fcntl.LOCK_EX, deadline)
        if gate is None:
            raise self._busy()
        try:
            yield
        finally:
            _release(gate)

    def _busy(self) -> StoreBusy:
        pids = ", ".join(map(str, self.holders()))
        who = f"process {pids}" if pids else "another process"
        return StoreBusy(f"{self._path} is in use by {who}: wait for it to finish, or end it, and try again")


def _take(path: Path, how: int, deadline: float) -> int | None:
    """A descriptor that holds the lock on `path`; None when it was not free before `deadline`."""
    lock = _open(path)
    taken = False
    try:
        taken = _wait(lock, how, deadline)
    finally:
        if not taken:  # also when a person interrupts the wait
            os.close(lock)
    return lock if taken else None


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StoreError(
            f"cannot write {path} ({error.strerror}): a store needs a folder that exists and can be written, "
            "also to be read; make it so, or copy the store to such a folder"
        ) from error


def _wait(lock: int, how: int, deadline: float) -> bool:
    """Whether the lock could be taken before `deadline`."""
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        else:
            return True


def _release(lock: int) -> None:
    # Unlocked by name, since a process forked meanwhile shares this description and would keep it locked.
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)
