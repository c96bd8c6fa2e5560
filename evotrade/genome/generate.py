"""Random genomes, and the random parts that mutation grafts in.

Comparing a price with a volume decides nothing: of purely random genomes 63 % never trade. So like is
compared with like (a price with a price or its mean, a volume with a multiple of a volume), and every
genome can both buy and sell. Which of them, when and why is left to evolution.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np

from evotrade.errors import GenomeError, SettingsError
from evotrade.genome.functions import SYMBOLS, Unit
from evotrade.genome.genome import Genome
from evotrade.genome.palette import Palette, pick, tidy
from evotrade.genome.tree import (
    ACTIONS,
    Action,
    Binary,
    Comparison,
    Condition,
    Expression,
    Logical,
    Not,
    Number,
    Relation,
    Rule,
    Symbol,
    Window,
)

_TRIES = 100
_ORDERINGS: tuple[Relation, ...] = (">", "<", ">=", "<=")  # exact equality of prices hardly ever holds

# Standard deviation of a random ratio's logarithm: nearby prices differ by percents, all else by halves.
_SPREAD: dict[Unit, float] = {"price": 0.02, "interest": 0.02}
_WIDE_SPREAD = 0.5


def random_genome(rng: np.random.Generator, palette: Palette | None = None) -> Genome:
    """A genome of `palette` that can both buy and sell.

    Raises `SettingsError` when the palette's bounds leave no room for one.
    """
    palette = palette or Palette()
    for _ in range(_TRIES):
        try:
            genome = Genome(_random_rules(rng, palette))
        except GenomeError:
            continue
        if palette.admits(genome):
            return genome
    raise SettingsError(
        f"no random genome fits the palette's bounds: raise max_size or max_lookback ({palette})"
    )


def random_rule(rng: np.random.Generator, palette: Palette) -> Rule:
    """A rule with any two different actions."""
    then, otherwise = pick(rng, [(a, b) for a in ACTIONS for b in ACTIONS if a != b])
    return Rule(random_condition(rng, palette), then, otherwise)


def random_condition(rng: np.random.Generator, palette: Palette) -> Condition:
    """One comparison, its negation, or two of them joined."""
    draw = rng.random()
    first = random_comparison(rng, palette)
    if draw < 0.65:
        return first
    if draw < 0.7:
        return Not(first)
    return Logical("AND" if draw < 0.85 else "OR", first, random_comparison(rng, palette))


def random_comparison(rng: np.random.Generator, palette: Palette) -> Comparison:
    """Two expressions of one unit compared, or one with a number on its own scale."""
    unit = SYMBOLS[pick(rng, palette.symbols)].unit
    draw = rng.random()
    relation = pick(rng, _ORDERINGS)
    left, right = _two_levels(rng, palette, unit)
    if draw < 0.65:
        return Comparison(relation, left, _scaled(rng, unit, right))
    if draw < 0.8:
        return Comparison(relation, Binary("/", left, right), random_number(rng, unit))
    return _measure_comparison(rng, palette, unit, relation)


def random_expression(rng: np.random.Generator, palette: Palette) -> Expression:
    """An expression of one unit: a level, a difference of two, or a window over such a difference."""
    unit = SYMBOLS[pick(rng, palette.symbols)].unit
    draw = rng.random()
    if draw < 0.6:
        return _level(rng, palette, unit)
    if draw < 0.7:
        return random_number(rng, unit)
    difference = Binary(pick(rng, ("-", "+", "/", "*")), *_two_levels(rng, palette, unit))
    if draw < 0.85 or not palette.windows:
        return difference
    return _window(rng, palette, pick(rng, palette.windows), difference)


def random_number(rng: np.random.Generator, unit: Unit | None = "price") -> Number:
    """A ratio near 1: as far from it as values of `unit` are from each other (None: no unit, far)."""
    spread = _WIDE_SPREAD if unit is None else _SPREAD.get(unit, _WIDE_SPREAD)
    return Number(tidy(math.exp(rng.normal(0.0, spread))))


def _random_rules(rng: np.random.Generator, palette: Palette) -> tuple[Rule, ...]:
    sides: list[Action] = ["BUY", "SELL"] if rng.random() < 0.5 else ["SELL", "BUY"]
    if palette.max_rules == 1 or rng.random() < 0.5:
        rules = [Rule(random_condition(rng, palette), sides[0], sides[1])]
    else:
        rules = [Rule(random_condition(rng, palette), side) for side in sides]
    if len(rules) < palette.max_rules and rng.random() < 0.2:
        rules.append(random_rule(rng, palette))
    return tuple(rules)


def _level(rng: np.random.Generator, palette: Palette, unit: Unit) -> Expression:
    """A value that lies where the columns of `unit` lie."""
    draw = rng.random()
    windows = palette.level_windows
    if palette.level_pairs and draw < 0.07:
        pair: Literal["HIGHER", "LOWER"] = "HIGHER" if pick(rng, palette.level_pairs) == "HIGHER" else "LOWER"
        return Binary(pair, _level(rng, palette, unit), _level(rng, palette, unit))
    if not windows or draw < 0.45:
        lag = 0 if rng.random() < 0.5 else int((palette.max_lag + 1) ** rng.random()) - 1
        return Symbol(_name(rng, palette, unit), lag, _suffix(rng, palette))
    function = pick(rng, windows)
    # a window with the current bar in it has no value below its MIN or above its MAX: nothing to cross
    lag = 1 if function in ("MAX", "MIN") else 0
    return _window(rng, palette, function, Symbol(_name(rng, palette, unit), lag))


def _two_levels(rng: np.random.Generator, palette: Palette, unit: Unit) -> tuple[Expression, Expression]:
    """Two different levels, as far as the palette has them: what is compared with itself decides nothing."""
    left = right = _level(rng, palette, unit)
    for _ in range(_TRIES):
        if left != right:
            break
        right = _level(rng, palette, unit)
    return left, right


def _window(rng: np.random.Generator, palette: Palette, function: str, argument: Expression) -> Window:
    suffix = _suffix(rng, palette)
    return Window(function, argument, palette.random_bars(rng, function, suffix), suffix)


def _name(rng: np.random.Generator, palette: Palette, unit: Unit) -> str:
    return pick(rng, palette.symbols_by_unit[unit])


def _suffix(rng: np.random.Generator, palette: Palette) -> str | None:
    """A timeframe suffix, mostly none."""
    return pick(rng, palette.timeframes) if palette.timeframes and rng.random() < 0.15 else None


def _measure_comparison(
    rng: np.random.Generator, palette: Palette, unit: Unit, relation: Relation
) -> Comparison:
    """A SUM, STD or RSI against the same function of other bars, since none of them lies where prices lie."""
    if not palette.measures:
        return Comparison(relation, *_two_levels(rng, palette, unit))
    function = pick(rng, palette.measures)
    left = _window(rng, palette, function, Symbol(_name(rng, palette, unit)))
    right = _window(rng, palette, function, left.argument)
    if function == "SUM":  # sums of different length differ by their length; so against the bars before
        earlier = Symbol(_name(rng, palette, unit), min(left.bars, palette.max_lag))
        right = replace(left, argument=earlier)
    if function == "RSI" and rng.random() < 0.5:
        return Comparison(relation, left, Number(float(round(rng.uniform(1, 99)))))
    return Comparison(relation, left, _scaled(rng, unit if function == "SUM" else None, right))


def _scaled(rng: np.random.Generator, unit: Unit | None, level: Expression) -> Expression:
    """`level`, or now and then a multiple of it."""
    return Binary("*", random_number(rng, unit), level) if rng.random() < 0.3 else level
