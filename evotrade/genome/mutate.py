"""Mutation: small random changes of a genome, by named operators.

An operator takes the rules and returns changed ones, or None where it finds nothing to change. What it
returns may still break a limit or mean the same as before; `mutate` tries again then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from evotrade.errors import GenomeError, SettingsError
from evotrade.genome.edit import Rules, numbered_nodes, of_one_kind, replace_node
from evotrade.genome.functions import FUNCTIONS, SYMBOLS
from evotrade.genome.generate import (
    random_comparison,
    random_condition,
    random_expression,
    random_number,
    random_rule,
)
from evotrade.genome.genome import Genome
from evotrade.genome.palette import Palette, pick, tidy
from evotrade.genome.tree import (
    ACTIONS,
    ARITHMETIC,
    RELATIONS,
    Binary,
    Comparison,
    Condition,
    Logical,
    Node,
    Not,
    Number,
    Symbol,
    Unary,
    Window,
    walk,
)

Operator = Callable[[Rules, np.random.Generator, Palette], Rules | None]
Kind = TypeVar("Kind", bound=Node)

_TRIES = 20
_SAME_UNIT = 0.8  # how often a swapped symbol stays comparable with its neighbours


def mutate(
    genome: Genome,
    rng: np.random.Generator,
    palette: Palette | None = None,
    operator: str | None = None,
    rates: Mapping[str, float] | None = None,
) -> tuple[Genome, str] | None:
    """A child that differs from `genome` by id, within `palette`'s bounds, and the operator that made it.

    `operator` names one of `OPERATORS`; without it one is drawn, weighted by `rates` (names left out
    have weight 0; None: all alike). None when no child was found in a bounded number of tries.
    Raises `SettingsError` for an unknown operator or rates without any weight.
    """
    palette = palette or Palette()
    names, weights = _weighted(operator, rates)
    for _ in range(_TRIES):
        name = _draw(rng, names, weights)
        try:
            rules = OPERATORS[name](genome.rules, rng, palette)
            child = None if rules is None else Genome(rules)
        except GenomeError:
            continue  # over a limit of the language: the next draw may not be
        if child is not None and child.id != genome.id and palette.admits(child, genome):
            return child, name
    return None


def _weighted(operator: str | None, rates: Mapping[str, float] | None) -> tuple[list[str], list[float]]:
    weights = dict.fromkeys(OPERATORS, 1.0) if rates is None else dict(rates)
    if operator is not None:
        weights = {operator: 1.0}
    unknown = [name for name in weights if name not in OPERATORS]
    if unknown:
        raise SettingsError(f"unknown mutation operator {unknown[0]!r}: use one of {', '.join(OPERATORS)}")
    if not sum(weights.values()) > 0:
        raise SettingsError("mutation rates need at least one above 0")
    return list(weights), list(weights.values())


def _draw(rng: np.random.Generator, names: list[str], weights: list[float]) -> str:
    left = rng.random() * sum(weights)
    for name, weight in zip(names, weights, strict=True):
        left -= weight
        if left < 0:
            return name
    return names[-1]


def _point(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """Any node changed in its place, or an action; each as likely."""
    nodes = numbered_nodes(rules)
    drawn = int(rng.random() * (len(nodes) + 2 * len(rules)))
    if drawn >= len(nodes):
        return _action(rules, rng, palette)
    number, node = nodes[drawn]
    match node:
        case Number():
            return replace_node(rules, number, random_number(rng))
        case Symbol():
            return replace_node(rules, number, _other_symbol(node, rng, palette))
        case Not(operand):
            return replace_node(rules, number, operand)
    return replace_node(rules, number, _other_operator(node, rng, palette))


def _constant(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """A constant moved by anything from a thousandth to a third of itself."""

    def moved(number: Number) -> Number:
        spread = 10 ** rng.uniform(-3.0, -0.5)
        return Number(tidy(number.value * math.exp(rng.normal(0.0, spread))))

    return _change_one(rules, rng, Number, moved)


def _step(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """A window or a lag made longer or shorter, by one bar at least."""

    def moved(node: Node) -> Node:
        match node:
            case Symbol(_, lag):
                return replace(node, lag=_stepped(lag, 0, palette.max_lag, rng))
            case Window(_, _, bars):
                return replace(node, bars=_stepped(bars, 1, palette.max_window, rng))
        return node

    return _change_one(rules, rng, (Symbol, Window), moved)


def _operator(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """Another operator, comparison or function over the same operands."""
    kinds = (Binary, Comparison, Logical, Unary, Window)
    return _change_one(rules, rng, kinds, lambda node: _other_operator(node, rng, palette))


def _symbol(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """Another symbol, mostly one of the same unit."""
    return _change_one(rules, rng, Symbol, lambda node: _other_symbol(node, rng, palette))


def _timeframe(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """Another timeframe suffix, or none."""

    def moved(node: Node) -> Node:
        if not isinstance(node, Symbol | Window):
            return node
        others = [suffix for suffix in (None, *palette.timeframes) if suffix != node.timeframe]
        return replace(node, timeframe=pick(rng, others)) if others else node

    return _change_one(rules, rng, (Symbol, Window), moved)


def _action(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """Another action after THEN or ELSE."""
    index = int(rng.random() * len(rules))
    rule = rules[index]
    if rng.random() < 0.5:
        rule = replace(rule, then=pick(rng, [action for action in ACTIONS if action != rule.then]))
    else:
        rule = replace(rule, otherwise=pick(rng, [action for action in ACTIONS if action != rule.otherwise]))
    return (*rules[:index], rule, *rules[index + 1 :])


def _subtree(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """A random condition or expression in the place of another."""
    number, node = pick(rng, numbered_nodes(rules))
    grow = random_condition if isinstance(node, Condition) else random_expression
    return replace_node(rules, number, grow(rng, palette))


def _hoist(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """A part in the place of the whole it belongs to: the genome shrinks."""
    wholes = [
        (number, parts)
        for number, node in numbered_nodes(rules)
        if (parts := [part for part in walk(node) if part is not node and of_one_kind(part, node)])
    ]
    if not wholes:
        return None
    number, parts = pick(rng, wholes)
    return replace_node(rules, number, pick(rng, parts))


def _insert_rule(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """A random rule between the others."""
    index = int(rng.random() * (len(rules) + 1))
    return (*rules[:index], random_rule(rng, palette), *rules[index:])


def _delete_rule(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """One rule less."""
    if len(rules) == 1:
        return None
    index = int(rng.random() * len(rules))
    return (*rules[:index], *rules[index + 1 :])


def _wrap_and(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """A condition that must hold together with a random one."""
    return _change_one(
        rules, rng, Condition, lambda node: Logical("AND", node, random_comparison(rng, palette))
    )


def _wrap_or(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """A condition that need not hold where a random one does."""
    return _change_one(
        rules, rng, Condition, lambda node: Logical("OR", node, random_comparison(rng, palette))
    )


def _wrap_not(rules: Rules, rng: np.random.Generator, palette: Palette) -> Rules | None:
    """A condition negated; one that is negated already loses its NOT."""
    return _change_one(
        rules, rng, Condition, lambda node: node.operand if isinstance(node, Not) else Not(node)
    )


OPERATORS: dict[str, Operator] = {
    "point": _point,
    "constant": _constant,
    "step": _step,
    "operator": _operator,
    "symbol": _symbol,
    "timeframe": _timeframe,
    "action": _action,
    "subtree": _subtree,
    "hoist": _hoist,
    "insert_rule": _insert_rule,
    "delete_rule": _delete_rule,
    "wrap_and": _wrap_and,
    "wrap_or": _wrap_or,
    "wrap_not": _wrap_not,
}
"""Mutation operators by name."""


def _change_one(
    rules: Rules,
    rng: np.random.Generator,
    kind: type[Kind] | tuple[type[Kind], ...],
    change: Callable[[Kind], Node],
) -> Rules | None:
    """The rules with one node of `kind` changed; None where there is no such node."""
    found = [(number, node) for number, node in numbered_nodes(rules) if isinstance(node, kind)]
    if not found:
        return None
    number, node = pick(rng, found)
    return replace_node(rules, number, change(node))


def _stepped(value: int, lowest: int, highest: int, rng: np.random.Generator) -> int:
    """`value` some percent up or down, by 1 at least; back to within its bounds where it leaves them."""
    stepped = round(value * math.exp(rng.normal(0.0, 0.3)))
    if stepped == value:
        stepped += 1 if rng.random() < 0.5 else -1
    return min(max(stepped, lowest), max(highest, value))


def _other_symbol(symbol: Symbol, rng: np.random.Generator, palette: Palette) -> Symbol:
    others = [name for name in palette.symbols if name != symbol.name]
    alike = [name for name in others if SYMBOLS[name].unit == SYMBOLS[symbol.name].unit]
    names = alike if alike and rng.random() < _SAME_UNIT else others
    return replace(symbol, name=pick(rng, names)) if names else symbol


def _other_operator(node: Node, rng: np.random.Generator, palette: Palette) -> Node:
    """`node` with another operator for the same number of operands, or as it is where there is none."""
    match node:
        case Window(function):
            names = [each for each in palette.windows if each != function]
            return replace(node, function=pick(rng, names)) if names else node
        case Binary(operator):
            pairs = [each for each in ARITHMETIC if each not in FUNCTIONS or each in palette.functions]
            return replace(node, operator=pick(rng, [each for each in pairs if each != operator]))
        case Comparison(operator):
            return replace(node, operator=pick(rng, [each for each in RELATIONS if each != operator]))
        case Logical(operator):
            return replace(node, operator="OR" if operator == "AND" else "AND")
        case Unary(operator, operand):
            return replace(node, operator="-") if operator == "ABS" else operand
    return node
