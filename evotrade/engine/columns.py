"""Candles as the evaluator reads them: bars of every timeframe, and a shared memory of values."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from evotrade.engine.windows import Floats, lagged
from evotrade.errors import GenomeError
from evotrade.genome.lookback import fits
from evotrade.market.candles import Candles
from evotrade.market.resample import resample

Value = npt.NDArray[Any]
Own = TypeVar("Own")

_CACHE_BYTES = 128 * 2**20  # at least: what a group of genomes shares takes about a third of it
_CACHE_ROWS = 64  # series of all bars, where those take more
_ENTRY_BYTES = 1024  # a key and an array's header, so that many short series stay bounded too


class Frame:
    """The bars of one timeframe: columns by name, (n,) floats each."""

    def __init__(self, candles: Candles) -> None:
        self.candles = candles
        self.timeframe = candles.timeframe

    def __len__(self) -> int:
        return len(self.candles)

    def column(self, name: str) -> Floats:
        """A column of the candles or `true_range`; zeros where the market has none."""
        if name == "true_range":
            return self._true_range
        values: Floats | None = getattr(self.candles, name)
        return self._zeros if values is None else values

    @cached_property
    def end_s(self) -> npt.NDArray[np.int64]:
        """(n,) ends of the bars in Unix seconds, exclusive."""
        return _read_only(self.candles.end_s)

    @cached_property
    def _true_range(self) -> Floats:
        """Wilder's true range; NaN at the first bar, which has no close before it."""
        high, low, before = self.candles.high, self.candles.low, lagged(self.candles.close, 1)
        return _read_only(np.maximum(np.maximum(high - low, np.abs(high - before)), np.abs(low - before)))

    @cached_property
    def _zeros(self) -> Floats:
        return _read_only(np.zeros(len(self)))


class Columns:
    """Candles with everything that genomes share when they are evaluated on them.

    Values of subtrees and window tables are kept, the least recently used dropped above `cache_bytes`, which
    grow with the bars alone unless they are given.
    Threads may share one: a value made twice is the same value.
    """

    def __init__(self, candles: Candles, cache_bytes: int | None = None) -> None:
        self.candles = candles
        self.timeframe = candles.timeframe
        self.base = Frame(candles)
        most = max(_CACHE_BYTES, _CACHE_ROWS * 8 * len(candles))
        self.cache_bytes = most if cache_bytes is None else cache_bytes
        self._frames: dict[str, Frame] = {candles.timeframe: self.base}
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._kept_bytes = 0
        self._owned: dict[Callable[[Columns], Any], Any] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.candles)

    def __repr__(self) -> str:
        return f"<Columns of {self.candles!r}>"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the candles alone: the receiving process makes its own values."""
        return (type(self), (self.candles, self.cache_bytes))

    def frame(self, suffix: str) -> Frame:
        """The bars of a genome's timeframe suffix, `"4H"`.

        Raises `GenomeError` where the base bars don't divide it.
        """
        timeframe = suffix.lower()
        if timeframe not in self._frames:
            if not fits(suffix, self.timeframe):
                raise GenomeError(
                    f"{suffix} bars cannot be made of {self.timeframe} bars: use a longer multiple"
                )
            self._frames[timeframe] = Frame(resample(self.candles, timeframe))
        return self._frames[timeframe]

    def as_of(self, values: Floats, inner: Frame, outer: Frame) -> Floats:
        """(len(outer),) the value of the last inner bar that ended by each outer bar's end."""
        bars = self.last_ended(inner, outer)
        first = int(np.searchsorted(bars, 0))
        seen = np.full(len(outer), np.nan)
        seen[first:] = values[bars[first:]]
        return seen

    def last_ended(self, inner: Frame, outer: Frame) -> npt.NDArray[np.int64]:
        """(len(outer),) the last inner bar, by number, that ended by each outer bar's end, -1 for none."""
        return self.remember(("as of", inner.timeframe, outer.timeframe), lambda: _last_ended(inner, outer))

    def own(self, kind: Callable[[Columns], Own]) -> Own:
        """What `kind` makes of these columns, made once: tables, for example."""
        with self._lock:
            if kind not in self._owned:
                self._owned[kind] = kind(self)
            made: Own = self._owned[kind]
            return made

    def remember(self, key: Hashable, build: Callable[[], Value]) -> Value:
        """The value kept under `key`, or what `build` makes, read-only from then on."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        made = _read_only(build())  # outside the lock: building a value remembers others
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._kept_bytes += _size(made)
            while self._kept_bytes > self.cache_bytes and self._kept:
                self._kept_bytes -= _size(self._kept.popitem(last=False)[1])
        return made


def _last_ended(inner: Frame, outer: Frame) -> npt.NDArray[np.int64]:
    # by the fewer, higher bars: at which of the others' ends has each ended?
    seen = np.searchsorted(outer.end_s, inner.end_s)
    return np.cumsum(np.bincount(seen, minlength=len(outer) + 1)[: len(outer)]) - 1


def _read_only(values: Value) -> Value:
    values.flags.writeable = False
    return values


def _size(value: Value) -> int:
    return value.nbytes + _ENTRY_BYTES
