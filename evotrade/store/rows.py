"""Rows in and out of DuckDB, through Arrow: a thousand times faster than row by row, and to the last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from evotrade.errors import StoreError

Row = Mapping[str, Any]
Parameters = Mapping[str, Any]
Columns = Mapping[str, Sequence[Any]]


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row], conflict: str = "") -> None:
    """Insert rows, given as column → value; columns that no row names are NULL."""
    if rows:
        insert_columns(con, table, {name: [row[name] for row in rows] for name in rows[0]}, conflict)


def insert_columns(
    con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Any], conflict: str = ""
) -> None:
    """Insert whole columns (sequences or arrays of one length), with the types that the table has."""
    with_types = arrow_table(con, table, columns)
    names = ", ".join(columns)
    con.register("new_rows", with_types)
    con.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM new_rows {conflict}")
    con.unregister("new_rows")


def arrow_table(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Any]) -> pa.Table:
    """Columns as an Arrow table with the types of `table`; `StoreError` where a value does not fit."""
    types = con.sql(f"SELECT {', '.join(columns)} FROM {table} LIMIT 0").to_arrow_table().schema
    arrays = []
    for field in types:
        try:
            arrays.append(pa.array(columns[field.name], field.type, from_pandas=False))
        except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
            raise StoreError(f"{table}.{field.name} cannot hold a value given to it: {error}") from error
    return pa.table(arrays, schema=types)


def fetch(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters | None = None
) -> list[dict[str, Any]]:
    """The rows of a query, each as column → value; NULL is None, NaN stays NaN."""
    rows: list[dict[str, Any]] = arrow(con, sql, parameters).to_pylist()
    return rows


def arrow(con: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters | None = None) -> pa.Table:
    """The rows of a query as an Arrow table, which outlives the connection. `StoreError` for no query."""
    found = con.sql(sql, params=parameters)
    if found is None:
        raise StoreError(f"{sql!r:.60} asks for nothing: write a SELECT")
    return found.to_arrow_table()


def frame(table: pa.Table) -> pd.DataFrame:
    """The rows as a DataFrame; a column of whole numbers with some missing stays whole (Int64).

    Takes longer than the query, and needs no connection: call it when the read is over.
    """
    # Not DuckDB's own df(), which uses what pandas is about to remove.
    found: pd.DataFrame = table.to_pandas()
    gaps = [
        field.name
        for field in table.schema
        if pa.types.is_integer(field.type) and table[field.name].null_count
    ]
    for name in gaps:
        found[name] = pd.array(table[name].to_pylist(), dtype="Int64")
    return found


def scalar(con: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters | None = None) -> Any:
    """The first value of the first row; None where there is no row."""
    rows = con.execute(sql, parameters).fetchall()  # fetchone would leave a result open
    return rows[0][0] if rows else None


def utc(when: datetime, what: str) -> datetime:
    """The time in UTC; `StoreError` for one without a zone, which could mean any."""
    if when.tzinfo is None:
        raise StoreError(
            f"{what} {when} has no time zone: give it one, for example datetime.now(timezone.utc)"
        )
    return when.astimezone(UTC)


def from_epoch(time_s: int) -> datetime:
    """Unix seconds as a time in UTC."""
    return datetime.fromtimestamp(time_s, UTC)
