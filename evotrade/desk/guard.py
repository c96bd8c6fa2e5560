"""One daemon a store: a lock that the kernel frees when its holder dies, with the holder's PID in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from evotrade.errors import DaemonError


def guard_path(store: Path) -> Path:
    """The file that a store's daemon holds; it is never deleted."""
    return store.with_name(store.name + ".daemon")


@contextlib.contextmanager
def only_daemon(store: Path) -> Iterator[None]:
    """Be the one daemon of this store. `DaemonError` names the PID of the one that runs already."""
    path = guard_path(store)
    path.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(held, 20, 0).decode(errors="replace").strip() or "of unknown number"
            raise DaemonError(
                f"a daemon runs on {store} already, process {holder}: use that one, or end it first"
            ) from None
        os.ftruncate(held, 0)
        os.pwrite(held, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(held)
