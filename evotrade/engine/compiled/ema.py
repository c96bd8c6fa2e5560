"""EMA: the levels and pieces of `windows.window_ema`, for one block of bars and the memory before it."""

from __future__ import annotations

import numpy as np

from evotrade.engine.compiled.elements import copy, higher, lower
from evotrade.engine.compiled.jit import kernel


@kernel
def fill_ema(out, rows, parts, bar, bars, tables):
    """Fill `out` with the EMA over `bars` bars, clamped.

    `parts` are the values and the pieces of their extremes over its memory, as `Op.EMA` lists them; `tables`
    is room for a level each.
    """
    width, memory = out.size, 4 * bars
    powers = _powers(1.0 - 2.0 / (bars + 1), memory)
    last = parts[0, 0] + bar + width
    _levels(tables, rows[last - width - memory + 1 : last], powers)
    _pieces(out, tables[:, : width + memory - 1], memory, powers)
    p, q, r, s = parts[1, 0] + bar, parts[2, 0] + bar, parts[3, 0] + bar, parts[4, 0] + bar
    least, lowest, most, highest = rows[p:], rows[q:], rows[r:], rows[s:]
    weights = _weights(memory, powers)
    for i in range(width):
        at_least = higher(out[i] / weights, lower(least[i], lowest[i]))
        out[i] = lower(at_least, higher(most[i], highest[i])) + 0.0


@kernel
def _powers(decay, memory):
    """decay^(2^k) for each level k of the memory, by repeated squaring."""
    levels = 0
    while memory >> (levels + 1):
        levels += 1
    powers = np.empty(levels + 1)
    powers[0] = decay
    for level in range(1, levels + 1):
        powers[level] = powers[level - 1] * powers[level - 1]
    return powers


@kernel
def _weights(memory, powers):
    """The sum of all weights: the EMA of ones before it is divided, level by level and piece by piece."""
    ones = np.empty(powers.size)
    ones[0] = 1.0
    for level in range(1, powers.size):
        ones[level] = ones[level - 1] + powers[level - 1] * ones[level - 1]
    first = powers.size - 1
    total, weight = ones[first], powers[first]
    for level in range(first - 1, -1, -1):
        if memory >> level & 1:
            total += weight * ones[level]
            weight *= powers[level]
    return total


@kernel
def _levels(tables, values, powers):
    """Level k holds, from its 2^k-th value on, the weighted sums of the 2^k values that end there."""
    copy(tables[0, : values.size], values)
    for level in range(1, powers.size):
        half, power = 1 << (level - 1), powers[level - 1]
        newer, older = tables[level - 1, half : values.size], tables[level - 1, : values.size - half]
        made = tables[level, half : values.size]
        for i in range(made.size):
            made[i] = newer[i] + power * older[i]


@kernel
def _pieces(out, tables, memory, powers):
    """Compose the pieces of the memory, the largest at the current bar."""
    width, first = out.size, powers.size - 1
    offset, weight = 1 << first, powers[first]
    at = tables.shape[1] - width
    copy(out, tables[first, at:])
    for level in range(first - 1, -1, -1):
        if memory >> level & 1:
            piece = tables[level, at - offset : at - offset + width]
            for i in range(width):
                out[i] += weight * piece[i]
            weight *= powers[level]
            offset += 1 << level
