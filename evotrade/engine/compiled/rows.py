"""Rows made of rows, as `windows.Series` makes its tables."""

from __future__ import annotations

import numpy as np

from evotrade.engine.compiled.elements import copy, higher, lower
from evotrade.engine.compiled.jit import kernel
from evotrade.engine.opcodes import Make
from evotrade.engine.program import GUARD


@kernel
def guard_rows(rows, bars):
    """What lies before the first row is NaN."""
    rows[: GUARD * bars] = np.nan


@kernel
def fill_rows(values, places, rows, bars, begin, start, end):
    """Copy the bars from `start` to `end` of rows of `bars` bars each from `values` (k, …).

    The rows begin at bar `begin` of these; `places` (k,) says which rows they are.
    """
    for number in range(len(places)):
        at = (GUARD + places[number]) * bars
        copy(rows[at + start : at + end], values[number, begin + start : begin + end])


@kernel
def move_rows(rows, bars, by, made):
    """Move what is `made` of each row `by` bars towards its beginning; the first `by` bars are lost."""
    for at in range(GUARD * bars, rows.size, bars):
        copy(rows[at : at + made - by], rows[at + by : at + made])


@kernel
def make_rows(steps, rows, bars, start, end):
    """Run `steps` on the bars from `start` to `end` of rows of `bars` bars each; those before are made."""
    for number in range(len(steps)):
        _make_row(steps[number], rows, bars, start, end)


@kernel
def _make_row(step, rows, bars, start, end):
    """The bars from `start` to `end` of one row: all it is made of is there up to `end`."""
    make, half = step[0], step[4]
    if make == Make.GAIN or make == Make.LOSS:
        half = 1
    to, first = (GUARD + step[1]) * bars, (GUARD + step[2]) * bars
    if start < half:
        rows[to + start : to + min(half, end)] = np.nan
        start = half
    if start >= end:
        return
    z, newer = rows[to + start : to + end], rows[first + start : first + end]
    older = rows[first + start - half : first + end - half]
    if make == Make.DEVIATION:
        second = (GUARD + step[3]) * bars
        newer_m2 = rows[second + start : second + end]
        _deviate(z, newer, older, newer_m2, rows[second + start - half : second + end - half], half)
    else:
        _join(make, z, newer, older)


@kernel
def _join(make, z, newer, older):  # noqa: C901 - a table that a compiler reads
    if make == Make.ADD:
        for i in range(z.size):
            z[i] = newer[i] + older[i]
    elif make == Make.MAXIMUM:
        for i in range(z.size):
            z[i] = higher(newer[i], older[i])
    elif make == Make.MINIMUM:
        for i in range(z.size):
            z[i] = lower(newer[i], older[i])
    elif make == Make.GAIN:
        for i in range(z.size):
            z[i] = higher(newer[i] - older[i], 0.0)
    elif make == Make.LOSS:
        for i in range(z.size):
            z[i] = higher((newer[i] - older[i]) * -1.0, 0.0)
    else:
        for i in range(z.size):
            z[i] = np.nan if newer[i] != newer[i] else 0.0


@kernel
def _deviate(z, newer, older, newer_m2, older_m2, half):
    factor = 1 / (2 * half)
    for i in range(z.size):
        apart = newer[i] - older[i]
        z[i] = apart * apart * factor + (newer_m2[i] + older_m2[i])
