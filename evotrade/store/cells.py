"""Cells: their birth certificates, found again by number, by filter or by text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

import duckdb
import pandas as pd

from evotrade.cells import Cell, Phenotype
from evotrade.errors import NotFound, StoreError
from evotrade.store.births import Brood
from evotrade.store.phenotypes import PhenotypeTable, fetch_phenotypes, refuse_unknown
from evotrade.store.rows import arrow_table, fetch, insert, scalar, utc

COLUMNS = (
    *(
        "cell_id",
        "name",
        "dish",
        "generation",
        "parent_id",
        "origin",
        "genome",
        "combine",
        "fitness",
        "status",
    ),
    *("reasons", "created_at", "llm_name", "llm_model", "llm_category", "llm_hypothesis", "second_parent_id"),
    *("operator", "objective", "category", "hypothesis", "genome_id"),
)
_COLUMNS = ", ".join(COLUMNS)
_CONDITIONS = {
    "status": "status = $status",
    "dish": "dish = $dish",
    "origin": "origin = $origin",
    "category": "(category = $category OR llm_category = $category)",
    "min_generation": "generation >= $min_generation",
    "max_generation": "generation <= $max_generation",
    # DuckDB sorts NaN above every number
    "min_fitness": "fitness >= $min_fitness AND NOT isnan(fitness)",
    "max_fitness": "fitness <= $max_fitness",
    "model": "llm_model = $model",
    "by_model": "(concat(llm_name, llm_hypothesis, llm_category, llm_model) <> '') = $by_model",
    "text": """strpos(lower(concat_ws(' ', name, llm_name, category, llm_category, hypothesis, llm_hypothesis,
               genome)), lower($text)) > 0""",
}

# UNION, not UNION ALL: an ancestor is reached once, however many ways lead to it, even around a circle.
_ANCESTORS = f"""
    WITH RECURSIVE
    edges AS (
        SELECT cell_id, parent_id AS parent FROM cells WHERE parent_id IS NOT NULL
        UNION ALL
        SELECT cell_id, second_parent_id AS parent FROM cells WHERE second_parent_id IS NOT NULL
    ),
    up (cell_id) AS (
        SELECT $id::BIGINT UNION SELECT edges.parent FROM up JOIN edges ON edges.cell_id = up.cell_id
    )
    SELECT {_COLUMNS} FROM cells JOIN up USING (cell_id) WHERE cell_id <> $id ORDER BY cell_id
"""
# The numbers that a cell shows first: of the first timeframe and split at which it could run. What was
# evaluated here goes before what was told, whenever either came.
_FIRST_PHENOTYPE = """
    LEFT JOIN (
        SELECT cell_id, {metrics} FROM phenotypes JOIN (
            SELECT cell_id, arg_min(position, (recorded, position)) AS position FROM phenotypes
            WHERE skipped IS NULL GROUP BY cell_id
        ) USING (cell_id, position)
    ) USING (cell_id)
"""
_CATEGORIES = """
    SELECT category FROM (SELECT category FROM cells UNION ALL SELECT llm_category FROM cells)
    WHERE category <> '' GROUP BY category ORDER BY count(*) DESC, category LIMIT $limit
"""
_MODELS = """
    SELECT llm_model FROM cells WHERE llm_model <> ''
    GROUP BY llm_model ORDER BY count(*) DESC, llm_model LIMIT $limit
"""
_BORN_THEN = """
    SELECT cell_id, genome, created_at FROM cells WHERE created_at IN (SELECT unnest($moments::TIMESTAMPTZ[]))
    ORDER BY cell_id DESC
"""
_CHANGED = """
    SELECT cell_id, v.status, v.reasons FROM verdicts v JOIN cells c USING (cell_id)
    WHERE v.status <> c.status OR v.reasons <> c.reasons
"""
_SET_STATUS = """
    UPDATE cells SET status = v.status, reasons = v.reasons FROM verdicts v
    WHERE cells.cell_id = v.cell_id AND (v.status <> cells.status OR v.reasons <> cells.reasons)
