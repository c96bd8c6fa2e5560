"""Window functions over dyadic tables: dsl.md, "Rounding is part of the meaning", as numpy.

The table of level k holds, at bar i, the aggregate of the 2^k bars that end at i, made from two halves
of the level below. A window of n bars is composed of the pieces of n's binary form, largest first, the
largest at the current bar. So a value depends on the bars of its window and on nothing else, to the
last bit, however long the series is. There are no running or prefix sums: they would carry the rounding
of bars outside the window into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evotrade.engine.flatness import Flatness

Floats = npt.NDArray[np.float64]
TableKey = tuple[str, int]
Fill = Callable[[Floats], None]
Remember = Callable[[TableKey, Fill], Floats]
"""Gives the (n,) array kept under a key, made and filled when it is asked for the first time."""


class Series:
    """(n,) values and their dyadic tables, each made once and kept by `remember`.

    Every table is (n,), NaN where its bars reach before the first one or hold a NaN.
    """

    def __init__(self, values: Floats, remember: Remember | None = None) -> None:
        self.values = values
        self._remember = remember or _forever(len(values))

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def flatness(self) -> Flatness:
        """Windows within which the values move need no look at their extremes."""
        return Flatness(self.values)

    def sums(self, level: int) -> Floats:
        """Sum of the 2^level bars that end at each bar."""
        return self._table("sums", level, np.add)

    def maxima(self, level: int) -> Floats:
        """Maximum of the 2^level bars that end at each bar."""
        return self._table("maxima", level, np.maximum)

    def minima(self, level: int) -> Floats:
        """Minimum of the 2^level bars that end at each bar."""
        return self._table("minima", level, np.minimum)

    def m2(self, level: int) -> Floats:
        """Sum of squared deviations from the mean of the 2^level bars that end at each bar.

        Chan, Golub, LeVeque (1979), equation 2.1b, for halves of equal size.
        """
        return self._remember(("m2", level), lambda out: self._fill_m2(out, level))

    def gains(self) -> Series:
        """What each bar rose over the one before, 0 where it fell; the first bar has no change."""
        return self._changes("gains", 1.0)

    def losses(self) -> Series:
        """What each bar fell below the one before, 0 where it rose; the first bar has no change."""
        return self._changes("losses", -1.0)

    def _table(self, name: str, level: int, join: np.ufunc) -> Floats:
        if level == 0:
            return self.values

        def fill(out: Floats) -> None:
            below = self._table(name, level - 1, join)
            _join(join, below, below, 1 << (level - 1), out)

        return self._remember((name, level), fill)

    def _fill_m2(self, out: Floats, level: int) -> None:
        if level == 0:
            np.subtract(self.values, self.values, out=out)  # 0, NaN where there is no value
            out[np.isinf(self.values)] = 0.0
            return
        half = 1 << (level - 1)
        sums, below = self.sums(level - 1), self.m2(level - 1)
        _join(np.subtract, sums, sums, half, out)
        out *= out
        out *= 1 / (2 * half)  # a power of two: as exact as the division, and quicker
        out += _joined(np.add, below, below, half)

    def _changes(self, name: str, sign: float) -> Series:
        def fill(out: Floats) -> None:
            _join(np.subtract, self.values, self.values, 1, out)
            out *= sign
            np.maximum(out, 0.0, out=out)

        def remember(key: TableKey, fill_table: Fill) -> Floats:
            return self._remember((f"{name}.{key[0]}", key[1]), fill_table)

        return Series(self._remember((name, 0), fill), remember)


def window_sum(series: Series, bars: int) -> Floats:
    """SUM: the pieces added in order."""
    (first, _), *rest = pieces(bars)
    total = series.sums(first).copy()
    for level, offset in rest:
        _add(total, series.sums(level), offset)
    return total


def window_max(series: Series, bars: int) -> Floats:
    """MAX: two overlapping pieces, for a maximum has no rounding."""
    level = bars.bit_length() - 1
    table = series.maxima(level)
    return _unsigned_zero(_joined(np.maximum, table, table, bars - (1 << level)))


def window_min(series: Series, bars: int) -> Floats:
    """MIN: two overlapping pieces."""
    level = bars.bit_length() - 1
    table = series.minima(level)
    return _unsigned_zero(_joined(np.minimum, table, table, bars - (1 << level)))


def window_mean(series: Series, bars: int) -> Floats:
    """AVG: SUM / n, clamped, so that a flat window has its own value."""
    mean = window_sum(series, bars) / bars
    return _unsigned_zero(mean) if series.flatness.moves_within(bars) else _clamped(mean, series, bars)


def window_std(series: Series, bars: int) -> Floats:
    """STD: population standard deviation, 0 where the window is flat.

    Pieces are merged after Chan, Golub, LeVeque (1979), equation 2.1b, written with means.
    """
    (first, _), *rest = pieces(bars)
    count, total, m2 = 1 << first, series.sums(first).copy(), series.m2(first).copy()
    for level, offset in rest:
        size = 1 << level
        gap = lagged(series.sums(level), offset)
        gap /= size
        gap -= total / count
        gap *= gap
        gap *= count * size / (count + size)
        _add(m2, series.m2(level), offset)
        m2 += gap
        _add(total, series.sums(level), offset)
        count += size
    m2 /= bars
    deviation = np.sqrt(m2, out=m2)
    if not series.flatness.moves_within(bars):
        deviation[window_max(series, bars) == window_min(series, bars)] = 0.0
    return deviation


def window_ema(series: Series, bars: int) -> Floats:
    """EMA: weights r^age with r = 1 - 2/(n+1) over the last 4n bars, renormalised, clamped."""
    memory, decay, weights = ema_terms(bars)
    return _clamped(_ema_sum(series.values, memory, decay) / weights, series, memory)


def ema_terms(bars: int) -> tuple[int, float, float]:
    """Bars of memory, the decay a bar, and the sum of all weights, of an EMA over `bars`."""
    memory = 4 * bars
    decay = 1.0 - 2.0 / (bars + 1)
    return memory, decay, _ema_sum(np.ones(memory), memory, decay).item(-1)


def window_lag(series: Series, bars: int) -> Floats:
    """LAG: the value `bars` bars ago."""
    return lagged(series.values, bars)


def window_rsi(series: Series, bars: int) -> Floats:
    """RSI: 100 · gains / (gains + losses) over the last n changes, 50 where nothing changed."""
    gained, lost = window_sum(series.gains(), bars), window_sum(series.losses(), bars)
    moved = gained + lost
    strength = 100.0 * gained / moved
    strength[moved == 0] = 50.0
    return _unsigned_zero(strength)


KERNELS: dict[str, Callable[[Series, int], Floats]] = {
    "SUM": window_sum,
    "AVG": window_mean,
    "MAX": window_max,
    "MIN": window_min,
    "STD": window_std,
    "EMA": window_ema,
    "LAG": window_lag,
    "RSI": window_rsi,
}
"""The window functions of the language: (series, n) → (len(series),) values."""


def pieces(bars: int) -> Iterator[tuple[int, int]]:
    """(level, offset) of the pieces of a window, largest first; the piece ends `offset` bars ago."""
    offset = 0
    for level in range(bars.bit_length() - 1, -1, -1):
        if bars >> level & 1:
            yield level, offset
            offset += 1 << level


def lagged(values: Floats, bars: int) -> Floats:
    """(n,) the values `bars` bars ago, NaN where there was no bar."""
    result = np.empty(len(values))
    result[:bars] = np.nan
    result[bars:] = _older(values, bars)
    return result


def _ema_sum(values: Floats, memory: int, decay: float) -> Floats:
    """Sum of the last `memory` values, each times decay^age, composed of dyadic pieces."""
    tables, powers = [values], [decay]  # powers[k] = decay^(2^k), by repeated squaring
    for level in range(1, memory.bit_length()):
        below, power = tables[-1], powers[-1]
        tables.append(_joined(np.add, below, power * below, 1 << (level - 1)))
        powers.append(power * power)
    (first, _), *rest = pieces(memory)
    total, weight = tables[first].copy(), powers[first]
    for level, offset in rest:
        _add(total, weight * tables[level], offset)
        weight *= powers[level]
    return total


def _clamped(values: Floats, series: Series, bars: int) -> Floats:
    """Values kept within the least and the largest of their window."""
    at_least = np.maximum(values, window_min(series, bars))
    return _unsigned_zero(np.minimum(at_least, window_max(series, bars), out=at_least))


def _unsigned_zero(values: Floats) -> Floats:
    """The array with -0.0 as 0.0: which of two zeros is the maximum depends on the processor."""
    values += 0.0
    return values


def _older(values: Floats, bars: int) -> Floats:
    """What `values[bars:]` was `bars` bars ago."""
    return values[: max(0, len(values) - bars)]


def _joined(join: np.ufunc, newer: Floats, older: Floats, bars: int) -> Floats:
    """(n,) join(newer, older `bars` bars ago), NaN where there was no bar."""
    result = np.empty(len(newer))
    _join(join, newer, older, bars, result)
    return result


def _join(join: np.ufunc, newer: Floats, older: Floats, bars: int, out: Floats) -> None:
    out[:bars] = np.nan
    join(newer[bars:], _older(older, bars), out=out[bars:])


def _add(total: Floats, older: Floats, bars: int) -> None:
    """Add in place what another series was `bars` bars ago."""
    total[:bars] = np.nan
    total[bars:] += _older(older, bars)


def _forever(bars: int) -> Remember:
    kept: dict[TableKey, Floats] = {}

    def remember(key: TableKey, fill: Fill) -> Floats:
        if key not in kept:
            made = np.empty(bars)
            fill(made)
            kept[key] = made
        return kept[key]

    return remember
