"""The tree of a genome: what the parser makes, the operators change and the evaluator reads.

Nodes are immutable values; two nodes are equal when they mean the same written thing. A node refuses
to be wrong at birth: an unknown name, a window out of range or too much depth is a `GenomeError`.
Every node knows its `size` (nodes as the limits count them) and `depth`, computed once from its
children, so that a hostile tree is refused while it is being built and no walk can recurse too deep; and
what decides how far it looks back, which is asked of every mutant, most of whose nodes are its parent's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from evotrade.errors import GenomeError
from evotrade.genome.functions import FUNCTIONS, SYMBOLS, TIMEFRAMES, WINDOWS
from evotrade.genome.limits import (
    MAX_DEPTH,
    MAX_LAG,
    MAX_NODES,
    MAX_WINDOW,
    TOO_DEEP,
    TOO_MANY_NODES,
    check_whole,
)

Action = Literal["BUY", "SELL", "HOLD"]
Arithmetic = Literal["+", "-", "*", "/", "HIGHER", "LOWER"]
Relation = Literal[">", "<", ">=", "<=", "==", "!="]

ACTIONS: tuple[Action, ...] = get_args(Action)
ARITHMETIC: tuple[Arithmetic, ...] = get_args(Arithmetic)
RELATIONS: tuple[Relation, ...] = get_args(Relation)


@dataclass(frozen=True, slots=True)
class Node:
    """What all nodes share."""

    size: int = field(init=False, compare=False, repr=False)
    depth: int = field(init=False, compare=False, repr=False)
    suffixes: tuple[str, ...] = field(init=False, compare=False, repr=False)
    """Timeframes that it or a node below it is written with, each once, in written order."""
    reach: int = field(init=False, compare=False, repr=False)
    """Earlier bars that its value needs, of those it stands on; with suffixes, `lookback` knows."""

    @property
    def children(self) -> tuple[Node, ...]:
        """Direct children, in written order."""
        return ()

    def with_children(self, *children: Node) -> Node:
        """The same node over other children of the same kinds."""
        return self

    def __post_init__(self) -> None:
        self._complete()

    def _complete(self, bars_back: int = 0, suffix: str | None = None) -> None:
        """Compute what follows from the children, for a node that itself looks `bars_back` bars back."""
        size = 1
        depth = reach = 0
        suffixes: tuple[str, ...] = () if suffix is None else (suffix,)
        for child in self.children:
            size += child.size
            depth = max(depth, child.depth)
            reach = max(reach, child.reach)
            if child.suffixes:
                suffixes = tuple(dict.fromkeys(suffixes + child.suffixes))
        if depth >= MAX_DEPTH:
            raise GenomeError(TOO_DEEP)
        if size > MAX_NODES:
            raise GenomeError(TOO_MANY_NODES)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "depth", depth + 1)
        object.__setattr__(self, "suffixes", suffixes)
        object.__setattr__(self, "reach", bars_back + reach)


class Expression(Node):
    """A node whose value is a number at every bar."""

    __slots__ = ()


class Condition(Node):
    """A node whose value is true or false at every bar."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A constant, finite and never negative: the minus before it is an operator."""

    value: float

    def __post_init__(self) -> None:
        # copysign: -0.0 would be printed with a minus and read back as an operator on 0
        if not math.isfinite(self.value) or math.copysign(1.0, self.value) < 0:
            raise GenomeError(f"a number must be finite and not negative, found {self.value!r}")
        self._complete()


@dataclass(frozen=True, slots=True)
class Symbol(Expression):
    """A column `lag` bars ago, on the bars of `timeframe` (`"4H"`; None: those it stands on)."""

    name: str
    lag: int = 0
    timeframe: str | None = None

    def __post_init__(self) -> None:
        _check_name("symbol", self.name, SYMBOLS)
        _check_timeframe(self.timeframe)
        check_whole("lag", self.lag, 0, MAX_LAG)
        self._complete(self.lag + SYMBOLS[self.name].lookback, self.timeframe)