"""


class CellFilters(TypedDict, total=False):
    """Which cells: all conditions given must hold, None stands for any.

    `category` is that of people or of a model; `text` is looked for, without regard to case, in names,
    categories, hypotheses and the genome; fitness and generation bounds are inclusive. `model` is the
    language model that wrote it or named it, `by_model` whether one did.
    """

    status: str | None
    dish: str | None
    origin: str | None
    category: str | None
    min_generation: int | None
    max_generation: int | None
    min_fitness: float | None
    max_fitness: float | None
    model: str | None
    by_model: bool | None
    text: str | None


class CellTable(PhenotypeTable):
    """The tables `cells` and `status_history`."""

    def add_cells(self, cells: Sequence[Cell]) -> list[int]:
        """Keep cells with their phenotypes; returns their numbers, new ones for those with `cell_id` 0.

        Numbers given (an import) are kept; `StoreError` where one is taken. A cell may have a negative
        placeholder as its number, by which others of the same call name it as their parent.
        """
        brood = Brood(cells)
        with self.write() as con:
            return brood.insert(con)

    def cells(
        self,
        *,
        order_by: str = "fitness",
        descending: bool = True,
        limit: int | None = None,
        offset: int = 0,
        metrics: Sequence[str] = (),
        **filters: Unpack[CellFilters],
    ) -> pd.DataFrame:
        """Cells as rows, those without a value last; `filters` are those of `CellFilters`.

        `metrics` are further columns, by which cells can be ordered, too: of each cell's first phenotype.
        """
        columns = (*COLUMNS, *metrics)
        if order_by not in columns:
            raise StoreError(f"cells cannot be ordered by {order_by!r}: use one of {', '.join(columns)}")
        refuse_unknown(metrics)
        where, parameters = _where(filters)
        first = _FIRST_PHENOTYPE.format(metrics=", ".join(metrics)) if metrics else ""
        not_a_number = f"isnan({order_by}), " if order_by in ("fitness", *metrics) else ""
        direction = "DESC" if descending else "ASC"
        page = f"LIMIT {'ALL' if limit is None else int(limit)} OFFSET {int(offset)}"
        return self.query(
            f"SELECT {', '.join(columns)} FROM cells {first} {where} "
            f"ORDER BY {not_a_number}{order_by} {direction} NULLS LAST, cell_id {page}",
            parameters,
        )

    def categories(self, limit: int = 200) -> list[str]:
        """Categories that people or models gave to cells, the most frequent first."""
        return list(self.query(_CATEGORIES, {"limit": limit})["category"])

    def models(self, limit: int = 200) -> list[str]:
        """Language models that wrote or named cells, the most frequent first."""
        return list(self.query(_MODELS, {"limit": limit})["llm_model"])

    def count_cells(self, **filters: Unpack[CellFilters]) -> int:
        """How many cells there are of that kind."""
        where, parameters = _where(filters)
        with self.read() as con:
            return int(scalar(con, f"SELECT count(*) FROM cells {where}", parameters))

    def cell(self, cell_id: int) -> Cell:
        """The cell of that number, with its phenotypes. `NotFound` where there is none."""
        with self.read() as con:
            rows = fetch(con, f"SELECT {_COLUMNS} FROM cells WHERE cell_id = $id", {"id": cell_id})
            if not rows:
                raise no_such_cell(con, cell_id)
            return cell_of(rows[0], fetch_phenotypes(con, cell_id))

    def ancestors(self, cell_id: int) -> tuple[Cell, ...]:
        """All cells that the cell descends from, by number, without their phenotypes."""
        with self.read() as con:
            rows = fetch(con, _ANCESTORS, {"id": cell_id})
        return tuple(map(cell_of, rows))

    def numbers_of(self, cells: Sequence[Cell]) -> list[int | None]:
        """The number of each cell in this store, whatever it has elsewhere; None for one that is not here.

        A cell is known by its genome's text and the moment of its birth.
        """
        moments = [utc(cell.created_at, "birth of a cell") for cell in cells]
        with self.read() as con:
            rows = fetch(con, _BORN_THEN, {"moments": moments})
        here = {(row["created_at"].astimezone(UTC), row["genome"]): row["cell_id"] for row in rows}
        return [here.get((moment, cell.genome)) for moment, cell in zip(moments, cells, strict=True)]

    def set_statuses(self, verdicts: Iterable[tuple[int, str, Sequence[str]]], at: datetime) -> int:
        """Set (cell_id, status, reasons) of cells; changes go into the history and are counted."""
        rows = [{"cell_id": i, "status": status, "reasons": list(reasons)} for i, status, reasons in verdicts]
        if not rows:
            return 0
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        since = utc(at, "time of a verdict")
        with self.write() as con:
            con.register("verdicts", arrow_table(con, "cells", columns))
            missing = scalar(con, "SELECT min(cell_id) FROM verdicts ANTI JOIN cells USING (cell_id)")
            if missing is not None:
                raise no_such_cell(con, missing)
            changed = fetch(con, _CHANGED)
            con.execute(_SET_STATUS)
            con.unregister("verdicts")
            insert(con, "status_history", [{**row, "changed_at": since} for row in changed])
        return len(changed)

    def set_fitness(self, cell_id: int, fitness: float) -> None:
        """Correct the fitness of a cell that came with another one than its results make."""
        with self.write() as con:
            con.execute(
                "UPDATE cells SET fitness = $fitness WHERE cell_id = $id", {"fitness": fitness, "id": cell_id}
            )

    def status_history(self, cell_id: int) -> pd.DataFrame:
        """The cell's statuses since its birth, oldest first: status, reasons, changed_at (UTC)."""
        return self.query(
            "SELECT status, reasons, changed_at FROM status_history WHERE cell_id = $id "
            "ORDER BY changed_at, rowid",
            {"id": cell_id},
        )


def cell_of(row: Mapping[str, Any], phenotypes: tuple[Phenotype, ...] = ()) -> Cell:
    """The cell that a row with `COLUMNS` describes."""
    return Cell(
        **{
            **row,
            "reasons": tuple(row["reasons"]),
            "created_at": row["created_at"].astimezone(UTC),
            "phenotypes": phenotypes,
        }
    )


def _where(filters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    unknown = filters.keys() - _CONDITIONS.keys()
    if unknown:
        raise StoreError(f"cells cannot be filtered by {min(unknown)!r}: use one of {', '.join(_CONDITIONS)}")
    parameters = {name: value for name, value in filters.items() if value is not None}
    conditions = " AND ".join(_CONDITIONS[name] for name in parameters)
    return f"WHERE {conditions}" if conditions else "", parameters


def no_such_cell(con: duckdb.DuckDBPyConnection, cell_id: int) -> NotFound:
    """The error that says which cells there are instead."""
    count, last = con.execute("SELECT count(*), max(cell_id) FROM cells").fetchall()[0]
    has = f"it holds {count:,} cells, the last is {last}" if count else "it holds no cells yet"
    return NotFound(f"there is no cell {cell_id} in the store: {has}")
