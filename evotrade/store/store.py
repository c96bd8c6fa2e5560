"""The store as the layers above see it: one class, a table module for each subject."""

from __future__ import annotations

import os

from evotrade.store.archive import Archive
from evotrade.store.candles import CandleTable
from evotrade.store.doctor import Doctor
from evotrade.store.lineage import LineageView
from evotrade.store.llm import LlmTable
from evotrade.store.offspring import OffspringTable
from evotrade.store.runs import RunTable
from evotrade.store.ticks import TickTable


class Store(RunTable, LineageView, LlmTable, OffspringTable, CandleTable, Archive, TickTable, Doctor):
    """All that lab and desk keep, in one DuckDB file, for many threads and processes at once."""


def open_store(path: str | os.PathLike[str], create: bool = True) -> Store:
    """The store at `path`, made if missing unless `create` is False; see `Database` for what it raises."""
    return Store(path, create)
