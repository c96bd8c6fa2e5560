"""What a genome thinks at one bar: the value of every node, the votes, and how far each condition is from
changing its mind. Every number is read from the evaluator that decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evotrade.engine.columns import Columns, Frame
from evotrade.engine.evaluator import Decisions, decide, on_own_bars, value
from evotrade.errors import SettingsError
from evotrade.genome import Genome
from evotrade.genome.functions import FUNCTIONS, SYMBOLS
from evotrade.genome.tree import (
    Action,
    Binary,
    Comparison,
    Condition,
    Logical,
    Node,
    Not,
    Rule,
    Symbol,
    Window,
    walk,
)

_DIVISION = "division by zero"
_INFINITE = "infinite values cancel each other"


class HigherBar(NamedTuple):
    """A closed bar of a longer timeframe, `[start_s, end_s)` in Unix seconds."""

    timeframe: str
    start_s: int
    end_s: int


@dataclass(frozen=True)
class NodeThought:
    """A node at the bar, and below it its children.

    `value` is a float, NaN where the node has none, or for a condition its truth. `undefined` says why there
    is no value (for a comparison: why a side has none, which makes it false), and is empty otherwise.
    `inside` are the suffixes around the node, outermost first, as `evaluator.value` takes them: the value
    is that of the last bar of the innermost which had ended by the bar. `higher_bar` is, for a node with a
    suffix of its own, the bar that it reads: of a symbol the one of its lag, of a window the last one.

    `margin_pct` says how far a condition is from changing its mind: at least 0 where it holds (with so much
    to spare), at most 0 where it does not (so far from holding).

    - A comparison: 100 · |left − right| / |right|, in percent of its right side. 0 where both sides are
      equal; infinite where neither side reads any data, since it never changes.
    - NOT: the other way round.
    - AND: the least of its children, which is the farthest unmet one while it does not hold, and the first
      one to fail while it holds. OR: the greatest, which is the nearest one or the last one to fail.
    - None where it is not known: a side is undefined or infinite, or the right side is 0 and the left is not.
      Only children that agree with an AND or OR decide about it: an unknown one that doesn't is no obstacle.

    That is the robustness of temporal logic (Fainekos and Pappas 2009, "Robustness of temporal logic
    specifications for continuous-time signals") at one moment, but with relative distances, since the
    sides of two comparisons are seldom in one unit.
    """

    node: Node
    value: float | bool
    undefined: str
    inside: tuple[str, ...]
    children: tuple[NodeThought, ...]
    higher_bar: HigherBar | None = None
    margin_pct: float | None = None

    @property
    def difference(self) -> float | None:
        """Left side less right side of a comparison, None where that is not finite; None of other nodes."""
        if not isinstance(self.node, Comparison):
            return None
        left, right = (side.value for side in self.children)
        return _finite(left - right)

    def walk(self) -> Iterator[NodeThought]:
        """This node and everything below it, parents before children, in written order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class RuleThought:
    """A rule at the bar: its condition, and its vote; None before the first decision."""

    rule: Rule
    condition: NodeThought
    vote: Action | None

    @property
    def branch(self) -> str:
        """`"THEN"` or `"ELSE"`, empty before the first decision."""
        if self.vote is None:
            return ""
        return "THEN" if self.condition.value else "ELSE"


@dataclass(frozen=True)
class Thought:
    """A genome at bar `bar`: its rules, and the decision: 1 to buy, -1 to sell, 0 to hold.

    Before bar `lookback` there is no decision and no vote; `decision` is 0 then.
    """

    bar: int
    lookback: int
    combine: str
    decision: int
    rules: tuple[RuleThought, ...]

    @property
    def decides(self) -> bool:
        """Whether enough bars lie before this one."""
        return self.bar >= self.lookback

    def votes(self, action: Action) -> int:
        """How many rules vote for an action."""
        return sum(rule.vote == action for rule in self.rules)


def explain(genome: Genome, columns: Columns, bar: int, combine: str = "votes") -> Thought:
    """What `genome` thinks at the close of bar `bar`, counted from 0.

    The decision is `decide(genome, columns, combine)[bar]`, each value `value(node, columns, inside)[bar]`.
    As every decision, it depends on that bar and the genome's lookback alone, so for one bar of a long
    series it is enough to give those: `candles[max(0, bar - lookback) : bar + 1]`.

    Raises `GenomeError` where a timeframe of the genome cannot be made of the bars, `SettingsError` for a
    bar that is not there and for an unknown `combine`.
    """
    decisions = decide(genome, columns, combine)
    if not 0 <= bar < len(columns):
        raise SettingsError(f"there is no bar {bar}: the series has {len(columns)}, counted from 0")
    lookback = genome.lookback(columns.timeframe)
    here = _Place(columns, columns.base, bar)
    rules = []
    for rule in genome.rules:
        condition = _condition(rule.condition, here)
        vote = (rule.then if condition.value else rule.otherwise) if bar >= lookback else None
        rules.append(RuleThought(rule, condition, vote))
    return Thought(bar, lookback, combine, int(decisions[bar]), tuple(rules))


def turns(decisions: Decisions) -> npt.NDArray[np.int64]:
    """(k,) the bars whose decision is another than that of the bar before, in order."""
    return np.flatnonzero(np.diff(decisions)) + 1


@dataclass(frozen=True)
class _Place:
    """A bar of a timeframe, -1 where none had ended; `inside` are the suffixes that lead there."""

    columns: Columns
    frame: Frame
    bar: int
    inside: tuple[str, ...] = ()

    def into(self, suffix: str) -> _Place:
        """The last bar of the suffix's timeframe that ended by the end of this one."""
        inner = self.columns.frame(suffix)
        ended = int(np.searchsorted(inner.end_s, self.frame.end_s[self.bar], "right")) if self.bar >= 0 else 0
        return _Place(self.columns, inner, ended - 1, (*self.inside, suffix))

    def ago(self, bars: int) -> _Place:
        return replace(self, bar=max(-1, self.bar - bars))

    def number(self, node: Node) -> float:
        return float(on_own_bars(node, self.frame, self.columns)[self.bar]) if self.bar >= 0 else math.nan


def _condition(node: Condition, here: _Place) -> NodeThought:
    holds = bool(value(node, here.columns)[here.bar])
    if isinstance(node, Comparison):
        sides = tuple(_expression(side, here) for side in (node.left, node.right))
        undefined = next((side.undefined for side in sides if side.undefined), "")
        return NodeThought(node, holds, undefined, (), sides, margin_pct=_gap_pct(node, sides, holds))
    children = tuple(_condition(child, here) for child in node.children if isinstance(child, Condition))
    return NodeThought(node, holds, "", (), children, margin_pct=_joined_pct(node, children, holds))


def _gap_pct(node: Comparison, sides: tuple[NodeThought, ...], holds: bool) -> float | None:
    left, right = (side.value for side in sides)
    sign = 1.0 if holds else -1.0
    if math.isnan(left) or math.isnan(right):
        return None
    if not any(isinstance(each, Symbol) for each in walk(node)):
        return sign * math.inf
    if left == right:
        return 0.0
    return _finite(sign * 100.0 * (abs(left - right) / abs(right))) if right else None


def _joined_pct(node: Node, children: tuple[NodeThought, ...], holds: bool) -> float | None:
    if isinstance(node, Not):
        margin = children[0].margin_pct
        return None if margin is None else -margin
    is_and = isinstance(node, Logical) and node.operator == "AND"
    # an AND that fails does so by its unmet children, one that holds by all; OR the other way round
    margins = [child.margin_pct for child in children if child.value == holds]
    known = [margin for margin in margins if margin is not None]
    if len(known) < len(margins):
        return None
    return min(known) if is_and else max(known)


def _expression(node: Node, here: _Place) -> NodeThought:
    number = here.number(node)
    own, higher_bar = _own_bars(node, here), None
    if own.frame is not here.frame:
        higher_bar = _bar_at(own.ago(node.lag) if isinstance(node, Symbol) else own)
    children = tuple(_expression(child, own) for child in node.children)
    undefined = _why_undefined(node, here) if math.isnan(number) else ""
    return NodeThought(node, number, undefined, here.inside, children, higher_bar)


def _own_bars(node: Node, here: _Place) -> _Place:
    suffix = node.timeframe if isinstance(node, Symbol | Window) else None
    return here if suffix is None else here.into(suffix)


def _bar_at(place: _Place) -> HigherBar | None:
    if place.bar < 0:
        return None
    candles = place.frame.candles
    return HigherBar(candles.timeframe, int(candles.time_s[place.bar]), int(place.frame.end_s[place.bar]))


def _why_undefined(node: Node, here: _Place) -> str:
    """Why a node that is NaN is so: too few bars, a division by zero in it, or infinite values."""
    own = _own_bars(node, here)
    if isinstance(node, Symbol):
        return _too_few(node.lag + SYMBOLS[node.name].lookback, own)
    if isinstance(node, Window):
        return _why_window_undefined(node, own)
    for child in node.children:
        if math.isnan(own.number(child)):
            return _why_undefined(child, own)
    divides = isinstance(node, Binary) and node.operator == "/"
    return _DIVISION if divides and own.number(node.children[1]) == 0 else _INFINITE


def _why_window_undefined(node: Window, own: _Place) -> str:
    reach = FUNCTIONS[node.function].lookback(node.bars)
    if own.bar < reach:
        return _too_few(reach, own)
    read = on_own_bars(node.argument, own.frame, own.columns)[own.bar - reach : own.bar + 1]
    missing = np.flatnonzero(np.isnan(read[:1] if node.function == "LAG" else read))
    if len(missing):
        age = reach - int(missing[-1])
        cause = _why_undefined(node.argument, own.ago(age))
        return f"{_bars_of(age, own)} ago: {cause}" if age else cause
    return _INFINITE


def _too_few(lookback: int, own: _Place) -> str:
    return f"needs {_bars_of(lookback + 1, own)}, there {'is' if own.bar == 0 else 'are'} {own.bar + 1}"


def _bars_of(count: int, own: _Place) -> str:
    closed = "" if own.frame is own.columns.base else f"closed {own.frame.timeframe} "
    return f"{count:,} {closed}{'bar' if count == 1 else 'bars'}"


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
