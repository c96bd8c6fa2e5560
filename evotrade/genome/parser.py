"""Text → Genome: grammar.lark read with Lark, trees built bottom-up while the text is being parsed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal, TypeVar, cast

from lark import Lark, Token, Transformer, UnexpectedToken, v_args

from evotrade.errors import GenomeError
from evotrade.genome.functions import ALIASES
from evotrade.genome.genome import Genome
from evotrade.genome.lexer import Lexer, error_at
from evotrade.genome.limits import (
    MAX_LAG,
    MAX_NODES,
    MAX_RULES,
    MAX_TEXT_BYTES,
    MAX_WINDOW,
    TOO_MANY_NODES,
    TOO_MANY_RULES,
    check_whole,
)
from evotrade.genome.syntax_error import syntax_error
from evotrade.genome.tree import (
    Action,
    Arithmetic,
    Binary,
    Comparison,
    Condition,
    Expression,
    Logical,
    Node,
    Not,
    Number,
    Relation,
    Rule,
    Symbol,
    Unary,
    Window,
)

Made = TypeVar("Made")


def parse(text: str) -> Genome:
    """The genome that `text` writes.

    Raises `GenomeError` with line, column, length and, where there is one, a suggestion.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_TEXT_BYTES:
        raise GenomeError(f"the text has {size} bytes, a genome has at most {MAX_TEXT_BYTES}")
    try:
        rules = cast(tuple[Rule, ...], _lark().parse(text))
    except UnexpectedToken as error:
        raise syntax_error(error, _lark().terminals) from None
    return Genome(rules, source=text)


def as_genome(genome: Genome | str) -> Genome:
    """`genome` itself, or the one that the text writes."""
    return parse(genome) if isinstance(genome, str) else genome


@cache
def _lark() -> Lark:
    # Built on first use: the tables take some 30 ms, and importing evotrade must not.
    return Lark.open_from_package(
        __package__, "grammar.lark", parser="lalr", lexer=Lexer, transformer=_Builder(), start="genome"
    )


def _placed(token: Token, make: Callable[[], Made]) -> Made:
    """What `make` makes; a refusal gets the place of `token`."""
    try:
        return make()
    except GenomeError as error:
        raise error_at(token, error.message) from None


def _whole(token: Token, what: str, lowest: int, highest: int) -> int:
    # float first: int() refuses thousands of digits with an error of its own
    if float(token) > highest:
        shown = token.value if len(token) <= 20 else f"{token.value[:20]}…"
        raise error_at(token, f"{what} must be between {lowest} and {highest}, found {shown}")
    value = int(float(token))
    _placed(token, lambda: check_whole(what, value, lowest, highest))
    return value


@v_args(inline=True)
class _Builder(Transformer[Token, tuple[Rule, ...]]):
    """Makes nodes as Lark reduces; every refusal carries the place of the token it concerns."""

    def genome(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return rules

    def rules(self, *parts: tuple[Rule, ...] | tuple[Token, Rule]) -> tuple[Rule, ...]:
        earlier = cast(tuple[Rule, ...], parts[0] if len(parts) == 2 else ())
        start, rule = cast(tuple[Token, Rule], parts[-1])
        if len(earlier) == MAX_RULES:
            raise error_at(start, TOO_MANY_RULES)
        if sum(each.condition.size for each in (*earlier, rule)) > MAX_NODES:
            raise error_at(start, TOO_MANY_NODES)
        return (*earlier, rule)

    def rule(
        self,
        start: Token,
        condition: Condition,
        _: Token,
        then: Token,
        __: Token | None,
        otherwise: Token | None,
    ) -> tuple[Token, Rule]:
        actions = (cast(Action, (action or "HOLD").upper()) for action in (then, otherwise))
        return start, Rule(condition, *actions)

    def parenthesis(self, _: Token, inner: Node, __: Token) -> Node:
        return inner

    def logical(self, left: Condition, operator: Token, right: Condition) -> Logical:
        word: Literal["AND", "OR"] = "AND" if operator.type == "AND" else "OR"
        return _placed(operator, lambda: Logical(word, left, right))

    def not_(self, operator: Token, operand: Condition) -> Not:
        return _placed(operator, lambda: Not(operand))

    def comparison(self, left: Expression, operator: Token, right: Expression) -> Comparison:
        return _placed(operator, lambda: Comparison(cast(Relation, operator.value), left, right))

    def binary(self, left: Expression, operator: Token, right: Expression) -> Binary:
        return _placed(operator, lambda: Binary(cast(Arithmetic, operator.value), left, right))

    def pairwise(
        self, name: Token, _: Token, left: Expression, __: Token, right: Expression, ___: Token
    ) -> Binary:
        return _placed(name, lambda: Binary(cast(Arithmetic, name.upper()), left, right))

    def negative(self, operator: Token, operand: Expression) -> Unary:
        return _placed(operator, lambda: Unary("-", operand))

    def magnitude(self, name: Token, _: Token, operand: Expression, __: Token) -> Unary:
        return _placed(name, lambda: Unary("ABS", operand))

    def number(self, token: Token) -> Number:
        value = float(token)
        if value == float("inf"):
            raise error_at(token, "number is too large for a double")
        return Number(value)

    def symbol(self, token: Token, timeframe: Token | None, lag: Token | None) -> Symbol:
        name = token.upper()
        bars = 0 if lag is None else _whole(lag, "lag", 0, MAX_LAG)
        return Symbol(ALIASES.get(name, name), bars, _suffix(timeframe))

    def window(self, token: Token, timeframe: Token | None, argument: Expression, bars: Token) -> Window:
        name = token.upper()
        length = _whole(bars, "lag" if name == "LAG" else "window", 1, MAX_WINDOW)
        return _placed(token, lambda: Window(name, argument, length, _suffix(timeframe)))


def _suffix(timeframe: Token | None) -> str | None:
    return None if timeframe is None else timeframe[1:].upper()
