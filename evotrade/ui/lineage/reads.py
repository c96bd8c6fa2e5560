"""What the Lineage page reads: from the store, once per version of it, for all viewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from evotrade.engine.metrics import METRICS
from evotrade.store import Store
from evotrade.store.population import Population
from evotrade.ui import formats, reads

_KEPT_S = 600
_FEW, _MANY = 8, 64

NEAREST = 60
"""Relatives of a cell that are drawn at most, itself among them: more would not be read."""


class Drawn(NamedTuple):
    """A population as its canvas takes it; `version` changes with what is drawn, not with every write."""

    dish: str | None
    cells: pa.Table
    version: str
    labels: dict[str, tuple[str, ...]]
    unit: str
    title: str


class Family(NamedTuple):
    """A cell's relatives by number: how many, the nearest with their depth, and two lines through it.

    `line` goes from the founder to the cell by first parents, `onward` from the cell to its best descendant.
    """

    ancestors: int
    descendants: int
    nearest: dict[int, int]
    line: list[int]
    onward: list[int]


def population(dish: str | None = None) -> Population:
    """All cells, or those of a dish, with their family tree."""
    shared = reads.store()
    return _population(shared, shared.version(), dish)


# Resources, since a copy of 100 000 cells for every click would cost more than drawing them.
@st.cache_resource(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _population(_store: Store, version: str, dish: str | None) -> Population:
    return _store.population(dish)


def drawn(dish: str | None = None) -> Drawn:
    """The same, as the canvas takes it."""
    shared = reads.store()
    return _drawn(shared, shared.version(), dish)


@st.cache_resource(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _drawn(_store: Store, version: str, dish: str | None) -> Drawn:
    cells = _population(_store, version, dish)
    table = pa.table(
        {
            "id": cells.cell_id.astype(np.float64),  # JavaScript's whole numbers
            "first_parent": cells.first_parent.astype(np.int32),
            "second_parent": cells.second_parent.astype(np.int32),
            "fitness": cells.fitness.astype(np.float32),
            "generation": cells.generation.astype(np.int32),
            "status": cells.status.codes,
            "origin": cells.origin.codes,
            "name": pa.array(cells.name, pa.string()),
        }
    )
    labels = {"status": cells.status.names, "origin": cells.origin.names}
    return Drawn(dish, table, _digest(table, labels), labels, *_axis(cells.objective.names))


def _digest(table: pa.Table, labels: Mapping[str, Sequence[str]]) -> str:
    digest = blake2b(repr(labels).encode(), digest_size=16)
    for column in table.columns:
        for chunk in column.chunks:
            for buffer in chunk.buffers():
                digest.update(buffer or b"")
    return digest.hexdigest()


def _axis(objectives: Sequence[str]) -> tuple[str, str]:
    """What stands behind each number of the axis, and its title."""
    if len(objectives) != 1:
        return "", "Fitness, each in the unit of its objective"
    (objective,) = objectives
    unit = METRICS[objective].unit
    label = f"Fitness: {formats.metric_label(objective)}"
    return (" %", label) if unit == "%" else ("", f"{label}, {unit}" if unit else label)


def certificates(cell_ids: Sequence[int]) -> pd.DataFrame:
    """Who those cells are, as `Store.certificates` gives them."""
    shared = reads.store()
    return _certificates(shared, shared.version(), tuple(cell_ids))


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _certificates(_store: Store, version: str, cell_ids: Sequence[int]) -> pd.DataFrame:
    return _store.certificates(cell_ids)


def family(cell_id: int) -> Family:
    """The relatives of a cell that is in the store."""
    shared = reads.store()
    return _family(shared, shared.version(), cell_id)


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _family(_store: Store, version: str, cell_id: int) -> Family:
    cells = _population(_store, version, None)
    position = cells.position(cell_id)
    if position is None:  # deleted since it was read
        return Family(0, 0, {cell_id: 0}, [cell_id], [cell_id])
    numbers = cells.cell_id.tolist()
    return Family(
        ancestors=len(cells.ancestors(position).steps) - 1,
        descendants=len(cells.descendants(position).steps) - 1,
        nearest={numbers[cell]: depth for cell, depth in islice(cells.relatives(position).items(), NEAREST)},
        line=[numbers[cell] for cell in cells.line(position)],
        onward=[numbers[cell] for cell in cells.line_to_best_descendant(position)],
    )
