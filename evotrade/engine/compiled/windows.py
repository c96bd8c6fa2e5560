"""Windows on one block of bars, of the pieces that `windows.py` makes them of, in its order."""

from __future__ import annotations

import math

import numpy as np

from evotrade.engine.compiled.elements import copy, higher, lower
from evotrade.engine.compiled.jit import kernel


@kernel
def fill_sum(z, rows, parts, bar, divisor):
    """The pieces added in order, divided."""
    width, count = z.size, len(parts)
    p = parts[0, 0] + bar
    x = rows[p : p + width]
    if count == 1:
        copy(z, x)
        if divisor != 1.0:
            _divide(z, divisor)
        return
    q = parts[1, 0] + bar
    y = rows[q : q + width]
    if count == 2:
        _sum_two(z, x, y, divisor)
        return
    r = parts[2, 0] + bar
    _sum_three(z, x, y, rows[r : r + width], divisor if count == 3 else 1.0)
    for part in range(3, count):
        r = parts[part, 0] + bar
        w = rows[r : r + width]
        for i in range(width):
            z[i] += w[i]
    if count > 3 and divisor != 1.0:
        _divide(z, divisor)


@kernel
def _sum_two(z, x, y, divisor):
    """Divided in the same loop, by no power of two: that many bars are one piece."""
    if divisor == 1.0:
        for i in range(z.size):
            z[i] = x[i] + y[i]
    else:
        for i in range(z.size):
            z[i] = (x[i] + y[i]) / divisor


@kernel
def _sum_three(z, x, y, w, divisor):
    if divisor == 1.0:
        for i in range(z.size):
            z[i] = (x[i] + y[i]) + w[i]
    else:
        for i in range(z.size):
            z[i] = ((x[i] + y[i]) + w[i]) / divisor


@kernel
def _divide(z, divisor):
    if _is_power_of_two(divisor):  # its reciprocal is exact, and a product is quicker
        factor = 1.0 / divisor
        for i in range(z.size):
            z[i] *= factor
    else:
        for i in range(z.size):
            z[i] /= divisor


@kernel
def _is_power_of_two(number):
    return math.frexp(number)[0] == 0.5


@kernel
def fill_deviation(z, rows, parts, bar, bars):
    """The root of what the squared deviations of the pieces, merged in order, are on average."""
    width = z.size
    p, q = parts[0, 0] + bar, parts[1, 0] + bar
    total, gap = np.empty(width), np.empty(width)
    copy(total, rows[p : p + width])
    copy(z, rows[q : q + width])
    count = parts[0, 1]
    for part in range(2, len(parts), 2):
        p, q = parts[part, 0] + bar, parts[part + 1, 0] + bar
        sums, m2, size = rows[p : p + width], rows[q : q + width], parts[part, 1]
        each, weight = 1.0 / size, float(count * size) / float(count + size)
        copy(gap, total)
        _divide(gap, float(count))
        for i in range(width):
            apart = sums[i] * each - gap[i]
            z[i] = (z[i] + m2[i]) + apart * apart * weight
            total[i] += sums[i]
        count += size
    _divide(z, bars)
    for i in range(width):
        z[i] = math.sqrt(z[i])


@kernel
def fill_strength(z, gained, lost):
    """RSI of sums of gains and losses; 50 where nothing moved."""
    for i in range(z.size):
        moved = gained[i] + lost[i]
        z[i] = (100.0 * gained[i] / moved if moved != 0.0 else 50.0) + 0.0


@kernel
def clamp(z, x, least, lowest, most, highest):
    """Each value between the lower one of two and the higher one of two."""
    for i in range(z.size):
        at_least = higher(x[i], lower(least[i], lowest[i]))
        z[i] = lower(at_least, higher(most[i], highest[i])) + 0.0


@kernel
def unless_flat(z, x, least, lowest, most, highest):
    """Each value, 0 where the lower one of two equals the higher one of two."""
    for i in range(z.size):
        z[i] = 0.0 if lower(least[i], lowest[i]) == higher(most[i], highest[i]) else x[i]
