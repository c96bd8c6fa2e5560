"""Folding the write-ahead log into the file in a way that a death in the middle of it can be undone.

DuckDB writes a checkpoint aside and then flips a header, but the blocks that hold its metadata it writes in
place, into their free parts. A process that is killed within such a write (one kill in some hundreds of a
busy writer) leaves a block half old and half new: its checksum fits neither, and the file cannot be opened
any more. So those blocks are kept beside the file, in `….undo`, while the log is folded in. Callers hold
the store's lock alone.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

_MAGIC = b"evotrade undo 1\n"
# DuckDB's two headers, in bytes of the file: the newer one says what counts. Blocks follow them.
_HEADERS_START, _BLOCKS_START = 4_096, 12_288
_PART = struct.Struct("<qq")  # where a part of the file begins, and its length, in bytes
_CHECKSUM = struct.Struct("<I")
_WRITTEN_IN_PLACE = """
    SELECT info.block_id, size.block_size
    FROM pragma_metadata_info('evo') AS info, pragma_database_size() AS size
    WHERE size.database_name = 'evo' AND len(info.free_list) > 0
"""


def undo_file(path: Path) -> Path:
    """Where the blocks are kept: there while a log is folded in, and after a death in the middle of that."""
    return path.with_name(f"{path.name}.undo")


@contextlib.contextmanager
def undoable(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """Keep what a checkpoint of the file, attached as evo, may overwrite, until the block has gone well.

    A disk that has no space for it does not keep the log from being folded in. Where the block fails, the
    caller ends its instance of DuckDB and then calls `undo`.
    """
    spans = [(_HEADERS_START, _BLOCKS_START - _HEADERS_START)]
    for number, size in connection.execute(_WRITTEN_IN_PLACE).fetchall():
        spans.append((_BLOCKS_START + number * size, size))
    file = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            _keep(undo_file(path), {start: os.pread(file, length, start) for start, length in spans})
        yield
    finally:
        os.close(file)  # not before: closing it drops DuckDB's lock on the file
    undo_file(path).unlink(missing_ok=True)


def undo(path: Path) -> None:
    """Put back what a checkpoint that came to no end has overwritten, where one did. Nothing is attached.

    A header that has changed since tells that the checkpoint had been through: then all stays as it is.
    """
    kept = undo_file(path)
    with contextlib.suppress(FileNotFoundError):
        parts = _kept(kept.read_bytes())
        if parts:
            _put_back(path, parts)
        kept.unlink()


def _keep(kept: Path, parts: dict[int, bytes]) -> None:
    whole = _MAGIC + b"".join(_PART.pack(start, len(part)) + part for start, part in parts.items())
    try:
        with kept.open("wb") as file:
            file.write(whole + _CHECKSUM.pack(zlib.crc32(whole)))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        kept.unlink(missing_ok=True)
        raise


def _kept(whole: bytes) -> dict[int, bytes]:
    """The parts by where they begin; none where its writer died before it was whole, thus before any harm."""
    body, checksum = whole[: -_CHECKSUM.size], whole[-_CHECKSUM.size :]
    if not body.startswith(_MAGIC) or checksum != _CHECKSUM.pack(zlib.crc32(body)):
        return {}
    parts, at = {}, len(_MAGIC)
    while at < len(body):
        start, length = _PART.unpack_from(body, at)
        at += _PART.size
        parts[start] = body[at : at + length]
        at += length
    return parts


def _put_back(path: Path, parts: dict[int, bytes]) -> None:
    with path.open("r+b") as file:
        file.seek(_HEADERS_START)
        if file.read(_BLOCKS_START - _HEADERS_START) != parts.pop(_HEADERS_START):
            return
        for start, part in parts.items():
            file.seek(start)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
