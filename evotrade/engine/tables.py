"""Rows that programs read: columns and their dyadic tables, made once for all genomes on the same candles."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import on_own_bars, whole_value
from evotrade.engine.flatness import longest_flat
from evotrade.engine.graph import HIGHER_BARS, Row, Source
from evotrade.engine.program import Program
from evotrade.engine.windows import Fill, Floats, Series, TableKey
from evotrade.genome.functions import SYMBOLS
from evotrade.genome.tree import Symbol, Window

Ints = npt.NDArray[np.int64]
Key = tuple[Source, str, int]

_FIRST_CAPACITY = 64
_GUARD = 1  # rows that hold nothing: a read before a row's first bar, whose value nobody uses, ends there


class Rows(NamedTuple):
    """The memory of one program.

    `base` holds rows of base bars one after another, `higher` series of higher bars; `numbers` says for each
    row of the program which of the former, or at which offset of the latter, it is. `last` (frames, n) is
    the number of the last higher bar that has ended, -1 for none: the place before a series holds a NaN.
    """

    base: Floats
    higher: Floats
    last: Ints
    numbers: Ints


class Tables:
    """Rows of base bars in one array, each made when it is first asked for.

    Threads may share them: a row never changes once it is there. Above `budget_bytes`, which is what the
    columns may keep, all are dropped before the next request, and what is asked for is made anew.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.budget_bytes = columns.cache_bytes
        self._lock = threading.RLock()
        self._clear()

    @cached_property
    def flat_bars(self) -> dict[str, int]:
        """For each symbol, the bars of the longest stretch on which it stays nearly the same."""
        base = self.columns.base
        return {name: longest_flat(base.column(symbol.column)) for name, symbol in SYMBOLS.items()}

    def fetch(self, program: Program) -> Rows:
        """The rows of `program`."""
        with self._lock, np.errstate(all="ignore"):
            if self._used * len(self.columns) * 8 > self.budget_bytes:
                self._clear()
            self._reserve(rows_for(program.rows))
            numbers = np.array([self._number(*row) for row in program.rows], dtype=np.int64)
            return Rows(self._data.reshape(-1), self._higher, self._last_ended(program.frames), numbers)

    def _clear(self) -> None:
        self._data = np.empty((_FIRST_CAPACITY, len(self.columns)))
        self._data[:_GUARD] = np.nan
        self._used = _GUARD
        self._higher = np.empty(0)
        self._numbers: dict[Key, int] = {}
        self._series: dict[Source, Series] = {}

    def _last_ended(self, suffixes: Sequence[str]) -> Ints:
        frames = [self.columns.frame(suffix) for suffix in suffixes]
        base = self.columns.base
        last = [self.columns.last_ended(frame, base) for frame in frames]
        return np.array(last, dtype=np.int64).reshape(len(frames), len(base))

    def _number(self, source: Source, table: str, level: int) -> int:
        key = (source, table, level)
        if key not in self._numbers:
            self._make(source, table, level)
        return self._numbers[key]

    def _make(self, source: Source, table: str, level: int) -> None:
        if table == HIGHER_BARS:
            self._keep_higher(source)
        elif table == "values":
            self._keep((source, table, level), lambda out: self._fill_values(source, out))
        else:
            series = self._series_of(source)
            derived, _, name = table.rpartition(".")
            if derived:
                series = series.gains() if derived == "gains" else series.losses()
            getattr(series, name)(level)  # which keeps it, but for a level that is the series itself
            if derived and level == 0:
                self._numbers[source, table, 0] = self._numbers[source, derived, 0]

    def _keep_higher(self, node: Source) -> None:
        assert isinstance(node, Symbol | Window)  # the only nodes that have a suffix
        frame = self.columns.frame(node.timeframe or "")
        values = on_own_bars(replace(node, timeframe=None), frame, self.columns)
        self._numbers[node, HIGHER_BARS, 0] = len(self._higher) + 1
        self._higher = np.concatenate([self._higher, [np.nan], values])

    def _series_of(self, source: Source) -> Series:
        """The windows' own series, whose tables are kept here as rows."""
        if source not in self._series:
            values = self._data[self._number(source, "values", 0)]

            def remember(key: TableKey, fill: Fill) -> Floats:
                return self._keep((source, *key), fill)

            self._series[source] = Series(values, remember)
        return self._series[source]

    def _fill_values(self, source: Source, out: Floats) -> None:
        if isinstance(source, str):
            out[:] = self.columns.base.column(SYMBOLS[source].column)
        else:
            out[:] = whole_value(source, self.columns)

    def _keep(self, key: Key, fill: Fill) -> Floats:
        """The row of `key`, filled unless it is there."""
        if key not in self._numbers:
            made = np.empty(len(self.columns))
            fill(made)  # which may keep other rows first
            self._reserve(1)
            self._data[self._used] = made
            self._numbers[key] = self._used
            self._used += 1
        row: Floats = self._data[self._numbers[key]]
        return row

    def _reserve(self, count: int) -> None:
        """Make room for so many rows more. Memory counts where it is written, so much room costs little."""
        if self._used + count > len(self._data):
            larger = np.empty((max(self._used + count, 2 * len(self._data)), len(self.columns)))
            larger[: self._used] = self._data[: self._used]
            self._data = larger


def rows_for(rows: Sequence[Row]) -> int:
    """How many rows there are at most when these are made: a level stands on all levels below."""
    levels: dict[tuple[Source, str], int] = {}
    for source, table, level in rows:
        levels[source, table] = max(level, levels.get((source, table), 0))
    return sum(level + 2 for (_, table), level in levels.items() if table != HIGHER_BARS)
