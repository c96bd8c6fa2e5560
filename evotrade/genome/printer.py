"""Genome → text, with only the parentheses that the tree needs.

The written order is kept, except in canonical text: one text for all trees that differ only by what is
exact in IEEE arithmetic with NaN, so that one strategy has one name however it was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from evotrade.genome.functions import SYMBOLS
from evotrade.genome.tree import Binary, Comparison, Logical, Node, Not, Number, Rule, Symbol, Unary, Window

Style = Literal["abstract", "readable"]

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _UNARY, _PRIMARY = range(8)
_STRENGTH = {"OR": _OR, "AND": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}  # the rest compare
_COMMUTES = frozenset(("+", "*", "AND", "OR", "==", "!=", "HIGHER", "LOWER"))
_MIRRORED = {"<": ">", "<=": ">="}


def render(rules: Iterable[Rule], style: Style = "abstract") -> str:
    """The rules as text, one a line; `style` chooses between DELTA and its alias CLOSE."""
    printer = _Printer(style)
    return "\n".join(printer.rule(rule) for rule in rules)


def canonical_text(rules: Iterable[Rule]) -> str:
    """The abstract text with the operands of `+ * AND OR == != HIGHER LOWER` sorted and `a < b` as `b > a`.

    Nothing is folded or reassociated, no NOT is pushed through a comparison: with NaN that would change
    the meaning. The order of rules counts.
    """
    printer = _Printer("abstract", ordered=True)
    return "\n".join(printer.rule(rule) for rule in rules)


def node_text(node: Node, style: Style = "abstract") -> str:
    """A condition or an expression as text."""
    return _Printer(style).text(node)


def rule_text(rule: Rule, style: Style = "abstract") -> str:
    """One rule as text; an ELSE HOLD is not written, since it means nothing."""
    return _Printer(style).rule(rule)


def number_text(value: float) -> str:
    """The shortest decimal text that reads back as exactly `value`."""
    mantissa, _, exponent = repr(value).partition("e")
    return mantissa.removesuffix(".0") + (f"e{int(exponent)}" if exponent else "")


def suffix_text(timeframe: str | None) -> str:
    """`_4H` for `"4H"`, nothing for None."""
    return "" if timeframe is None else f"_{timeframe}"


@dataclass(frozen=True, slots=True)
class _Printer:
    style: Style
    ordered: bool = False

    def rule(self, rule: Rule) -> str:
        otherwise = "" if rule.otherwise == "HOLD" else f" ELSE {rule.otherwise}"
        return f"IF {self.text(rule.condition)} THEN {rule.then}{otherwise}"

    def text(self, node: Node, in_window: bool = False) -> str:
        return self._text(node, in_window)[0]

    def _text(self, node: Node, in_window: bool) -> tuple[str, int]:
        """Text of a node, and how strongly it binds."""
        match node:  # the most frequent kinds first: evolution writes every mutant, to name it
            case Symbol():
                return self._symbol(node, in_window), _PRIMARY
            case Binary() | Comparison() | Logical():
                return self._pair(node, in_window)
            case Number(value):
                return number_text(value), _PRIMARY
            case Window(function, argument, bars, timeframe):
                return f"{function}{suffix_text(timeframe)}({self.text(argument, True)}, {bars})", _PRIMARY
            case Unary("-", operand):
                return f"-{self._within(operand, _UNARY, in_window)}", _UNARY
            case Unary(operator, operand):
                return f"{operator}({self.text(operand, in_window)})", _PRIMARY
            case Not(operand):
                return f"NOT {self._within(operand, _NOT, in_window)}", _NOT
        raise TypeError(f"no text for {type(node).__name__}")

    def _symbol(self, symbol: Symbol, in_window: bool) -> str:
        word = SYMBOLS[symbol.name].alias if self.style == "readable" else symbol.name
        # DELTA(0) reads as "now" beside other lags; inside AVG(DELTA, 20) it would only be noise
        lag = "" if in_window and symbol.lag == 0 else f"({symbol.lag})"
        return f"{word}{lag}" if symbol.timeframe is None else f"{word}{suffix_text(symbol.timeframe)}{lag}"

    def _pair(self, node: Binary | Comparison | Logical, in_window: bool) -> tuple[str, int]:
        operator: str = node.operator
        operands = [self._text(node.left, in_window), self._text(node.right, in_window)]
        if self.ordered and operator in _MIRRORED:
            operator = _MIRRORED[operator]
            operands.reverse()
        elif self.ordered and operator in _COMMUTES:
            operands.sort()
        (left, left_strength), (right, right_strength) = operands
        if operator in ("HIGHER", "LOWER"):
            return f"{operator}({left}, {right})", _PRIMARY
        strength = _STRENGTH.get(operator, _COMPARISON)
        left = left if left_strength >= strength else f"({left})"
        # left-associative: what stands right must bind more strongly than the operator itself
        right = right if right_strength > strength else f"({right})"
        return f"{left} {operator} {right}", strength

    def _within(self, node: Node, weakest: int, in_window: bool) -> str:
        text, strength = self._text(node, in_window)
        return text if strength >= weakest else f"({text})"
