"""Programs run by NumPy, for where nothing is compiled: long blocks of bars, one call an instruction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from evotrade.engine.opcodes import FIRST_FLAG, MAJORITY, UNANIMOUS, Make, Op
from evotrade.engine.program import GUARD, Ints, Program, bind
from evotrade.engine.tables import Rows
from evotrade.engine.windows import Floats, Series, window_ema

Decisions = npt.NDArray[np.int8]
Piece = list[int]


def run_program(
    program: Program, rows: Rows, base: Floats, first: int, width: int, decisions: Decisions
) -> None:
    """Fill `decisions` (genomes, bars) for the bars of the rows from `first` on, `width` bars at a time.

    `base` are the rows as `make_rows` left them.
    """
    code, pieces = bind(program, rows.bars, rows.offsets)
    machine = _Machine(program, pieces.tolist(), rows, base.reshape(-1), width)
    instructions = list(zip(code.tolist(), program.numbers.tolist(), strict=True))
    lookbacks = program.lookbacks - first
    bars = decisions.shape[1]
    with np.errstate(all="ignore"):
        for start in range(0, bars, width):
            chosen = decisions[:, start : start + width]
            machine.move(first + start, chosen)
            machine.execute(instructions)
            for row, undecided in zip(chosen, np.maximum(lookbacks - start, 0), strict=True):
                row[:undecided] = 0


def make_rows(steps: Ints, rows: Rows, table: Floats) -> None:
    """Fill the `table` (GUARD + rows, bars): with the rows from outside, and what the steps make of them."""
    bars = rows.bars
    table[:GUARD] = np.nan
    for place, values in zip(rows.places, rows.values, strict=True):
        table[GUARD + place] = values
    scratch = np.empty(bars)
    with np.errstate(all="ignore"):
        for make, number, first, second, half in steps.tolist():
            half = 1 if make in (Make.GAIN, Make.LOSS) else half
            source, out = table[GUARD + first], table[GUARD + number]
            out[:half] = np.nan
            newer, older, z = source[half:], source[: max(0, bars - half)], out[half:]
            if make in _JOINS:
                _JOINS[make](newer, older, out=z)
            elif make == Make.NO_DEVIATION:
                np.copyto(z, np.where(np.isnan(newer), np.nan, 0.0))
            elif make == Make.DEVIATION:
                m2, both = table[GUARD + second], scratch[: len(z)]
                np.subtract(newer, older, out=z)
                z *= z
                z *= 1 / (2 * half)
                z += np.add(m2[half:], m2[: max(0, bars - half)], out=both)
            else:
                np.subtract(newer, older, out=z)
                z *= 1.0 if make == Make.GAIN else -1.0
                np.maximum(z, 0.0, out=z)


class _Machine:
    """The registers of a program at one block of bars."""

    def __init__(self, program: Program, pieces: list[Piece], rows: Rows, base: Floats, width: int) -> None:
        self._rows, self._pieces = base, pieces
        self._higher, self._last = rows.higher, rows.last
        self._registers = np.empty((program.registers, width))
        self._flags = np.empty((program.flags, width), np.bool_)
        self._scratch = np.empty((3, width))
        self._buys, self._sells = np.zeros(width, np.int8), np.zeros(width, np.int8)

    def move(self, bar: int, chosen: Decisions) -> None:
        """Go to the block of bars that begins at `bar` of the rows; (genomes, bars) are decided there."""
        width = chosen.shape[1]
        self._bar, self._width, self._chosen = bar, width, chosen
        self._numbers = [register[:width] for register in self._registers]
        self._truths = [flag[:width] for flag in self._flags]
        self._spare = [spare[:width] for spare in self._scratch]
        self._ballots = self._buys[:width], self._sells[:width]

    def execute(self, instructions: list[tuple[list[int], float]]) -> None:
        """Run instructions in order."""
        for (op, to, a, a_row, b, b_row, first, count), number in instructions:
            if op == Op.DECIDE:
                self._decide(first, count, self._chosen[to])
            elif op == Op.VOTE:
                self._vote(self._truths[a], first, count)
            elif op == Op.CHOOSE:
                np.multiply(self._truths[a], np.int8(first - count), out=self._chosen[to])
                self._chosen[to] += np.int8(count)
            elif op >= Op.AND:
                _LOGIC[op](self._truths[a], self._truths[b], self._truths[to])
            else:
                x = self._row(a) if a_row else self._numbers[a] if self._numbers else self._rows
                y = self._row(b) if b_row else self._numbers[b] if self._numbers else self._rows
                if op >= FIRST_FLAG:
                    _COMPARE[op](x, y, self._truths[to])
                elif op in _ARITHMETIC:
                    _ARITHMETIC[op](x, y, self._numbers[to])
                else:
                    self._window(op, x, self._pieces[first : first + count], number, self._numbers[to])

    def _decide(self, voters: int, combine: int, chosen: Decisions) -> None:
        """What the votes since the last decision make of it."""
        buys, sells = self._ballots
        if combine == MAJORITY:
            holds = voters - buys - sells
            np.subtract(
                buys > np.maximum(sells, holds), sells > np.maximum(buys, holds), out=chosen, dtype=np.int8
            )
        elif combine == UNANIMOUS:
            np.subtract(buys == voters, sells == voters, out=chosen, dtype=np.int8)
        else:
            np.subtract(buys, sells, out=chosen)
            np.sign(chosen, out=chosen)
        buys[:] = sells[:] = 0

    def _row(self, offset: int) -> Floats:
        return self._rows[offset + self._bar : offset + self._bar + self._width]

    def _vote(self, holds: npt.NDArray[np.bool_], then: int, otherwise: int) -> None:
        for ballot, action in zip(self._ballots, (1, -1), strict=True):
            more = int(then == action) - int(otherwise == action)
            if more:
                (np.add if more > 0 else np.subtract)(ballot, holds, out=ballot)
            if otherwise == action:
                ballot += 1

    def _window(self, op: int, x: Floats, pieces: list[Piece], number: float, out: Floats) -> None:
        if op == Op.NUMBER:
            out[:] = number
        elif op == Op.SUM:
            self._sum(pieces, number, out)
        elif op == Op.STD:
            self._deviation(pieces, number, out)
        elif op == Op.EMA:
            offset, memory = pieces[0][0] + self._bar, 4 * int(number)
            remembered = Series(self._rows[offset - memory + 1 : offset + self._width])
            out[:] = window_ema(remembered, int(number))[memory - 1 :]
        elif op == Op.AS_OF:
            (offset, frame), bar = pieces[0], self._bar
            np.take(self._higher, self._last[-1 - frame, bar : bar + self._width] + offset, out=out)
        else:
            least, most = self._spare[:2]
            lower, lowest, higher, highest = (self._row(offset) for offset, _ in pieces)
            np.minimum(lower, lowest, out=least)
            np.maximum(higher, highest, out=most)
            if op == Op.CLAMP:
                np.maximum(x, least, out=out)
                np.minimum(out, most, out=out)
                out += 0.0
            else:
                out[:] = x
                out[least == most] = 0.0

    def _sum(self, pieces: list[Piece], divisor: float, out: Floats) -> None:
        if len(pieces) == 1:
            out[:] = self._row(pieces[0][0])
        else:
            np.add(self._row(pieces[0][0]), self._row(pieces[1][0]), out=out)
        for offset, _ in pieces[2:]:
            out += self._row(offset)
        if divisor != 1.0:
            out /= divisor

    def _deviation(self, pieces: list[Piece], bars: float, out: Floats) -> None:
        """As `windows.window_std` merges pieces."""
        total, gap, mean = self._spare
        (first, count), (deviations, _), *rest = pieces
        total[:] = self._row(first)
        out[:] = self._row(deviations)
        for (sums, size), (m2, _) in zip(rest[::2], rest[1::2], strict=True):
            np.divide(self._row(sums), size, out=gap)
            np.divide(total, count, out=mean)
            gap -= mean
            gap *= gap
            gap *= count * size / (count + size)
            out += self._row(m2)
            out += gap
            total += self._row(sums)
            count += size
        out /= bars
        np.sqrt(out, out=out)


def _divide(x: Floats, y: Floats, out: Floats) -> None:
    np.divide(x, y, out=out)
    out[y == 0.0] = np.nan


def _unsigned(extreme: np.ufunc) -> Callable[[Floats, Floats, Floats], None]:
    def apply(x: Floats, y: Floats, out: Floats) -> None:
        extreme(x, y, out=out)
        out += 0.0

    return apply


def _strength(gained: Floats, lost: Floats, out: Floats) -> None:
    moved = gained + lost
    np.multiply(gained, 100.0, out=out)
    out /= moved
    out[moved == 0.0] = 50.0
    out += 0.0


def _unequal(x: Floats, y: Floats, out: npt.NDArray[np.bool_]) -> None:
    np.not_equal(x, y, out=out)
    out &= ~(np.isnan(x) | np.isnan(y))


_JOINS: dict[int, np.ufunc] = {Make.ADD: np.add, Make.MAXIMUM: np.maximum, Make.MINIMUM: np.minimum}
_ARITHMETIC: dict[int, Callable[[Floats, Floats, Floats], object]] = {
    Op.NEGATIVE: lambda x, _, out: np.negative(x, out=out),
    Op.MAGNITUDE: lambda x, _, out: np.absolute(x, out=out),
    Op.ADD: np.add,
    Op.SUBTRACT: np.subtract,
    Op.MULTIPLY: np.multiply,
    Op.DIVIDE: _divide,
    Op.HIGHER: _unsigned(np.maximum),
    Op.LOWER: _unsigned(np.minimum),
    Op.RSI: _strength,
}
_COMPARE: dict[int, Callable[..., object]] = {
    Op.GREATER: np.greater,
    Op.AT_LEAST: np.greater_equal,
    Op.EQUAL: np.equal,
    Op.UNEQUAL: _unequal,
}
_LOGIC: dict[int, Callable[..., object]] = {
    Op.AND: np.logical_and,
    Op.OR: np.logical_or,
    Op.NOT: lambda x, _, out: np.logical_not(x, out),
}
