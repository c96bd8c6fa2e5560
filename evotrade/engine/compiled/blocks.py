"""Programs run block by block: all instructions of all genomes on some hundred bars, then on the next ones.

Every loop does, bar by bar, the very operations of `windows.py` and `evaluator.py` in their order; without
`fastmath`, nothing is reassociated or contracted, so that the numbers are the same to the last bit.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from evotrade.engine.compiled.ema import fill_ema
from evotrade.engine.compiled.extremes import higher, lower
from evotrade.engine.compiled.jit import kernel
from evotrade.engine.opcodes import A_AGO, B_AGO, COUNT, FIRST, MAJORITY, OP, TO, UNANIMOUS, A, B, Op


@kernel
def run_program(
    code,
    genomes,
    combine,
    rows,
    higher_rows,
    last,
    first,
    block,
    registers,
    flags,
    levels,
    decisions,
    at,
    bars,
):
    """Fill `decisions` (genomes, …) from column `at` on, for `bars` bars of the rows from `first` on.

    `code` is (instructions, numbers, pieces, shared) and `genomes` (ends, voters, lookbacks) of a program;
    `registers` and `flags` have `block` places a register, `levels` is room for the levels of the longest
    EMA. Decisions before a lookback are 0.
    """
    ends, voters, lookbacks = genomes
    buys, sells = np.empty(block, np.int8), np.empty(block, np.int8)
    for start in range(0, bars, block):
        width, bar = min(block, bars - start), first + start
        memory = Memory(rows, higher_rows, last, bar, width, block, registers, flags, levels, buys, sells)
        begin = code[3]
        _execute(code, 0, begin, memory)
        for genome in range(ends.size):
            buys[:] = 0
            sells[:] = 0
            _execute(code, begin, ends[genome], memory)
            begin = ends[genome]
            chosen = decisions[genome, at + start : at + start + width]
            _combine(combine, voters[genome], buys, sells, chosen)
            chosen[: max(0, min(width, lookbacks[genome] - bar))] = 0


class Memory(NamedTuple):
    """What instructions read and write, at one block of bars."""

    rows: Any
    higher_rows: Any
    last: Any
    bar: Any
    width: Any
    block: Any
    registers: Any
    flags: Any
    levels: Any
    buys: Any
    sells: Any


@kernel
def _execute(code, begin, end, memory):
    """Run the instructions from `begin` to before `end`."""
    instructions, numbers, pieces, _ = code
    bar, width, block = memory.bar, memory.width, memory.block
    rows, registers, flags = memory.rows, memory.registers, memory.flags
    for number in range(begin, end):
        op, to = instructions[number, OP], instructions[number, TO] * block
        a, b = instructions[number, A], instructions[number, B]
        first, count = instructions[number, FIRST], instructions[number, COUNT]
        if op >= Op.AND:
            left, right = flags[a * block : a * block + width], flags[b * block : b * block + width]
            if op == Op.VOTE:
                _vote(left, first, count, memory.buys, memory.sells)
            else:
                _join(op, flags[to : to + width], left, right)
            continue
        in_row, at = instructions[number, A_AGO], a * block
        x = rows[a + bar : a + bar + width] if in_row else registers[at : at + width]
        in_row, at = instructions[number, B_AGO], b * block
        y = rows[b + bar : b + bar + width] if in_row else registers[at : at + width]
        if op >= Op.GREATER:
            _compare(op, flags[to : to + width], x, y)
            continue
        parts = pieces[first : first + count]
        z = registers[to : to + width]
        if op == Op.AS_OF:
            _as_of(z, memory.higher_rows, parts[0, 0], memory.last[-1 - parts[0, 1], bar : bar + width])
        elif op == Op.EMA:
            fill_ema(z, rows, parts, bar, int(numbers[number]), memory.levels)
        else:
            _compute(op, z, x, y, rows, parts, bar, numbers[number])


@kernel
def _compute(op, z, x, y, rows, parts, bar, number):
    if op == Op.SUM:
        _sum(z, rows, parts, bar, number)
    elif op == Op.NUMBER:
        z[:] = number
    elif op == Op.STD:
        _deviation(z, rows, parts, bar, number)
    elif op == Op.RSI:
        _strength(z, x, y)
    elif op == Op.CLAMP or op == Op.UNLESS_FLAT:
        width = z.size
        p, q, r, s = parts[0, 0] + bar, parts[1, 0] + bar, parts[2, 0] + bar, parts[3, 0] + bar
        least, lowest = rows[p : p + width], rows[q : q + width]
        most, highest = rows[r : r + width], rows[s : s + width]
        if op == Op.CLAMP:
            _clamp(z, x, least, lowest, most, highest)
        else:
            _unless_flat(z, x, least, lowest, most, highest)
    else:
        _arithmetic(op, z, x, y)


@kernel
def _vote(holds, then, otherwise, buys, sells):
    buys_else, sells_else = np.int8(otherwise > 0), np.int8(otherwise < 0)
    buys_more, sells_more = np.int8(then > 0) - buys_else, np.int8(then < 0) - sells_else
    for i in range(holds.size):
        buys[i] += buys_else + buys_more * np.int8(holds[i])
        sells[i] += sells_else + sells_more * np.int8(holds[i])


@kernel
def _combine(combine, voters, buys, sells, chosen):
    if combine == MAJORITY:
        for i in range(chosen.size):
            holds = voters - buys[i] - sells[i]
            chosen[i] = np.int8(buys[i] > max(sells[i], holds)) - np.int8(sells[i] > max(buys[i], holds))
    elif combine == UNANIMOUS:
        for i in range(chosen.size):
            chosen[i] = np.int8(buys[i] == voters) - np.int8(sells[i] == voters)
    else:
        for i in range(chosen.size):
            chosen[i] = np.int8(buys[i] > sells[i]) - np.int8(sells[i] > buys[i])


@kernel
def _join(op, h, left, right):
    if op == Op.AND:
        for i in range(h.size):
            h[i] = left[i] & right[i]
    elif op == Op.OR:
        for i in range(h.size):
            h[i] = left[i] | right[i]
    else:
        for i in range(h.size):
            h[i] = left[i] ^ 1


@kernel
def _compare(op, h, x, y):
    if op == Op.GREATER:
        for i in range(h.size):
            h[i] = x[i] > y[i]
    elif op == Op.AT_LEAST:
        for i in range(h.size):
            h[i] = x[i] >= y[i]
    elif op == Op.EQUAL:
        for i in range(h.size):
            h[i] = x[i] == y[i]
    else:
        for i in range(h.size):
            h[i] = (x[i] < y[i]) | (x[i] > y[i])


@kernel
def _as_of(z, higher_rows, offset, last):
    for i in range(z.size):
        z[i] = higher_rows[offset + last[i]]


@kernel
def _arithmetic(op, z, x, y):  # noqa: C901 - a table that a compiler reads
    if op == Op.ADD:
        for i in range(z.size):
            z[i] = x[i] + y[i]
    elif op == Op.SUBTRACT:
        for i in range(z.size):
            z[i] = x[i] - y[i]
    elif op == Op.MULTIPLY:
        for i in range(z.size):
            z[i] = x[i] * y[i]
    elif op == Op.DIVIDE:
        for i in range(z.size):
            z[i] = x[i] / y[i] if y[i] != 0.0 else np.nan
    elif op == Op.HIGHER:
        for i in range(z.size):
            z[i] = higher(x[i], y[i]) + 0.0
    elif op == Op.LOWER:
        for i in range(z.size):
            z[i] = lower(x[i], y[i]) + 0.0
    elif op == Op.NEGATIVE:
        for i in range(z.size):
            z[i] = -x[i]
    else:
        for i in range(z.size):
            z[i] = abs(x[i])


@kernel
def _sum(z, rows, parts, bar, divisor):
    width, count = z.size, len(parts)
    p = parts[0, 0] + bar
    x = rows[p : p + width]
    if count == 1:
        for i in range(width):
            z[i] = x[i]
    else:
        q = parts[1, 0] + bar
        y = rows[q : q + width]
        if count == 2:
            for i in range(width):
                z[i] = x[i] + y[i]
        else:
            r = parts[2, 0] + bar
            w = rows[r : r + width]
            for i in range(width):
                z[i] = (x[i] + y[i]) + w[i]
            for part in range(3, count):
                r = parts[part, 0] + bar
                w = rows[r : r + width]
                for i in range(width):
                    z[i] += w[i]
    if divisor != 1.0:
        _divide(z, divisor)


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
def _deviation(z, rows, parts, bar, bars):
    width = z.size
    p, q = parts[0, 0] + bar, parts[1, 0] + bar
    total = rows[p : p + width].copy()
    z[:] = rows[q : q + width]
    gap = np.empty(width)
    count = parts[0, 1]
    for part in range(2, len(parts), 2):
        p, q = parts[part, 0] + bar, parts[part + 1, 0] + bar
        sums, m2, size = rows[p : p + width], rows[q : q + width], parts[part, 1]
        each, weight = 1.0 / size, float(count * size) / float(count + size)
        gap[:] = total
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
def _strength(z, gained, lost):
    for i in range(z.size):
        moved = gained[i] + lost[i]
        z[i] = (100.0 * gained[i] / moved if moved != 0.0 else 50.0) + 0.0


@kernel
def _clamp(z, x, least, lowest, most, highest):
    for i in range(z.size):
        at_least = higher(x[i], lower(least[i], lowest[i]))
        z[i] = lower(at_least, higher(most[i], highest[i])) + 0.0


@kernel
def _unless_flat(z, x, least, lowest, most, highest):
    for i in range(z.size):
        z[i] = 0.0 if lower(least[i], lowest[i]) == higher(most[i], highest[i]) else x[i]
