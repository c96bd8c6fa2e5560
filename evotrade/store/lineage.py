"""Lineage: whom a cell descends from, and who descends from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pandas as pd

from evotrade.store.cells import no_such_cell
from evotrade.store.database import Database
from evotrade.store.rows import arrow, frame

_EDGES = ("cell_id", "parent_id", "second_parent_id")
# UNION, not UNION ALL: a cell is reached once, however many ways lead to it, even around a circle.
_RELATIVES = """
    WITH RECURSIVE
    edges AS (
        SELECT cell_id, parent_id AS parent FROM cells WHERE parent_id IS NOT NULL
        UNION ALL
        SELECT cell_id, second_parent_id AS parent FROM cells WHERE second_parent_id IS NOT NULL
    ),
    up (cell_id) AS (
        SELECT $id::BIGINT UNION SELECT edges.parent FROM up JOIN edges ON edges.cell_id = up.cell_id
    ),
    down (cell_id) AS (
        SELECT $id::BIGINT UNION SELECT edges.cell_id FROM down JOIN edges ON edges.parent = down.cell_id
    ),
    relatives (cell_id) AS (SELECT cell_id FROM up UNION SELECT cell_id FROM down)
    SELECT cell_id, name, generation, parent_id, second_parent_id, fitness, status, genome
    FROM cells JOIN relatives USING (cell_id) ORDER BY cell_id
"""


class LineageView(Database):
    """What the parents in `cells` say."""

    def lineage(self, cell_id: int) -> pd.DataFrame:
        """The cell among its relatives: cell_id, name, generation, parents, fitness, status, genome, depth,
        relation.

        `relation` is ancestor, self or descendant; `depth` counts steps by the shortest way, negative
        towards ancestors; the oldest ancestors come first. `NotFound` where there is no such cell.
        """
        with self.read() as con:
            relatives = arrow(con, _RELATIVES, {"id": cell_id})
            if not relatives.num_rows:
                raise no_such_cell(con, cell_id)
        found = frame(relatives)
        columns = (found[name].to_numpy(np.int64, na_value=0).tolist() for name in _EDGES)  # no cell has 0
        parents = {cell: {*both} - {0} for cell, *both in zip(*columns, strict=True)}
        children: dict[int, set[int]] = defaultdict(set)
        for child, its_parents in parents.items():
            for parent in its_parents:
                children[parent].add(child)
        depths = {**_steps(cell_id, children), **{cell: -n for cell, n in _steps(cell_id, parents).items()}}
        found["depth"] = found["cell_id"].map(depths)
        found["relation"] = found["depth"].map(_relation)
        return found.sort_values(["depth", "cell_id"], ignore_index=True)


def _steps(start: int, neighbours: Mapping[int, set[int]]) -> dict[int, int]:
    """Steps from `start` to each cell that can be reached, by the shortest way."""
    steps = {start: 0}
    ring = [start]
    while ring:
        reached = {other for one in ring for other in neighbours.get(one, ()) if other not in steps}
        steps.update(dict.fromkeys(reached, steps[ring[0]] + 1))
        ring = sorted(reached)
    return steps


def _relation(depth: int) -> str:
    return "self" if depth == 0 else "ancestor" if depth < 0 else "descendant"
