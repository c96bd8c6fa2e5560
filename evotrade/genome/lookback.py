"""How many earlier bars a genome needs before its first decision."""

from __future__ import annotations

from collections.abc import Iterable

from evotrade import timeframes
from evotrade.genome.functions import FUNCTIONS, SYMBOLS
from evotrade.genome.tree import Node, Rule, Symbol, Window


def lookback(rules: Iterable[Rule], timeframe: str) -> int:
    """Earlier base bars that make every value defined, wherever the history starts.

    `timeframe` is the base timeframe, which every suffix must fit (see `suffixes`).
    """
    base_s = timeframes.length_s(timeframe)
    return max(_needed(rule.condition, 0, 1, 0, base_s) for rule in rules)


def suffixes(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Timeframe suffixes in use, each once, in the order of the text."""
    return tuple(dict.fromkeys(suffix for rule in rules for suffix in rule.condition.suffixes))


def fits(suffix: str, timeframe: str) -> bool:
    """Whether bars of `suffix` (`"4H"`) can be made of whole bars of `timeframe`."""
    length_s, base_s = timeframes.length_s(suffix), timeframes.length_s(timeframe)
    return length_s >= base_s and length_s % base_s == 0


def _needed(node: Node, back: int, ratio: int, outside: int, base_s: int) -> int:
    """Base bars needed for the value of `node` `back` bars ago, on bars of `ratio` base bars.

    `outside` counts the base bars by which the enclosing timeframes look back already: a suffix is read
    as of the close of each bar around it, so their lookbacks add up.
    """
    if not node.suffixes:
        return outside + _base_bars(back + node.reach, ratio)
    if isinstance(node, Symbol | Window) and node.timeframe is not None:
        outside += _base_bars(back, ratio)
        back, ratio = 0, timeframes.length_s(node.timeframe) // base_s
    if isinstance(node, Symbol):
        back += node.lag + SYMBOLS[node.name].lookback
    elif isinstance(node, Window):
        back += FUNCTIONS[node.function].lookback(node.bars)
    if not node.children:
        return outside + _base_bars(back, ratio)
    return max(_needed(child, back, ratio, outside, base_s) for child in node.children)


def _base_bars(back: int, ratio: int) -> int:
    """Base bars that hold `back` + 1 closed bars of `ratio` base bars, before the current base bar.

    One bar more than asked for, because the history may start inside a higher bar, whose remainder is
    dropped.
    """
    return back if ratio == 1 else ratio * (back + 2) - 1