@dataclass(frozen=True, slots=True)
class Window(Expression):
    """A function over the last `bars` bars of its argument (`LAG`: the argument `bars` bars ago).

    A `timeframe` applies to the whole argument: it is evaluated on the bars of that timeframe.
    """

    function: str
    argument: Expression
    bars: int
    timeframe: str | None = None

    def __post_init__(self) -> None:
        _check_name("function", self.function, WINDOWS)
        _check_timeframe(self.timeframe)
        check_whole("lag" if self.function == "LAG" else "window", self.bars, 1, MAX_WINDOW)
        self._complete(FUNCTIONS[self.function].lookback(self.bars), self.timeframe)

    @property
    def children(self) -> tuple[Node, ...]:
        """The argument."""
        return (self.argument,)

    def with_children(self, *children: Node) -> Window:
        """The same function over another argument."""
        (argument,) = children
        return Window(self.function, as_expression(argument), self.bars, self.timeframe)


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """`-` or `ABS` of one expression."""

    operator: Literal["-", "ABS"]
    operand: Expression

    @property
    def children(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)

    def with_children(self, *children: Node) -> Unary:
        """The same operator on another operand."""
        (operand,) = children
        return Unary(self.operator, as_expression(operand))


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """`+ - * /`, `HIGHER` or `LOWER` of two expressions."""

    operator: Arithmetic
    left: Expression
    right: Expression

    @property
    def children(self) -> tuple[Node, ...]:
        """Left and right."""
        return (self.left, self.right)

    def with_children(self, *children: Node) -> Binary:
        """The same operator on other operands."""
        left, right = children
        return Binary(self.operator, as_expression(left), as_expression(right))


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    """Two expressions compared; false wherever one of them is NaN."""

    operator: Relation
    left: Expression
    right: Expression

    @property
    def children(self) -> tuple[Node, ...]:
        """Left and right."""
        return (self.left, self.right)

    def with_children(self, *children: Node) -> Comparison:
        """The same comparison of other expressions."""
        left, right = children
        return Comparison(self.operator, as_expression(left), as_expression(right))


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The negation of a condition."""

    operand: Condition

    @property
    def children(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)

    def with_children(self, *children: Node) -> Not:
        """The negation of another condition."""
        (operand,) = children
        return Not(as_condition(operand))


@dataclass(frozen=True, slots=True)
class Logical(Condition):
    """`AND` or `OR` of two conditions."""

    operator: Literal["AND", "OR"]
    left: Condition
    right: Condition

    @property
    def children(self) -> tuple[Node, ...]:
        """Left and right."""
        return (self.left, self.right)

    def with_children(self, *children: Node) -> Logical:
        """The same operator on other conditions."""
        left, right = children
        return Logical(self.operator, as_condition(left), as_condition(right))


@dataclass(frozen=True, slots=True)
class Rule:
    """`IF condition THEN then ELSE otherwise`; a missing ELSE is HOLD."""

    condition: Condition
    then: Action
    otherwise: Action = "HOLD"


def as_expression(node: Node) -> Expression:
    """`node`, which must be an expression; `GenomeError` where it is a condition."""
    if isinstance(node, Expression):
        return node
    raise GenomeError(f"expected an expression, found {type(node).__name__}")


def as_condition(node: Node) -> Condition:
    """`node`, which must be a condition; `GenomeError` where it is an expression."""
    if isinstance(node, Condition):
        return node
    raise GenomeError(f"expected a condition, found {type(node).__name__}")


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, parents before children, in written order."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if node.size > 1:
            waiting.extend(reversed(node.children))


def _check_name(what: str, name: str, known: object) -> None:
    if name not in known:  # type: ignore[operator]
        raise GenomeError(f"unknown {what} {name!r}")


def _check_timeframe(timeframe: str | None) -> None:
    if timeframe is not None and timeframe not in TIMEFRAMES:
        raise GenomeError(f"unknown timeframe {timeframe!r}")
