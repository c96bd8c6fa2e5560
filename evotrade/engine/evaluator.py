"""What a genome decides at every bar: the reference path, plain numpy, one column at a time.

The meaning is dsl.md's, to the last bit; every other path must agree with this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evotrade.engine.columns import Columns, Frame
from evotrade.engine.windows import KERNELS, Fill, Floats, Series, TableKey, lagged
from evotrade.errors import GenomeError, SettingsError
from evotrade.genome import Genome
from evotrade.genome.functions import SYMBOLS
from evotrade.genome.tree import (
    Action,
    Binary,
    Comparison,
    Condition,
    Expression,
    Logical,
    Node,
    Not,
    Number,
    Rule,
    Symbol,
    Unary,
    Window,
)

Bools = npt.NDArray[np.bool_]
Decisions = npt.NDArray[np.int8]

BUY, HOLD, SELL = 1, 0, -1
VOTES: dict[Action, int] = {"BUY": BUY, "HOLD": HOLD, "SELL": SELL}
"""Actions as decisions."""


def decide(genome: Genome, columns: Columns, combine: str = "votes") -> Decisions:
    """(n,) 1 to buy, -1 to sell, 0 to hold, at the close of each bar, from that bar and earlier ones.

    The first decision is at bar `genome.lookback(columns.timeframe)`; before it, and everywhere in a
    series that is too short, it is 0. Raises `GenomeError` where a timeframe of the genome cannot be
    made of the bars, `SettingsError` for an unknown `combine`.
    """
    if combine not in _COMBINE:
        raise SettingsError(f"unknown combine {combine!r}: use one of {', '.join(COMBINES)}")
    decisions = np.zeros(len(columns), dtype=np.int8)
    lookback = genome.lookback(columns.timeframe)
    if len(columns) > lookback:
        votes = [_vote(rule, columns)[lookback:] for rule in genome.rules]
        decisions[lookback:] = _COMBINE[combine](votes)
    return decisions


def value(node: Node, columns: Columns, inside: Sequence[str] = ()) -> Floats | Bools:
    """(n,) the value of any node of a genome as seen at each base bar, read-only.

    Floats are NaN and conditions false where they are undefined. For a node that stands inside
    suffixes, `inside` names them, outermost first: `("4H",)` for the `DELTA` of `MAX_4H(DELTA, 3)`.
    Raises `GenomeError` where a timeframe cannot be made of the bars.
    """
    frames = [columns.base, *(columns.frame(suffix) for suffix in inside)]
    if isinstance(node, Condition):
        with np.errstate(all="ignore"):
            return np.broadcast_to(_truth(node, columns), len(columns))
    seen = on_own_bars(node, frames[-1], columns)
    while len(frames) > 1:
        inner = frames.pop()
        seen = columns.as_of(seen, inner, frames[-1])
    return seen


def whole_value(node: Node, columns: Columns) -> Floats:
    """(n,) the value of an expression at each base bar, not kept for others: its caller does."""
    compute = _number if isinstance(node, Number) else _computed
    with np.errstate(all="ignore"):
        return np.broadcast_to(compute(node, columns.base, columns), len(columns))


def on_own_bars(node: Node, frame: Frame, columns: Columns) -> Floats:
    """(len(frame),) the value of an expression at each bar of a timeframe of the columns, read-only."""
    with np.errstate(all="ignore"):
        return np.broadcast_to(_number(node, frame, columns), len(frame))


def _vote(rule: Rule, columns: Columns) -> Decisions:
    then, otherwise = VOTES[rule.then], VOTES[rule.otherwise]
    holds: Decisions = value(rule.condition, columns).view(np.int8)
    return holds * np.int8(then - otherwise) + np.int8(otherwise)  # many times as fast as np.where


def _by_votes(votes: list[Decisions]) -> Decisions:
    decisions: Decisions = np.sign(np.sum(votes, axis=0, dtype=np.int8))
    return decisions


def _by_majority(votes: list[Decisions]) -> Decisions:
    ballots = np.array(votes)
    buys, holds, sells = (np.sum(ballots == action, axis=0) for action in (BUY, HOLD, SELL))
    bought, sold = buys > np.maximum(sells, holds), sells > np.maximum(buys, holds)
    decisions: Decisions = np.subtract(bought, sold, dtype=np.int8)
    return decisions


def _by_first(votes: list[Decisions]) -> Decisions:
    return votes[0]


def _unanimously(votes: list[Decisions]) -> Decisions:
    ballots = np.array(votes)
    return np.where(np.all(ballots == ballots[0], axis=0), ballots[0], np.int8(HOLD))


_COMBINE: dict[str, Callable[[list[Decisions]], Decisions]] = {
    "votes": _by_votes,
    "majority": _by_majority,
    "first": _by_first,
    "unanimous": _unanimously,
}
COMBINES = tuple(_COMBINE)
"""How the rules of a genome become one decision; the default comes first."""


def _truth(node: Condition, columns: Columns) -> Bools:
    """(n,) or, where it doesn't depend on the bar, (1,) truth of a condition on base bars."""
    return columns.remember((columns.timeframe, node), lambda: _decided(node, columns))


