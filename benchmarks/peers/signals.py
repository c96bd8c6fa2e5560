"""Decisions of any genome by the usual means of numpy and pandas: one column at a time over all bars.

The meaning is dsl.md's; the rounding is not, so that a comparison may fall the other way where its sides
are equal but for the last bits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evotrade.genome import Genome
from evotrade.genome.functions import SYMBOLS
from evotrade.genome.tree import Binary, Comparison, Logical, Node, Not, Number, Rule, Symbol, Unary, Window
from evotrade.market.candles import Candles, bar_start_s
from evotrade.timeframes import length_s

from .windows import Floats, Means, over_window, shift

Value = npt.NDArray[np.float64] | float
Bools = npt.NDArray[np.bool_]
Decisions = npt.NDArray[np.int8]

_VOTES = {"BUY": 1, "HOLD": 0, "SELL": -1}
_RESAMPLE: dict[str, Callable[[Floats, npt.NDArray[np.intp]], Floats]] = {
    "open": lambda values, first: values[first],
    "high": np.maximum.reduceat,
    "low": np.minimum.reduceat,
    "close": lambda values, first: values[np.append(first[1:], len(values)) - 1],
    "open_interest": lambda values, first: values[np.append(first[1:], len(values)) - 1],
}


class Bars:
    """The columns of one timeframe, (n,) floats by name, and the bars' ends in Unix seconds."""

    def __init__(self, timeframe: str, end_s: npt.NDArray[np.int64], columns: dict[str, Floats]) -> None:
        self.timeframe, self.end_s, self.columns = timeframe, end_s, columns
        high, low, before = columns["high"], columns["low"], shift(columns["close"], 1)
        columns["true_range"] = np.maximum(high, before) - np.minimum(low, before)
        self.zeros = np.zeros(len(end_s))
        self.ended: dict[str, npt.NDArray[np.intp]] = {}  # by timeframe: bars ended by each of its bars' ends

    def __len__(self) -> int:
        return len(self.end_s)

    def column(self, name: str) -> Floats:
        """A column; zeros where the market has none."""
        return self.columns.get(name, self.zeros)


class Market:
    """Candles with their higher timeframes, and the last `keep` values of subtrees computed on them.

    Keeping helps where genomes share subtrees; otherwise memory that is used again is faster.
    """

    def __init__(self, candles: Candles, means: Means = "numpy", keep: int = 0) -> None:
        self.candles, self.means, self.keep = candles, means, keep
        columns = {name: getattr(candles, name) for name in candles.columns}
        self.base = Bars(candles.timeframe, candles.end_s, columns)
        self.frames = {candles.timeframe: self.base}
        self.kept: OrderedDict[tuple[str, Node], Value] = OrderedDict()

    def frame(self, suffix: str) -> Bars:
        """The complete bars of a longer timeframe."""
        timeframe = suffix.lower()
        if timeframe not in self.frames:
            self.frames[timeframe] = _resampled(self.candles, timeframe)
        return self.frames[timeframe]


def signals(genome: Genome, market: Market | Candles) -> Decisions:
    """(n,) 1 to buy, -1 to sell, 0 to hold at each close; rules vote, and there is 0 before the lookback."""
    market = market if isinstance(market, Market) else Market(market)
    decisions = np.zeros(len(market.base), dtype=np.int8)
    first = genome.lookback(market.base.timeframe)
    with np.errstate(all="ignore"):
        votes = [_vote(rule, market)[first:] for rule in genome.rules]
    decisions[first:] = votes[0] if len(votes) == 1 else np.sign(sum(votes[1:], votes[0]))
    return decisions


def _vote(rule: Rule, market: Market) -> Decisions:
    then, otherwise = _VOTES[rule.then], _VOTES[rule.otherwise]
    truth = np.broadcast_to(_truth(rule.condition, market), len(market.base))
    return truth.view(np.int8) * np.int8(then - otherwise) + np.int8(otherwise)


def _truth(node: Node, market: Market) -> Bools:
    match node:
        case Comparison(operator=operator, left=left, right=right):
            return _COMPARE[operator](_value(left, market.base, market), _value(right, market.base, market))
        case Logical(operator=operator, left=left, right=right):
            join = np.logical_and if operator == "AND" else np.logical_or
            return join(_truth(left, market), _truth(right, market))
        case Not(operand=operand):
            return np.logical_not(_truth(operand, market))
    raise TypeError(f"{node!r} is no condition")


def _value(node: Node, bars: Bars, market: Market) -> Value:
    """(len(bars),) value of an expression, or a plain number."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Symbol) and node.timeframe is None and node.lag == 0:
        return bars.column(SYMBOLS[node.name].column)
    key = (bars.timeframe, node)
    if key in market.kept:
        market.kept.move_to_end(key)
        return market.kept[key]
    market.kept[key] = made = _computed(node, bars, market)
    if len(market.kept) > market.keep:
        market.kept.popitem(last=False)
    return made


def _computed(node: Node, bars: Bars, market: Market) -> Value:
    match node:
        case Symbol(timeframe=str(suffix)) | Window(timeframe=str(suffix)):
            inner = market.frame(suffix)
            values = _value(replace(node, timeframe=None), inner, market)
            return values if inner is bars else _as_of(values, inner, bars)
        case Symbol(name=name, lag=lag):
            return shift(bars.column(SYMBOLS[name].column), lag)
        case Window(function=function, argument=argument, bars=n):
            argued = _value(argument, bars, market)
            return over_window(function, np.broadcast_to(argued, len(bars)), n, market.means)
        case Unary(operator=operator, operand=operand):
            return (np.negative if operator == "-" else np.abs)(_value(operand, bars, market))
        case Binary(operator=operator, left=left, right=right):
            return _JOIN[operator](_value(left, bars, market), _value(right, bars, market))
    raise TypeError(f"{node!r} is no expression")


def _as_of(values: Value, inner: Bars, outer: Bars) -> Floats:
    """(len(outer),) the value of the last inner bar that had ended, NaN where none had."""
    key = outer.timeframe
    if key not in inner.ended:
        inner.ended[key] = np.searchsorted(inner.end_s, outer.end_s, side="right")
    return np.append(np.nan, np.broadcast_to(values, len(inner)))[inner.ended[key]]


def _resampled(candles: Candles, timeframe: str) -> Bars:
    """Complete bars of a longer timeframe; the first one may have begun before the candles and is dropped."""
    start_s = bar_start_s(candles.time_s, timeframe)
    first = np.flatnonzero(np.diff(start_s, prepend=-1))
    end_s = start_s[first] + length_s(timeframe)
    complete = slice(1, int(np.searchsorted(end_s, candles.end_s[-1], side="right")))
    columns = {
        name: _RESAMPLE.get(name, np.add.reduceat)(getattr(candles, name), first)[complete]
        for name in candles.columns
    }
    return Bars(timeframe, end_s[complete], columns)


def _quotient(left: Value, right: Value) -> Value:
    return left / np.where(np.equal(right, 0), np.nan, right)


_JOIN: dict[str, Callable[[Value, Value], Value]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": _quotient,
    "HIGHER": np.maximum,
    "LOWER": np.minimum,
}
_COMPARE: dict[str, Callable[[Value, Value], Bools]] = {
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": lambda left, right: (left < right) | (left > right),
}
