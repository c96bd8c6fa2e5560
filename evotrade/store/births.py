"""Births: cells and their phenotypes made ready for the store, and numbered inside its transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from evotrade.cells import Cell
from evotrade.errors import StoreError
from evotrade.store.phenotypes import phenotype_columns
from evotrade.store.rows import Columns, fetch, insert_columns, scalar, utc

_AS_THEY_ARE = (
    *(
        "name",
        "dish",
        "generation",
        "origin",
        "operator",
        "genome",
        "genome_id",
        "combine",
        "objective",
        "fitness",
    ),
    *("status", "category", "hypothesis", "llm_name", "llm_model", "llm_category", "llm_hypothesis"),
)
_PARENTS = ("parent_id", "second_parent_id")


class Brood:
    """Cells on their way into the store. All that needs no lock is done when it is made."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        """Raises `StoreError` for a birth without a time zone or a metric that has no column."""
        self._cells = cells
        self._columns: dict[str, list[Any]] = {
            **{name: [getattr(cell, name) for cell in cells] for name in _AS_THEY_ARE},
            "reasons": [list(cell.reasons) for cell in cells],
            "created_at": [utc(cell.created_at, "birth of a cell") for cell in cells],
        }
        owned = [(owner, n) for owner, cell in enumerate(cells) for n in range(len(cell.phenotypes))]
        self._owners = [owner for owner, _ in owned]
        self._phenotypes: Columns = {
            "position": [position for _, position in owned],
            **phenotype_columns([phenotype for cell in cells for phenotype in cell.phenotypes]),
        }

    def insert(self, con: duckdb.DuckDBPyConnection) -> list[int]:
        """Inside a write: keep the cells; returns their numbers."""
        if not self._cells:
            return []
        ids = self._numbers(con)
        insert_columns(con, "cells", {"cell_id": ids, **self._parents(ids), **self._columns})
        history = {name: self._columns[name] for name in ("status", "reasons")}
        history["changed_at"] = self._columns["created_at"]
        insert_columns(con, "status_history", {"cell_id": ids, **history})
        insert_columns(
            con, "phenotypes", {"cell_id": [ids[owner] for owner in self._owners], **self._phenotypes}
        )
        return ids

    def _numbers(self, con: duckdb.DuckDBPyConnection) -> list[int]:
        """A number for each cell, made inside the transaction, so that no other process can take it."""
        given = Counter(cell.cell_id for cell in self._cells if cell.cell_id != 0)
        kept = [number for number in given if number > 0]
        among = "SELECT cell_id FROM cells WHERE cell_id IN (SELECT unnest($kept))"
        taken = fetch(con, among, {"kept": kept}) if kept else []
        clash = [row["cell_id"] for row in taken] + [number for number, times in given.items() if times > 1]
        if clash:
            raise StoreError(f"cell {min(clash)} exists already: give its copy cell_id 0 to get a new number")
        following = max([int(scalar(con, "SELECT coalesce(max(cell_id), 0) FROM cells")), *kept]) + 1
        fresh = iter(range(following, following + len(self._cells)))
        return [cell.cell_id if cell.cell_id > 0 else next(fresh) for cell in self._cells]

    def _parents(self, ids: Sequence[int]) -> dict[str, list[int | None]]:
        """Parents by number, also those born with their children."""
        born = {cell.cell_id: new for cell, new in zip(self._cells, ids, strict=True) if cell.cell_id < 0}
        return {name: [_parent(getattr(cell, name), born) for cell in self._cells] for name in _PARENTS}


def _parent(number: int | None, born: Mapping[int, int]) -> int | None:
    if number is None or number > 0:
        return number
    if number not in born:
        raise StoreError(
            f"the parent {number} is not among the cells stored with its child: store it with them"
        )
    return born[number]