def _decided(node: Condition, columns: Columns) -> Bools:
    match node:
        case Comparison(operator=operator, left=left, right=right):
            compare = _COMPARISONS[operator]
            return compare(_number(left, columns.base, columns), _number(right, columns.base, columns))
        case Logical(operator=operator, left=left, right=right):
            join = np.logical_and if operator == "AND" else np.logical_or
            return join(_truth(left, columns), _truth(right, columns))
        case Not(operand=operand):
            return np.logical_not(_truth(operand, columns))
    raise GenomeError(f"{type(node).__name__} is no condition: compare two expressions")


def _number(node: Node, frame: Frame, columns: Columns) -> Floats:
    """(len(frame),) or, where it doesn't depend on the bar, (1,) value of an expression on the frame."""
    match node:
        case Number(value=number):
            return np.array([number])
        case Symbol(lag=0, timeframe=None, name=name):
            return frame.column(SYMBOLS[name].column)
    return columns.remember((frame.timeframe, node), lambda: _computed(node, frame, columns))


def _computed(node: Node, frame: Frame, columns: Columns) -> Floats:
    match node:
        case Symbol(timeframe=str(suffix)) | Window(timeframe=str(suffix)):
            return _crossed(node, suffix, frame, columns)
        case Symbol(name=name, lag=lag):
            return lagged(frame.column(SYMBOLS[name].column), lag)
        case Window(function=function, argument=argument, bars=bars):
            return KERNELS[function](_series(argument, frame, columns), bars)
        case Unary(operator=operator, operand=operand):
            return _UNARY[operator](_number(operand, frame, columns))
        case Binary(operator=operator, left=left, right=right):
            return _BINARY[operator](_number(left, frame, columns), _number(right, frame, columns))
    raise GenomeError(f"{type(node).__name__} is no expression: use a symbol, a number or a function")


def _crossed(node: Symbol | Window, suffix: str, frame: Frame, columns: Columns) -> Floats:
    """The value of a suffixed node on its own bars, as of the end of each bar of the frame."""
    inner = columns.frame(suffix)
    values = _number(replace(node, timeframe=None), inner, columns)
    return values if inner is frame else columns.as_of(values, inner, frame)


def _series(node: Expression, frame: Frame, columns: Columns) -> Series:
    """The argument of a window with tables that all windows of this argument share."""
    values = np.broadcast_to(_number(node, frame, columns), len(frame))

    def remember(key: TableKey, fill: Fill) -> Floats:
        def build() -> Floats:
            made = np.empty(len(values))
            fill(made)
            return made

        return columns.remember((frame.timeframe, node, key), build)

    return Series(values, remember)


def _quotient(left: Floats, right: Floats) -> Floats:
    """left / right, NaN for a division by zero."""
    return left / np.where(right == 0, np.nan, right)


def _unequal(left: Floats, right: Floats) -> Bools:
    """left != right, false where one of them is NaN."""
    return (left < right) | (left > right)


_COMPARISONS: dict[str, Callable[[Floats, Floats], Bools]] = {
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": _unequal,
}
_UNARY: dict[str, Callable[[Floats], Floats]] = {"-": np.negative, "ABS": np.abs}
_BINARY: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": _quotient,
    # + 0.0: which of two zeros is the larger depends on the processor, so the result has no sign
    "HIGHER": lambda left, right: np.maximum(left, right) + 0.0,
    "LOWER": lambda left, right: np.minimum(left, right) + 0.0,
}
