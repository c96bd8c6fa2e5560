"""What pages read: from the store, once per version of it, for all viewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Unpack

import pandas as pd
import streamlit as st

from evotrade.cells import Cell, Phenotype
from evotrade.engine.backtest import Backtest
from evotrade.errors import NotFound
from evotrade.lab.cells import replay
from evotrade.settings import load_settings
from evotrade.store import Store
from evotrade.store.cells import CellFilters

# Keys hold the store's version or the hash of the candles, so an entry is never wrong; the bounds only keep
# memory small.
_KEPT_S = 600
_LARGE, _FEW, _MANY = 16, 64, 512
_WAIT_S = 2.0  # a person waits no longer to hear that somebody else holds the file


class Order(NamedTuple):
    """A way to sort cells: a column of the store, and which end comes first."""

    column: str
    descending: bool


def store() -> Store:
    """The store of the settings in force, made if it is missing."""
    return _store(load_settings().store)


@st.cache_resource(max_entries=4, show_spinner=False)
def _store(path: Path) -> Store:
    return Store(path, read_wait_s=_WAIT_S)


def version() -> str:
    """Changes with every write to the store."""
    return store().version()


def count_cells(**filters: Unpack[CellFilters]) -> int:
    """How many cells of that kind the store holds."""
    shared = store()
    return _count(shared, shared.version(), filters)


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _count(_store: Store, version: str, filters: CellFilters) -> int:
    return _store.count_cells(**filters)


def list_cells(
    order: Order, limit: int, offset: int, metrics: Sequence[str] = (), **filters: Unpack[CellFilters]
) -> pd.DataFrame:
    """Some cells of that kind, as `Store.cells` gives them."""
    shared = store()
    return _list(shared, shared.version(), order, limit, offset, metrics, filters)


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _list(
    _store: Store,
    version: str,
    order: Order,
    limit: int,
    offset: int,
    metrics: Sequence[str],
    filters: CellFilters,
) -> pd.DataFrame:
    return _store.cells(
        order_by=order.column,
        descending=order.descending,
        limit=limit,
        offset=offset,
        metrics=metrics,
        **filters,
    )


def categories() -> list[str]:
    """Categories that cells have, the most frequent first."""
    shared = store()
    return _categories(shared, shared.version())


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _categories(_store: Store, version: str) -> list[str]:
    return _store.categories()


def models() -> list[str]:
    """Language models that wrote or named cells, the most frequent first."""
    shared = store()
    return _models(shared, shared.version())


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _models(_store: Store, version: str) -> list[str]:
    return _store.models()


def dish_names() -> list[str]:
    """Names of the dishes, in order."""
    shared = store()
    return _dish_names(shared, shared.version())


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _dish_names(_store: Store, version: str) -> list[str]:
    return sorted(_store.dishes()["name"])


def objective(dish: str) -> str:
    """The metric that is fitness in the dish; empty where that is not known."""
    shared = store()
    return _objective(shared, shared.version(), dish)


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _objective(_store: Store, version: str, dish: str) -> str:
    return str(_store.dish(dish).get("objective", ""))


def generations(dish: str) -> pd.DataFrame:
    """A row a generation of all the dish's runs, as `Store.generations` gives them."""
    shared = store()
    return _generations(shared, shared.version(), dish)


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _generations(_store: Store, version: str, dish: str) -> pd.DataFrame:
    return _store.generations(dish)


def cell(cell_id: int) -> Cell:
    """The cell of that number, with its phenotypes. `NotFound` where there is none."""
    shared = store()
    return _cell(shared, shared.version(), cell_id)


def cell_of_address(asked_for: str) -> Cell:
    """The cell that an address such as `?cell=29` asks for. `NotFound` also for text that is no number."""
    # 18 digits are what a 64-bit number surely holds
    if not (asked_for.isascii() and asked_for.isdigit() and len(asked_for) <= 18):
        raise NotFound(f"the address asks for cell {asked_for!r}, which is no number of a cell")
    return cell(int(asked_for))


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _cell(_store: Store, version: str, cell_id: int) -> Cell:
    return _store.cell(cell_id)


def children(cell_id: int) -> list[int]:
    """Numbers of the cells that have this one as a parent, in order."""
    shared = store()
    return _children(shared, shared.version(), cell_id)


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _children(_store: Store, version: str, cell_id: int) -> list[int]:
    return _store.children(cell_id)


def replayed(cell: Cell, phenotype: Phenotype) -> Backtest:
    """The backtest behind one of the cell's phenotypes, run again; raises what `replay` raises."""
    made_of = repr(replace(phenotype, metrics={}, seed=None))
    return _replayed(store(), cell.genome, made_of, cell, phenotype)


# A resource, since a copy of 70 000 bars for every click would cost more than drawing them. The hash of its
# candles is in the phenotype, so no write to the store makes it wrong.
@st.cache_resource(ttl=_KEPT_S, max_entries=_LARGE, show_spinner=False)
def _replayed(_store: Store, genome: str, made_of: str, _cell: Cell, _phenotype: Phenotype) -> Backtest:
    return replay(_store, _cell, _phenotype)
