"""The schema as numbered SQL files, `db/migrations/NNN_name.sql`, each applied once and recorded."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from evotrade.errors import StoreDamaged, StoreError, StoreTooNew
from evotrade.store.rows import fetch, scalar

FOLDER = Path(__file__).parents[2] / "db" / "migrations"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: its number, its file's name, and its SQL."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Names the SQL, so that a step changed after it was applied is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def known(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """All migrations in that folder, in order. `StoreError` unless they are numbered 1, 2, 3 …"""
    files = sorted(folder.glob("[0-9][0-9][0-9]_*.sql"))
    steps = tuple(
        Migration(int(file.name[:3]), file.stem, file.read_text(encoding="utf-8")) for file in files
    )
    if not steps or [step.version for step in steps] != list(range(1, len(steps) + 1)):
        raise StoreError(
            f"{folder} must hold migrations numbered 001, 002 … without a gap: restore its files"
        )
    return steps


def apply(con: duckdb.DuckDBPyConnection, step: Migration) -> None:
    """Change the schema by one step and record it, all or nothing. `StoreError` where its SQL is wrong."""
    con.execute("BEGIN")
    try:
        con.execute(step.sql)
        con.execute(
            "INSERT INTO schema_version (version, sha256, applied_at) VALUES ($version, $sha256, now())",
            {"version": step.version, "sha256": step.sha256},
        )
        con.execute("COMMIT")
    except duckdb.Error as error:
        with contextlib.suppress(duckdb.Error):  # a failed COMMIT has undone everything itself
            con.execute("ROLLBACK")
        if isinstance(error, duckdb.OperationalError):  # the disk's fault, not that of the SQL
            raise
        raise StoreError(f"migration {step.name} failed and was undone: {error}") from error


def pending(
    con: duckdb.DuckDBPyConnection, steps: tuple[Migration, ...], path: Path
) -> tuple[Migration, ...]:
    """The steps that the store at `path` lacks.

    Raises `StoreTooNew` when it knows more of them, `StoreDamaged` when it is another program's file.
    """
    version = version_of(con)
    if version is None:
        raise StoreDamaged(
            f"{path} is a DuckDB file of something else: name a file of evotrade, or a new one"
        )
    if version > len(steps):
        raise StoreTooNew(
            f"{path} was written by a newer evotrade (schema {version}, this one knows {len(steps)}): "
            "update evotrade, nothing was changed"
        )
    return steps[version:]


def version_of(con: duckdb.DuckDBPyConnection) -> int | None:
    """Number of the last step applied; None where the file has no schema of evotrade."""
    tables = (
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'evo' AND table_name = 'schema_version'"
    )
    if not scalar(con, tables):
        return None
    return int(scalar(con, "SELECT coalesce(max(version), 0) FROM schema_version"))


def changed(con: duckdb.DuckDBPyConnection, steps: tuple[Migration, ...]) -> list[str]:
    """Names of the steps whose SQL is no longer what was applied."""
    applied = {
        row["version"]: row["sha256"] for row in fetch(con, "SELECT version, sha256 FROM schema_version")
    }
    return [step.name for step in steps if applied.get(step.version, step.sha256) != step.sha256]
