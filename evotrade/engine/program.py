"""Compiler: a population of genomes becomes one program over blocks of bars.

Equal subtrees become one value (hash-consing), a value that several places read is computed once a block,
and what is only a place in a table (a lag, LAG, SUM over 2^k bars) costs no instruction.
A program names the rows that it reads by what they hold (`Row`) and says how they are made: `tables.py` fills
them, and `bind` turns numbers into offsets. It knows no data but how flat the columns are.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evotrade.engine.evaluator import VOTES
from evotrade.engine.graph import Graph, MovesWithin, Row, Value, View
from evotrade.engine.opcodes import A_ROW, B_ROW, COMBINES, COUNT, FIRST_FLAG, A, B, Op
from evotrade.errors import SettingsError
from evotrade.genome import Genome
from evotrade.genome.tree import Rule

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


GUARD = 1
"""Rows before the first one: a read before a row's first bar, whose value nobody uses, ends there."""

Place = tuple[int, int]
"""An operand as an instruction has it: a register and 0, or a place in a row, and which row."""

_REGISTER = 0
_NO_OPERAND = (0, _REGISTER)


@dataclass(frozen=True, eq=False)
class Program:
    """Block bytecode of some genomes, in their order.

    `code` (m, 8) has the columns of `opcodes.py`, `pieces` (k, 3) are row, bars ago and size; -1, -2, … as
    the size is a series of higher bars, by its place in `frames`. `numbers` (m,) are constants and divisors.
    Instructions for the registers that several places read come first, then one genome after the other.
    `rows` says what a row holds and `steps` (s, 5), as `Graph` has them, how those are made that don't come
    from outside. `memory` are the bars that the longest EMA remembers.
    """

    code: Ints
    numbers: Floats
    pieces: Ints
    lookbacks: Ints
    rows: tuple[Row, ...]
    steps: Ints
    frames: tuple[str, ...]
    memory: int
    registers: int
    flags: int

    def __len__(self) -> int:
        return len(self.lookbacks)

    @property
    def outside(self) -> Ints:
        """The numbers of rows that come from outside, base bars all."""
        return np.array([number for number, row in enumerate(self.rows) if row.table == "values"], np.int64)

    @property
    def reach(self) -> int:
        """How many bars its decisions look back on."""
        return int(self.lookbacks.max(initial=0))


def compile_population(
    genomes: Sequence[Genome],
    lookbacks: Ints,
    timeframe: str,
    moves_within: MovesWithin,
    combines: Sequence[str],
) -> Program:
    """The program of genomes whose suffixes fit; `moves_within` as in `Graph`, the others one a genome.

    Raises `SettingsError` for an unknown way to combine rules.
    """
    unknown = set(combines) - COMBINES.keys()
    if unknown:
        raise SettingsError(f"unknown combine {min(unknown)!r}: use one of {', '.join(COMBINES)}")
    graph = Graph(timeframe, moves_within)
    voters = [
        genome.rules[:1] if combine == "first" else genome.rules
        for genome, combine in zip(genomes, combines, strict=True)
    ]
    conditions = [[graph.condition(rule.condition) for rule in rules] for rules in voters]
    for number in (number for numbers in conditions for number in numbers):
        graph.uses[number] += 1
    emitter = _Emitter(graph)
    for rules, numbers, combine in zip(voters, conditions, combines, strict=True):
        emitter.genome(rules, numbers, combine)
    return emitter.program(lookbacks)


