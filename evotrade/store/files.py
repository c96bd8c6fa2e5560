"""The store's file among other files: its folder, its log, its copies, and a new file in its place.

Callers hold the store's lock and have nothing attached: closing the file here would drop DuckDB's lock.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from evotrade.errors import StoreBusy, StoreError


def sidecar(path: Path, suffix: str) -> Path:
    """The file beside the store whose name has that suffix more."""
    return path.with_name(path.name + suffix)


def version(path: Path) -> str:
    """A text that changes with every write to the store."""
    parts = []
    for file in (path, sidecar(path, ".wal")):
        with contextlib.suppress(FileNotFoundError):
            found = file.stat()
            parts.append(f"{found.st_ino:x}.{found.st_mtime_ns:x}.{found.st_size:x}")
    return "-".join(parts)


def make_folder(folder: Path) -> None:
    """Make that folder if missing, but not the one around it: a longer path is rather a misspelt one."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"there is no folder {folder} for the store ({error.strerror}): make it, or name another"
        ) from error


def expect_folded(path: Path) -> None:
    """`StoreError` while the write-ahead log holds what the file lacks, as a full disk leaves it."""
    if sidecar(path, ".wal").exists():
        raise StoreError(f"{path} could not take in its write-ahead log: free some disk space and try again")


def expect_no_log(path: Path) -> None:
    """`StoreError` where a store is to be made beside the log of another, which would become its own."""
    log = sidecar(path, ".wal")
    if log.exists():
        raise StoreError(
            f"{log} is the log of a store that is not there any more: put {path.name} back, or move the log "
            "away to start anew"
        )


def copy(path: Path, target: Path) -> None:
    """Copy the store to `target`, whole or not at all. Raises `StoreError`, or `StoreBusy` if it changes."""
    expect_folded(path)
    part = sidecar(target, ".part")
    before = version(path)
    try:
        shutil.copyfile(path, part)
        unchanged = version(path) == before
        if unchanged:
            os.replace(part, target)
    except OSError as error:
        raise StoreError(
            f"cannot copy {path} to {target} ({error.strerror}): name a file in a folder that exists, can be "
            "written and has the space"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # where it could not be written, there is nothing to remove
            part.unlink(missing_ok=True)
    if not unchanged:
        raise StoreBusy(f"another program wrote {path} while it was copied: close it and try again")


@contextlib.contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """The name of a file to build, which then takes the store's place: nobody ever sees half a store.

    After an error nothing of it is left.
    """
    fresh = sidecar(path, ".new")
    leftovers = fresh, sidecar(fresh, ".wal")  # also those of a process that was killed
    try:
        _remove(leftovers)
        yield fresh
        expect_folded(path)  # a log that outlived its file would be taken for the new one's
        os.replace(fresh, path)
    finally:
        _remove(leftovers)


def _remove(files: tuple[Path, ...]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
