"""The tree of a genome: what the parser makes, the operators change and the evaluator reads.

Nodes are immutable values; two nodes are equal when they mean the same written thing. Every node
knows its `size` (nodes as the limits count them) and `depth`, computed once from its children, so
that nothing here walks a tree recursively and a hostile one is refused while it is being built.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Action = Literal["BUY", "SELL", "HOLD"]


class Place(NamedTuple):
    """Where a node stands in the text it was parsed from, 1-based."""

    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True)
class Node:
    """What all nodes share."""

    size: int = field(init=False, compare=False, repr=False)
    depth: int = field(init=False, compare=False, repr=False)

    @property
    def children(self) -> tuple[Node, ...]:
        """Direct children, in written order."""
        return ()

    def __post_init__(self) -> None:
        children = self.children
        object.__setattr__(self, "size", 1 + sum(child.size for child in children))
        object.__setattr__(self, "depth", 1 + max((child.depth for child in children), default=0))


class Expression(Node):
    """A node whose value is a number at every bar."""

    __slots__ = ()


class Condition(Node):
    """A node whose value is true or false at every bar."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A constant, never negative: the minus before it is an operator."""

    value: float


@dataclass(frozen=True, slots=True)
class Symbol(Expression):
    """A column `lag` bars ago, on the bars of `timeframe` (`"4H"`; None: those it stands on)."""

    name: str
    lag: int = 0
    timeframe: str | None = None
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Window(Expression):
    """A function over the last `bars` bars of its argument (`LAG`: the argument `bars` bars ago)."""

    function: str
    argument: Expression
    bars: int
    timeframe: str | None = None
    place: Place | None = field(default=None, compare=False, repr=False)

    @property
    def children(self) -> tuple[Node, ...]:
        """The argument."""
        return (self.argument,)


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """`-` or `ABS` of one expression."""

    operator: Literal["-", "ABS"]
    operand: Expression

    @property
    def children(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """`+ - * /`, `HIGHER` or `LOWER` of two expressions."""

    operator: Literal["+", "-", "*", "/", "HIGHER", "LOWER"]
    left: Expression
    right: Expression

    @property
    def children(self) -> tuple[Node, ...]:
        """Left and right."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    """Two expressions compared; false wherever one of them is NaN."""

    operator: Literal[">", "<", ">=", "<=", "==", "!="]
    left: Expression
    right: Expression

    @property
    def children(self) -> tuple[Node, ...]:
        """Left and right."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The negation of a condition."""

    operand: Condition

    @property
    def children(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)


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


@dataclass(frozen=True, slots=True)
class Rule:
    """`IF condition THEN then ELSE otherwise`; a missing ELSE is HOLD."""

    condition: Condition
    then: Action
    otherwise: Action = "HOLD"
