"""Cells on their way to another evotrade: with lineage, provenance and metrics in one JSON file."""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from importlib.metadata import version
from typing import Any

from evotrade.cells import Cell, Phenotype
from evotrade.errors import NotFound
from evotrade.lab.cell_file import FORMAT, FORMAT_VERSION
from evotrade.store import Store

Json = dict[str, object]


def export_cell(store: Store, cell_id: int) -> Json:
    """The cell as a document that `to_json` writes and `import_cell` reads; nothing in it but from the store.

    `cell` has all that the store keeps of it, with a `phenotypes` entry for each data set, timeframe and
    split; its `trials_at_export` is N, the number of trials behind it. `lineage` has the ancestors by number,
    `dish` the settings of the dish that the cell was born in. A parent that the store lacks is left out.
    A number without a value is null, an infinite one text. `NotFound` where there is no such cell.
    """
    with store.read():
        cell = store.cell(cell_id)
        ancestors = store.ancestors(cell_id)
        dish = _dish_named(cell.dish, store)
        dishes = [_dish_named(name, store) for name in {one.dish for one in (*ancestors, cell)}]
        counts = [_trials_behind(row, dishes, store) for row in cell.phenotypes]
    there = {one.cell_id for one in (*ancestors, cell)}
    results = [
        {**_plain_fields(row), "trials_at_export": count}
        for row, count in zip(cell.phenotypes, counts, strict=True)
    ]
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "evotrade": version("evotrade"),
        "cell": {**_plain_cell(cell, there), "phenotypes": results},
        "lineage": [_plain_cell(ancestor, there) for ancestor in ancestors],
        "dish": _plain(dish) if dish else None,
    }


def to_json(document: Mapping[str, object]) -> str:
    """The document as readable JSON with sorted keys; floats read back to the bit."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _dish_named(name: str, store: Store) -> dict[str, Any]:
    if not name:
        return {}
    try:
        return store.dish(name)
    except NotFound:  # a finding of the doctor, and no reason to keep the cell from being exported
        return {}


def _trials_behind(row: Phenotype, dishes: Iterable[Mapping[str, Any]], store: Store) -> int:
    """N of a result: the trials of this ledger, and those that it or an ancestor brought word of."""
    told = (
        past["trials"]
        for dish in dishes
        for past in dish.get("trials_at_export", ())
        if past["pair"] == row.pair and past["start_s"] < row.end_s and row.start_s < past["end_s"]
    )
    return store.count_trials(row.pair, row.start_s, row.end_s) + max(told, default=0)


def _plain_cell(cell: Cell, there: Container[int]) -> Json:
    parents = {
        name: number if number in there else None
        for name, number in (("parent_id", cell.parent_id), ("second_parent_id", cell.second_parent_id))
    }
    plain = _plain_fields(cell)
    del plain["phenotypes"]
    return plain | parents


def _plain_fields(value: Cell | Phenotype) -> Json:
    return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}


def _plain(value: object) -> object:
    """A value made of what strict JSON knows."""
    match value:
        case float() if not math.isfinite(value):
            return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case datetime():
            return value.isoformat()
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value
