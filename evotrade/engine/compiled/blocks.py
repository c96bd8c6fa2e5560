"""Programs run block by block: all instructions of all genomes on some hundred bars, then on the next ones.

Every loop does, bar by bar, the very operations of `windows.py` and `evaluator.py` in their order; without
`fastmath`, nothing is reassociated or contracted, so that the numbers are the same to the last bit.
"""

from __future__ import annotations

import numpy as np

from evotrade.engine.compiled.elements import clear, higher, lower
from evotrade.engine.compiled.ema import fill_ema
from evotrade.engine.compiled.jit import kernel
from evotrade.engine.compiled.rows import fill_rows, guard_rows, make_rows, move_rows
from evotrade.engine.compiled.windows import clamp, fill_deviation, fill_strength, fill_sum, unless_flat
from evotrade.engine.opcodes import A_ROW, B_ROW, COUNT, FIRST, MAJORITY, OP, TO, UNANIMOUS, A, B, Op


@kernel
def run_program(code, steps, lookbacks, reach, tables, first, block, room, decisions, at, bars):
    """Fill `decisions` (genomes, …) from column `at` on, for `bars` bars from bar `first` of the series on.

    `tables` is (values, their rows, series of higher bars, last of these) as in `tables.Rows`, `code`
    (instructions, numbers, pieces) of a program. `room` is for registers and flags, `block` places each, for
    the levels of the longest EMA, and for rows of `length` bars each: they hold a stretch of the series, at
    least a block and the `reach` bars that it looks back on, and move on with the blocks, so that they are
    still near the processor when they are read. Decisions before a lookback are 0.
    """
    values, places, higher_rows, last = tables
    registers, flags, levels, rows, length = room
    begin, made, ballots = max(0, first - reach), 0, np.zeros((2, block), np.uint8)
    guard_rows(rows, length)
    for start in range(0, bars, block):
        width, bar = min(block, bars - start), first + start
        if bar + width - begin > length:
            move_rows(rows, length, bar - reach - begin, made)
            begin, made = bar - reach, reach
        end = bar + width - begin
        fill_rows(values, places, rows, length, begin, made, end)
        make_rows(steps, rows, length, made, end)
        made = end
        chosen, ended = decisions[:, at + start : at + start + width], last[:, bar : bar + width]
        spaces = registers, flags, levels, rows
        _execute(code, spaces, bar - begin, block, higher_rows, ended, ballots[:, :width], chosen)
        for genome in range(len(chosen)):
            chosen[genome, : max(0, min(width, lookbacks[genome] - bar))] = 0


@kernel
def _execute(code, room, bar, block, higher_rows, ended, ballots, chosen):
    """Run all instructions on the block that begins at `bar` of the rows."""
    instructions, numbers, pieces = code
    registers, flags, levels, rows = room
    buys, sells, width = ballots[0], ballots[1], chosen.shape[1]
    for number in range(len(instructions)):
        op, to = instructions[number, OP], instructions[number, TO]
        a, b = instructions[number, A], instructions[number, B]
        first, count = instructions[number, FIRST], instructions[number, COUNT]
        if op >= Op.AND:
            left = flags[a * block : a * block + width]
            if op == Op.CHOOSE:
                _choose(left, np.int8(first), np.int8(count), chosen[to])
            elif op == Op.VOTE:
                _vote(left, first, count, buys, sells)
            elif op == Op.DECIDE:
                _combine(count, first, buys, sells, chosen[to])
                clear(buys)
                clear(sells)
            else:
                _join(op, flags[to * block : to * block + width], left, flags[b * block : b * block + width])
            continue
        in_row, place = instructions[number, A_ROW], a * block
        x = rows[a + bar : a + bar + width] if in_row else registers[place : place + width]
        in_row, place = instructions[number, B_ROW], b * block
        y = rows[b + bar : b + bar + width] if in_row else registers[place : place + width]
        to *= block
        if op >= Op.GREATER:
            _compare(op, flags[to : to + width], x, y)
            continue
        parts, z = pieces[first : first + count], registers[to : to + width]
        if op == Op.AS_OF:
            _as_of(z, higher_rows, parts[0, 0], ended[-1 - parts[0, 1]])
        elif op == Op.EMA:
            fill_ema(z, rows, parts, bar, int(numbers[number]), levels)
        else:
            _compute(op, z, x, y, rows, parts, bar, numbers[number])


@kernel
def _choose(holds, then, otherwise, chosen):
    for i in range(holds.size):
        chosen[i] = then if holds[i] else otherwise


@kernel
def _compute(op, z, x, y, rows, parts, bar, number):
    if op == Op.SUM:
        fill_sum(z, rows, parts, bar, number)
    elif op == Op.NUMBER:
        z[:] = number
    elif op == Op.STD:
        fill_deviation(z, rows, parts, bar, number)
    elif op == Op.RSI:
        fill_strength(z, x, y)
    elif op == Op.CLAMP or op == Op.UNLESS_FLAT:
        width = z.size
        p, q, r, s = parts[0, 0] + bar, parts[1, 0] + bar, parts[2, 0] + bar, parts[3, 0] + bar
        least, lowest = rows[p : p + width], rows[q : q + width]
        most, highest = rows[r : r + width], rows[s : s + width]
        if op == Op.CLAMP:
            clamp(z, x, least, lowest, most, highest)
        else:
            unless_flat(z, x, least, lowest, most, highest)
    else:
        _arithmetic(op, z, x, y)


@kernel
def _vote(holds, then, otherwise, buys, sells):
    _count(holds, then == 1, otherwise == 1, buys)
    _count(holds, then == -1, otherwise == -1, sells)


@kernel
def _count(holds, where_true, where_false, ballots):
    """Add a vote where the condition holds, where it does not, or everywhere."""
    if where_true and where_false:
        for i in range(holds.size):
            ballots[i] = np.uint8(ballots[i] + 1)
    elif where_true:
        for i in range(holds.size):
            ballots[i] = np.uint8(ballots[i] + holds[i])
    elif where_false:
        for i in range(holds.size):
            ballots[i] = np.uint8(ballots[i] + (holds[i] ^ 1))


@kernel
def _combine(combine, voters, buys, sells, chosen):
    buy, sell, hold = np.int8(1), np.int8(-1), np.int8(0)  # chosen by comparison: that runs 32 bars at once
    if combine == MAJORITY:
        for i in range(chosen.size):
            holds = voters - buys[i] - sells[i]
            bought, sold = buys[i] > max(sells[i], holds), sells[i] > max(buys[i], holds)
            chosen[i] = buy if bought else (sell if sold else hold)
    elif combine == UNANIMOUS:
        for i in range(chosen.size):
            chosen[i] = buy if buys[i] == voters else (sell if sells[i] == voters else hold)
    else:
        for i in range(chosen.size):
            chosen[i] = buy if buys[i] > sells[i] else (sell if sells[i] > buys[i] else hold)


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
