"""Lineage: whom a cell descends from, and who descends from it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pandas as pd
import pyarrow as pa

from evotrade.store.cells import no_such_cell
from evotrade.store.database import Database
from evotrade.store.population import Ints, Labels, Population
from evotrade.store.rows import arrow, fetch, frame

_NAME_LENGTH = 80
_POPULATION = f"""
    SELECT cell_id, coalesce(parent_id, 0) AS parent_id, coalesce(second_parent_id, 0) AS second_parent_id,
           fitness, generation, status, origin, objective,
           left(coalesce(nullif(name, ''), llm_name, ''), {_NAME_LENGTH}) AS name
    FROM cells WHERE $dish IS NULL OR dish = $dish ORDER BY cell_id
"""
_CERTIFICATES = """
    SELECT cell_id, coalesce(nullif(name, ''), llm_name, '') AS name, generation, parent_id, second_parent_id,
           origin, operator, objective, fitness, status, genome
    FROM cells JOIN (SELECT unnest($ids) AS cell_id, generate_subscripts($ids, 1) AS place) USING (cell_id)
    ORDER BY place
"""
_CHILDREN = "SELECT cell_id FROM cells WHERE parent_id = $id OR second_parent_id = $id ORDER BY cell_id"


class LineageView(Database):
    """What the parents in `cells` say."""

    def population(self, dish: str | None = None) -> Population:
        """All cells, or those of one dish, as columns with their family tree; without their genomes."""
        with self.read() as con:
            rows = arrow(con, _POPULATION, {"dish": dish})
        cell_id = rows["cell_id"].to_numpy()
        return Population(
            cell_id=cell_id,
            first_parent=_positions(cell_id, rows["parent_id"].to_numpy()),
            second_parent=_positions(cell_id, rows["second_parent_id"].to_numpy()),
            fitness=rows["fitness"].to_numpy(),
            generation=rows["generation"].to_numpy().astype(np.int64),
            status=_labels(rows["status"]),
            origin=_labels(rows["origin"]),
            objective=_labels(rows["objective"]),
            name=rows["name"].to_numpy(),
        )

    def lineage(self, cell_id: int, nearest: int | None = None) -> pd.DataFrame:
        """The cell among its relatives: the columns of `certificates`, and depth and relation.

        `relation` is ancestor, self or descendant; `depth` counts steps by the shortest way, negative
        towards ancestors; the oldest ancestors come first. With `nearest`, so many cells at most, those
        with the fewest steps. `NotFound` where there is no such cell.
        """
        with self.read() as con:  # one moment for all of it
            cells = self.population()
            position = cells.position(cell_id)
            if position is None:
                raise no_such_cell(con, cell_id)
            depths = {
                int(cells.cell_id[cell]): depth
                for cell, depth in islice(cells.relatives(position).items(), nearest)
            }
            found = self.certificates(list(depths))
        found["depth"] = found["cell_id"].map(depths)
        found["relation"] = found["depth"].map(_relation)
        return found.sort_values(["depth", "cell_id"], ignore_index=True)

    def certificates(self, cell_ids: Sequence[int]) -> pd.DataFrame:
        """Who those cells are, in that order: cell_id, name, generation, parents, origin, operator,
        objective, fitness, status, genome. Numbers that no cell has are left out.
        """
        with self.read() as con:
            found = arrow(con, _CERTIFICATES, {"ids": list(cell_ids)})
        return frame(found)

    def children(self, cell_id: int) -> list[int]:
        """Numbers of the cells that have this one as a parent, in order."""
        with self.read() as con:
            return [int(row["cell_id"]) for row in fetch(con, _CHILDREN, {"id": cell_id})]


def _positions(cell_id: Ints, parent_id: Ints) -> Ints:
    """(n,) where each parent is among the cells, -1 where it is not."""
    if not len(cell_id):
        return np.empty(0, dtype=np.int64)
    places = np.minimum(np.searchsorted(cell_id, parent_id), len(cell_id) - 1)
    return np.where(cell_id[places] == parent_id, places, -1)


def _labels(column: pa.ChunkedArray) -> Labels:
    coded = column.combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.uint8)
    return Labels(codes, tuple(coded.dictionary.to_pylist()))


def _relation(depth: int) -> str:
    return "self" if depth == 0 else "ancestor" if depth < 0 else "descendant"