class _Emitter:
    """Writes instructions; registers that several places read come first, those of the moment after them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.code = array("q")
        self.numbers = array("d")
        self.pieces: list[tuple[int, int, int]] = []
        self.genomes = 0
        self._is_flag = [isinstance(value, Value) and value.op >= FIRST_FLAG for value in graph.values]
        shared = [number for number, uses in enumerate(graph.uses) if uses > 1 and self._is_computed(number)]
        self.kept: dict[int, int] = {}
        kept = [0, 0]
        for number in shared:
            self.kept[number] = kept[self._is_flag[number]]
            kept[self._is_flag[number]] += 1
        self.registers, self.flags = map(_Registers, kept)
        for number in shared:
            self._compute(number, self.kept[number])

    def genome(self, rules: Sequence[Rule], conditions: Sequence[int], combine: str) -> None:
        """Append one genome: its conditions, their votes, the decision."""
        number = self.genomes
        for rule, condition in zip(rules, conditions, strict=True):
            flag = self._operand(condition)
            votes = VOTES[rule.then], VOTES[rule.otherwise]
            self._emit(Op.VOTE if len(rules) > 1 else Op.CHOOSE, number, [flag], *votes)
            self._release(condition, flag)
        if len(rules) > 1:
            self._emit(Op.DECIDE, number, [], len(rules), COMBINES[combine])
        self.genomes += 1

    def program(self, lookbacks: Ints) -> Program:
        """All that was appended."""
        return Program(
            code=np.array(self.code, dtype=np.int64).reshape(-1, COUNT + 1),
            numbers=np.array(self.numbers, dtype=np.float64),
            pieces=np.array(self.pieces, dtype=np.int64).reshape(-1, 3),
            lookbacks=lookbacks,
            rows=tuple(self.graph.rows),
            steps=np.array(self.graph.steps, dtype=np.int64).reshape(-1, 5),
            frames=tuple(self.graph.frames),
            memory=self._memory(),
            registers=self.registers.count,
            flags=self.flags.count,
        )

    def _memory(self) -> int:
        """Bars that the longest EMA remembers."""
        emas = (
            value.number for value in self.graph.values if isinstance(value, Value) and value.op == Op.EMA
        )
        return 4 * int(max(emas, default=0))

    def _is_computed(self, number: int) -> bool:
        value = self.graph.values[number]
        return isinstance(value, Value) and value.op != Op.NUMBER

    def _operand(self, number: int) -> Place:
        """Where a value is: in a row, or in a register, computed now unless it is kept."""
        value = self.graph.values[number]
        if isinstance(value, View):
            return -value.ago, GUARD + value.row
        kept = self.kept.get(number)
        return (self._compute(number, None) if kept is None else kept), _REGISTER

    def _compute(self, number: int, to: int | None) -> int:
        value = self.graph.values[number]
        assert isinstance(value, Value)  # a view is never computed
        operands = [self._operand(operand) for operand in value.operands]
        if to is None:  # taken while the operands are still held: a loop over one array in place is not quick
            to = (self.flags if self._is_flag[number] else self.registers).take()
        first = len(self.pieces)
        self.pieces.extend(value.pieces)
        self._emit(value.op, to, operands, first, len(value.pieces), value.number)
        for operand, place in zip(value.operands, operands, strict=True):
            self._release(operand, place)
        return to

    def _release(self, number: int, place: Place) -> None:
        if place[1] == _REGISTER and number not in self.kept:
            (self.flags if self._is_flag[number] else self.registers).give_back(place[0])

    def _emit(
        self, op: Op, to: int, operands: Sequence[Place], first: int, count: int, number: float = 0.0
    ) -> None:
        left = operands[0] if operands else _NO_OPERAND
        right = operands[1] if len(operands) > 1 else _NO_OPERAND
        self.code.extend((op, to, *left, *right, first, count))
        self.numbers.append(number)


class _Registers:
    """Numbers of registers from `kept` on, the lowest free one first."""

    def __init__(self, kept: int) -> None:
        self.count = kept
        self._free: list[int] = []

    def take(self) -> int:
        if self._free:
            return self._free.pop()
        self.count += 1
        return self.count - 1

    def give_back(self, register: int) -> None:
        self._free.append(register)


def bind(program: Program, bars: int, higher: Sequence[int]) -> tuple[Ints, Ints]:
    """`code` and `pieces` (k, 2: offset, size) with offsets into rows of `bars` bars each, guarded.

    Those of higher bars are `higher` by row.
    """
    code, pieces = program.code.copy(), program.pieces
    code[:, A] += code[:, A_ROW] * bars
    code[:, B] += code[:, B_ROW] * bars
    bound = np.empty((len(pieces), 2), dtype=np.int64)
    bound[:, 0] = (GUARD + pieces[:, 0]) * bars - pieces[:, 1]
    bound[:, 1] = pieces[:, 2]
    if program.frames:
        bound[:, 0] = np.where(pieces[:, 2] < 0, np.array(higher)[pieces[:, 0]], bound[:, 0])
    return code, bound
