"""Phenotypes as rows: metrics in columns of their own, NaN kept as NaN, absent ones NULL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pandas as pd

from evotrade.cells import Phenotype
from evotrade.engine.metrics import METRICS
from evotrade.errors import StoreError
from evotrade.store.database import Database
from evotrade.store.rows import Columns, Row, fetch, from_epoch, insert_columns, scalar

_PLAIN = (
    *("pair", "source", "timeframe", "split", "bars", "base_timeframe", "data_hash", "combine"),
    *("engine_version", "seed", "recorded", "skipped"),
)
_TIMES = {
    "start_s": "span_start",
    "end_s": "span_end",
    "series_start_s": "series_start",
    "series_end_s": "series_end",
}
_OF_CELL = "SELECT * FROM phenotypes WHERE cell_id = $id ORDER BY position"
_SAME = ("cell_id", "pair", "source", "timeframe", "split", "span_start", "span_end", "recorded")


class PhenotypeTable(Database):
    """The table `phenotypes`."""

    def phenotypes(self, cell_id: int) -> pd.DataFrame:
        """The cell's metrics, a row for each data set, timeframe and split; times are UTC."""
        return self.query(_OF_CELL, {"id": cell_id}).drop(columns="position")

    def add_phenotypes(self, cell_id: int, phenotypes: Sequence[Phenotype]) -> None:
        """Keep further results of a cell; one of the same series, split and span replaces the old."""
        columns = {"cell_id": [cell_id] * len(phenotypes), **phenotype_columns(phenotypes)}
        keys = [
            dict(zip(_SAME, key, strict=True)) for key in zip(*(columns[name] for name in _SAME), strict=True)
        ]
        same = " AND ".join(f"{name} = ${name}" for name in _SAME)
        following = "SELECT coalesce(max(position) + 1, 0) FROM phenotypes WHERE cell_id = $id"
        with self.write() as con:
            for key in keys:
                con.execute(f"DELETE FROM phenotypes WHERE {same}", key)
            first = scalar(con, following, {"id": cell_id})
            positions = range(first, first + len(phenotypes))
            insert_columns(con, "phenotypes", {"position": positions, **columns})


def phenotype_columns(phenotypes: Sequence[Phenotype]) -> Columns:
    """Phenotypes as columns, but for whose they are. `StoreError` for a metric that has no column."""
    for phenotype in phenotypes:
        refuse_unknown(phenotype.metrics)
    columns: dict[str, Sequence[Any]] = {name: [getattr(one, name) for one in phenotypes] for name in _PLAIN}
    for name, column in _TIMES.items():
        columns[column] = [from_epoch(getattr(one, name)) for one in phenotypes]
    for name in METRICS:
        columns[name] = [one.metrics.get(name) for one in phenotypes]
    # a generation's phenotypes share one object of terms, which is written once
    terms = {id(one.execution): one.execution for one in phenotypes}
    texts = {key: json.dumps(dict(execution)) for key, execution in terms.items()}
    columns["execution"] = [texts[id(one.execution)] for one in phenotypes]
    return columns


def refuse_unknown(metrics: Iterable[str]) -> None:
    """`StoreError` where one of the names is no metric, and so no column."""
    unknown = set(metrics) - METRICS.keys()
    if unknown:
        raise StoreError(f"there is no metric {min(unknown)!r}: use one of {', '.join(METRICS)}")


def fetch_phenotypes(con: duckdb.DuckDBPyConnection, cell_id: int) -> tuple[Phenotype, ...]:
    """The cell's phenotypes in the order in which they were stored."""
    return tuple(_phenotype(row) for row in fetch(con, _OF_CELL, {"id": cell_id}))


def _phenotype(row: Row) -> Phenotype:
    values: dict[str, Any] = {name: row[name] for name in _PLAIN}
    values.update((name, int(row[column].timestamp())) for name, column in _TIMES.items())
    metrics = {name: row[name] for name in METRICS if row[name] is not None}
    return Phenotype(**values, metrics=metrics, execution=json.loads(row["execution"]))
