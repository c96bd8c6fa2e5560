"""Rows that programs read: columns and their dyadic tables, for some stretch of bars at a time."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import on_own_bars, whole_value
from evotrade.engine.flatness import Flatness
from evotrade.engine.graph import HIGHER_BARS, Row, Source
from evotrade.engine.program import Program
from evotrade.engine.windows import Floats
from evotrade.genome.functions import SYMBOLS
from evotrade.genome.tree import Symbol, Window

Ints = npt.NDArray[np.int64]


class Rows(NamedTuple):
    """What a program reads on a stretch of `bars` bars, and does not make itself.

    `values` (k, bars) are the rows that `places` (k,) numbers; `higher` series of higher bars, of which
    `offsets` says by row where each begins. `last` (frames, bars) is the number of the last higher bar that
    has ended, -1 for none: the place before a series holds a NaN.
    """

    bars: int
    values: Floats
    places: Ints
    higher: Floats
    offsets: Sequence[int]
    last: Ints


class Tables:
    """What the rows of all programs on some columns are filled from; threads may share it."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._lock = threading.Lock()
        self._higher = np.empty(0)
        self._offsets: dict[Source, int] = {}
        self._flatness: dict[str, Flatness] = {}

    def moves_within(self, symbol: str, bars: int) -> bool:
        """Whether a symbol moves within every window of so many bars (`flatness.py`)."""
        flatness = self._flatness.get(symbol)
        if flatness is None:
            column = self.columns.base.column(SYMBOLS[symbol].column)
            flatness = self._flatness.setdefault(symbol, Flatness(column))
        return flatness.moves_within(bars)

    def rows(self, program: Program, stretch: slice, room: Room) -> Rows:
        """The rows of `program` on a stretch that come from outside; the others are made of them."""
        bars = stretch.stop - stretch.start
        places = program.outside
        with np.errstate(all="ignore"):
            columns = [self._values(program.rows[place].source)[stretch] for place in places]
            higher, offsets = self._higher_series(program.rows)
            last = [self._last_ended(suffix)[stretch] for suffix in program.frames]
        ended = np.array(last, np.int64).reshape(len(last), bars)
        return Rows(bars, _stacked(columns, bars, room), places, higher, offsets, ended)

    def _values(self, source: Source) -> Floats:
        """(n,) a column, or an expression that windows look at."""
        if isinstance(source, str):
            return self.columns.base.column(SYMBOLS[source].column)
        return self.columns.remember(("whole", source), lambda: np.array(whole_value(source, self.columns)))

    def _last_ended(self, suffix: str) -> Ints:
        return self.columns.last_ended(self.columns.frame(suffix), self.columns.base)

    def _higher_series(self, rows: Sequence[Row]) -> tuple[Floats, list[int]]:
        """All series of higher bars one after another, and by row where its own begins (0: it has none)."""
        nodes = [row.source if row.table == HIGHER_BARS else None for row in rows]
        with self._lock:
            if len(self._higher) * 8 > self.columns.cache_bytes:
                self._higher, self._offsets = np.empty(0), {}
            parts, length = [self._higher], len(self._higher)
            for node in nodes:
                if node is not None and node not in self._offsets:
                    self._offsets[node] = length + 1
                    parts += [np.array([np.nan]), self._own_values(node)]
                    length += 1 + len(parts[-1])
            if len(parts) > 1:
                self._higher = np.concatenate(parts)
            return self._higher, [0 if node is None else self._offsets[node] for node in nodes]

    def _own_values(self, node: Source) -> Floats:
        """The value of a node with a suffix at each of the suffix's bars."""
        assert isinstance(node, Symbol | Window)  # the only nodes that have one
        frame = self.columns.frame(node.timeframe or "")
        return on_own_bars(replace(node, timeframe=None), frame, self.columns)


def _stacked(columns: Sequence[Floats], bars: int, room: Room) -> Floats:
    """(columns, bars) read-only, as kernels are compiled for; a single column is not copied."""
    if len(columns) == 1:
        return columns[0].reshape(1, bars)
    table = room.take("values", (len(columns), bars))
    for row, column in zip(table, columns, strict=True):
        row[:] = column
    table.flags.writeable = False
    return table


class Room:
    """Memory that one thread uses again and again: fresh memory costs more than what is computed in it."""

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: type[Any] = np.float64) -> npt.NDArray[Any]:
        """An array of any values; it is the caller's until the same name is taken again."""
        count = math.prod(shape)
        held = self._arrays.get(name)
        if held is None or len(held) < count:
            held = self._arrays[name] = np.empty(count, dtype)
        return held[:count].reshape(shape)
