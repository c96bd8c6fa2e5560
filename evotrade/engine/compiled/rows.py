"""Rows made of rows, as `windows.Series` makes its tables."""

from __future__ import annotations

import numpy as np

from evotrade.engine.compiled.elements import higher, lower
from evotrade.engine.compiled.jit import kernel
from evotrade.engine.opcodes import Make
from evotrade.engine.program import GUARD


@kernel
def make_rows(steps, rows, bars):
    """Run `steps` on rows of `bars` bars each, after some that guard them."""
    rows[: GUARD * bars] = np.nan
    for number in range(len(steps)):
        make, half = steps[number, 0], min(bars, steps[number, 4])
        to, first = (GUARD + steps[number, 1]) * bars, (GUARD + steps[number, 2]) * bars
        if make == Make.GAIN or make == Make.LOSS:
            half = min(bars, 1)
        rows[to : to + half] = np.nan
        z = rows[to + half : to + bars]
        newer, older = rows[first + half : first + bars], rows[first : first + bars - half]
        if make == Make.DEVIATION:
            second = (GUARD + steps[number, 3]) * bars
            m2 = rows[second : second + bars]
            _deviate(z, newer, older, m2[half:], m2[: bars - half], half)
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
