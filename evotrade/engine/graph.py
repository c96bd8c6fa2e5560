"""Hash-consing: the expressions and conditions of many genomes as one graph, each value in it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from evotrade.engine.opcodes import Make, Op
from evotrade.engine.windows import pieces
from evotrade.errors import GenomeError
from evotrade.genome.tree import (
    Binary,
    Comparison,
    Condition,
    Expression,
    Logical,
    Node,
    Not,
    Number,
    Symbol,
    Unary,
    Window,
)

Source = str | Expression
"""A series on base bars: a symbol by name, or an expression whose value is needed as a whole."""


HIGHER_BARS = "higher bars"

MovesWithin = Callable[[str, int], bool]
"""Whether a symbol moves within every window of so many bars."""


class Row(NamedTuple):
    """What a row of the tables holds: a table of `windows.Series` over a source, at a level.

    The table `HIGHER_BARS` is the value of a node with a suffix, at each of the suffix's own bars.
    """

    source: Source
    table: str
    level: int


class View(NamedTuple):
    """A value that stands in a row, `ago` bars earlier: nothing has to be computed."""

    row: int
    ago: int


class Value(NamedTuple):
    """An operation on other values of the graph, by number, and on pieces of rows (row, bars ago, size)."""

    op: Op
    operands: tuple[int, ...] = ()
    pieces: tuple[tuple[int, int, int], ...] = ()
    number: float = 0.0


_BINARY = {
    "+": Op.ADD,
    "-": Op.SUBTRACT,
    "*": Op.MULTIPLY,
    "/": Op.DIVIDE,
    "HIGHER": Op.HIGHER,
    "LOWER": Op.LOWER,
}
_UNARY = {"-": Op.NEGATIVE, "ABS": Op.MAGNITUDE}
_COMPARISONS = {
    ">": (Op.GREATER, False),
    "<": (Op.GREATER, True),  # a < b is b > a, with NaN too
    ">=": (Op.AT_LEAST, False),
    "<=": (Op.AT_LEAST, True),
    "==": (Op.EQUAL, False),
    "!=": (Op.UNEQUAL, False),
}
_JOINS = {"maxima": Make.MAXIMUM, "minima": Make.MINIMUM}
_COMMUTES = {Op.ADD, Op.MULTIPLY, Op.HIGHER, Op.LOWER, Op.EQUAL, Op.UNEQUAL, Op.AND, Op.OR}


class Graph:
    """Values in an order in which each comes after those that it is made of.

    Where a symbol `moves_within` every window of so many bars (`flatness.py`), a mean over them needs no
    clamp, and a deviation no look for flatness.
    `frames` are the suffixes in use, `steps` say how rows are made: `Make`, the row, two rows that it is
    made of, and half its window.
    `uses[number]` counts the values that read a value.
    """

    def __init__(self, timeframe: str, moves_within: MovesWithin) -> None:
        self.values: list[Value | View] = []
        self.uses: list[int] = []
        self.rows: list[Row] = []
        self._numbers: dict[Value | View, int] = {}
        self._row_numbers: dict[Row, int] = {}
        self.frames: list[str] = []
        self.steps: list[tuple[int, int, int, int, int]] = []
        self._windows: dict[tuple[str, Source, int, int], int] = {}
        self._base_suffix = timeframe.upper()
        self._moves_within = moves_within

    def condition(self, node: Condition) -> int:
        """The number of a condition's value."""
        match node:
            case Comparison(operator=operator, left=left, right=right):
                op, mirrored = _COMPARISONS[operator]
                sides = self.expression(left), self.expression(right)
                return self._value(op, *(reversed(sides) if mirrored else sides))
            case Logical(operator=operator, left=left, right=right):
                return self._value(Op[operator], self.condition(left), self.condition(right))
            case Not(operand=operand):
                return self._value(Op.NOT, self.condition(operand))
        raise GenomeError(f"{type(node).__name__} is no condition: compare two expressions")

    def expression(self, node: Node) -> int:
        """The number of an expression's value on base bars."""
        match node:
            case Number(value=number):
                return self._intern(Value(Op.NUMBER, number=number))
            case Symbol() | Window() if node.timeframe not in (None, self._base_suffix):
                row = self._row(node, HIGHER_BARS, 0)
                return self._intern(Value(Op.AS_OF, pieces=((row, 0, self._frame(node.timeframe)),)))
            case Symbol(name=name, lag=lag):
                return self._view(name, "values", lag)
            case Window(function=function, argument=argument, bars=bars):
                window = (function, *self._source(argument), bars)
                if window not in self._windows:
                    self._windows[window] = self._window(*window)
                return self._windows[window]
            case Unary(operator=sign, operand=operand):
                return self._value(_UNARY[sign], self.expression(operand))
            case Binary(operator=operator, left=left, right=right):
                return self._value(_BINARY[operator], self.expression(left), self.expression(right))
        raise GenomeError(f"{type(node).__name__} is no expression")

    def _source(self, node: Expression) -> tuple[Source, int]:
        """The series under a window's argument, and how many bars ago it is read."""
        match node:
            case Symbol(name=name, lag=lag, timeframe=None):
                return name, lag
            case Symbol(timeframe=self._base_suffix) | Window(timeframe=self._base_suffix):
                return self._source(replace(node, timeframe=None))
            case Window(function="LAG", argument=argument, bars=bars, timeframe=None):
                source, ago = self._source(argument)
                return source, ago + bars
        return node, 0

    def _window(self, function: str, source: Source, ago: int, bars: int) -> int:
        match function:
            case "LAG":
                return self._view(source, "values", ago + bars)
            case "EMA":
                values = (self._row(source, "values", 0), ago, 1)
                pieces = (values, *self._bounds(source, ago, 4 * bars))
                return self._intern(Value(Op.EMA, pieces=pieces, number=bars))
            case "SUM":
                return self._sum(source, "sums", ago, bars)
            case "AVG":
                mean = self._sum(source, "sums", ago, bars, divisor=bars)
                return mean if self._has_slope(source, bars) else self._clamped(mean, source, ago, bars)
            case "MAX":
                return self._value(Op.HIGHER, *self._extremes(source, "maxima", ago, bars))
            case "MIN":
                return self._value(Op.LOWER, *self._extremes(source, "minima", ago, bars))
            case "STD":
                return self._deviation(source, ago, bars)
            case "RSI":
                gains, losses = (self._sum(source, f"{name}.sums", ago, bars) for name in ("gains", "losses"))
                return self._value(Op.RSI, gains, losses)
        raise GenomeError(f"no instruction computes {function}")

    def _sum(self, source: Source, table: str, ago: int, bars: int, divisor: int = 1) -> int:
        parts = tuple(
            (self._row(source, table, level), ago + offset, 1 << level) for level, offset in pieces(bars)
        )
        if len(parts) == 1 and divisor == 1:
            return self._intern(View(*parts[0][:2]))
        return self._intern(Value(Op.SUM, pieces=parts, number=divisor))

    def _deviation(self, source: Source, ago: int, bars: int) -> int:
        parts = tuple(
            (self._row(source, table, level), ago + offset, 1 << level)
            for level, offset in pieces(bars)
            for table in ("sums", "m2")
        )
        deviation = self._intern(Value(Op.STD, pieces=parts, number=bars))
        if self._has_slope(source, bars):
            return deviation
        return self._value(Op.UNLESS_FLAT, deviation, pieces=self._bounds(source, ago, bars))

    def _clamped(self, value: int, source: Source, ago: int, bars: int) -> int:
        return self._value(Op.CLAMP, value, pieces=self._bounds(source, ago, bars))

    def _bounds(self, source: Source, ago: int, bars: int) -> tuple[tuple[int, int, int], ...]:
        """The two pieces whose lower one is the window's minimum, and the two for its maximum."""
        level = bars.bit_length() - 1
        return tuple(
            (self._row(source, table, level), ago + offset, 1 << level)
            for table in ("minima", "maxima")
            for offset in (0, bars - (1 << level))
        )

    def _extremes(self, source: Source, table: str, ago: int, bars: int) -> tuple[int, int]:
        """MAX and MIN are of two overlapping pieces."""
        level = bars.bit_length() - 1
        newer, older = (self._row_view(source, table, level, ago + off) for off in (0, bars - (1 << level)))
        return newer, older

    def _has_slope(self, source: Source, bars: int) -> bool:
        return isinstance(source, str) and self._moves_within(source, bars)

    def _frame(self, suffix: str) -> int:
        """The number of a suffix's bars, counted down from -1: no piece of base bars has such a size."""
        if suffix not in self.frames:
            self.frames.append(suffix)
        return -1 - self.frames.index(suffix)

    def _view(self, source: Source, table: str, ago: int) -> int:
        return self._row_view(source, table, 0, ago)

    def _row_view(self, source: Source, table: str, level: int, ago: int) -> int:
        return self._intern(View(self._row(source, table, level), ago))

    def _row(self, source: Source, table: str, level: int) -> int:
        """The number of a row, which comes after those that it is made of."""
        if level == 0 and table in ("sums", "minima", "maxima"):
            table = "values"  # a window of one bar is the bar
        elif level == 0 and table in ("gains.sums", "losses.sums"):
            table = table.removesuffix(".sums")
        row = Row(source, table, level)
        number = self._row_numbers.get(row)
        if number is None:
            made_of = self._made_of(row)
            number = self._row_numbers[row] = len(self.rows)
            self.rows.append(row)
            if made_of:
                make, first, second = made_of
                self.steps.append((make, number, first, second, 1 << level >> 1))
        return number

    def _made_of(self, row: Row) -> tuple[Make, int, int] | None:
        """How a row is made, and of which two rows; None for one that comes from outside."""
        source, table, level = row
        if table in ("values", HIGHER_BARS):
            return None
        if table in ("gains", "losses"):
            values = self._row(source, "values", 0)
            return Make.GAIN if table == "gains" else Make.LOSS, values, values
        if table == "m2":
            sums = self._row(source, "sums", max(0, level - 1))
            if level == 0:
                return Make.NO_DEVIATION, sums, sums
            return Make.DEVIATION, sums, self._row(source, "m2", level - 1)
        below = self._row(source, table, level - 1)
        return _JOINS.get(table, Make.ADD), below, below

    def _value(self, op: Op, *operands: int, pieces: tuple[tuple[int, int, int], ...] = ()) -> int:
        if op in _COMMUTES:
            operands = tuple(sorted(operands))
        return self._intern(Value(op, operands, pieces))

    def _intern(self, value: Value | View) -> int:
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
            self.uses.append(0)
            for operand in value.operands if isinstance(value, Value) else ():
                self.uses[operand] += 1
        return number
