"""The language's grammar for a model's decoding: what it cannot write, no small model gets wrong.

Made of `genome/grammar.lark` and the tables of symbols and functions, as GBNF. `genome_gbnf` is the whole
language as the printer writes it. `answer_gbnf` is a JSON answer with such a genome in it; all its lengths
are bounded, so that a model of any size comes to an end. Of the language it takes what trades, like compared
with like and a side to buy and one to sell: a very small model would otherwise compare prices with volumes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from evotrade.genome.functions import FUNCTIONS, SYMBOLS, TIMEFRAMES, WINDOWS
from evotrade.genome.limits import MAX_LAG, MAX_RULES, MAX_WINDOW
from evotrade.genome.printer import Style
from evotrade.llm.gbnf import Wording, converted, one_of, quoted, text_of, whole_between

_START = "rules"  # the rule of grammar.lark below the separators at both ends
_ESCAPED_NEWLINE = "\\n"  # a newline inside a JSON string
_BOUNDED_REPEATS = {"rules": 3, "condition": 1, "conjunction": 1, "expression": 1, "product": 1}
_LETTERS, _NUMBERS = 120, 999  # of a bounded string and number
_SHORT_LINE, _LINE_LETTERS = 100, 32  # a string of at most so many letters is a line, and gets so many
_ITEMS = 3

# A double's every digit, zeros before them too, below 1e308, where all have a value.
_EXPONENT = f'"-" [0-9]{{1,3}} | {whole_between(0, 307)}'
_DECIMAL = f'[0-9]{{1,17}} "." [0-9]{{1,21}} | [0-9] ("." [0-9]{{1,17}})? "e" ({_EXPONENT})'


def genome_gbnf(style: Style = "abstract") -> str:
    """GBNF text of the language as the printer writes it in a style, one rule of a genome a line."""
    symbols = [column.alias if style == "readable" else name for name, column in SYMBOLS.items()]
    wording = Wording(_terminals(symbols, TIMEFRAMES), repeats={"rules": MAX_RULES - 1})
    return text_of({"root": _START, **converted(_lark(), _START, wording)})


def answer_gbnf(schema: Mapping[str, Any], *, whole_language: bool = False) -> str:
    """GBNF text of JSON answers in a JSON schema of pydantic's; a string named `genome` is a genome.

    `whole_language` takes all of the language, nested once, instead of what trades. Raises `ValueError`
    for what it does not know of JSON schema.
    """
    shape = _Shape(schema)
    root = shape.value(schema)
    genome = _bounded_language() if whole_language else _trading()
    return text_of({"root": root, **shape.rules, **(genome if shape.has_genome else {})})


def _lark() -> str:
    return files("evotrade.genome").joinpath("grammar.lark").read_text(encoding="utf-8")


def _terminals(symbols: Sequence[str], timeframes: Sequence[str]) -> dict[str, str]:
    """What a terminal of grammar.lark may be, in upper case and as the printer writes numbers."""
    return {
        "SYMBOL": one_of(symbols),
        "WINDOW": one_of([name for name in FUNCTIONS if name in WINDOWS]),
        "TIMEFRAME": one_of([f"_{timeframe}" for timeframe in timeframes]),
        "symbol.INTEGER": whole_between(0, MAX_LAG),
        "window.INTEGER": whole_between(1, MAX_WINDOW),
        "number.INTEGER": "[0-9]{1,17}",
        "NUMBER": _DECIMAL,
    }


@cache
def _bounded_language() -> Mapping[str, str]:
    """The language without suffixes, nested once."""
    readable = [SYMBOLS[name].alias for name in SYMBOLS if SYMBOLS[name].unit not in ("rate", "interest")]
    bounded = {
        "symbol.INTEGER": whole_between(0, 99),
        "window.INTEGER": whole_between(2, 99),
        "number.INTEGER": "[1-9] [0-9]?",
        "NUMBER": '[0-9] "." [0-9]{1,3}',
    }
    wording = Wording(
        {**_terminals(readable, ()), **bounded}, separator=_ESCAPED_NEWLINE, repeats=_BOUNDED_REPEATS, depth=1
    )
    rules = converted(_lark(), _START, wording)
    return {"genome": next(iter(rules)), **rules}


@cache
def _trading() -> Mapping[str, str]:
    """The part of the language that trades, in the words of its tables."""
    separator = quoted(_ESCAPED_NEWLINE)
    return {
        "genome": "rules",
        "rules": f'"IF " side " THEN BUY ELSE SELL" | {_pair("rising", "falling", separator)} | '
        f"{_pair('falling', 'rising', separator)}",
        "side": "rising | falling",
        "rising": 'higher (" AND " busy)?',
        "falling": 'lower (" AND " busy)?',
        "higher": _compared(">", "MAX", "BETA", (50, 75)),
        "lower": _compared("<", "MIN", "GAMMA", (25, 50)),
        "fast": f'{_now("DELTA")} | mean "({_word("DELTA")}, " [2-9] ")"',
        "slow": f'mean "({_word("DELTA")}, " bars ")" | "{_word("DELTA")}(" bars ")"',
        "busy": " | ".join(_more_than_usual(name) for name in ("EPSILON", "THETA")),
        "mean": one_of([name for name in ("AVG", "EMA") if FUNCTIONS[name].keeps_level]),
        "factor": '("0.8" | "1.2" | "1.5")',
        "bars": whole_between(10, 60),
    }


def _word(symbol: str) -> str:
    return SYMBOLS[symbol].alias


def _now(symbol: str) -> str:
    return quoted(f"{_word(symbol)}(0)")


def _pair(buy: str, sell: str, separator: str) -> str:
    return f'"IF " {buy} " THEN BUY" {separator} "IF " {sell} " THEN SELL"'


def _compared(relation: str, extreme: str, symbol: str, levels: tuple[int, int]) -> str:
    """Prices on one side of their mean, of an extreme of the bars before, or strong or weak by RSI."""
    channel = f'{_now("DELTA")} " {relation} {extreme}({_word(symbol)}(1), " bars ")"'
    strength = f'"RSI({_word("DELTA")}, " ([5-9] | "1" [0-9]) ") {relation} " ({whole_between(*levels)})'
    return f'fast " {relation} " slow | {channel} | {strength}'


def _more_than_usual(symbol: str) -> str:
    return f'{_now(symbol)} " > " factor " * AVG({_word(symbol)}, " bars ")"'


class _Shape:
    """A JSON schema's rules; `has_genome` once it has met a genome."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._definitions: Mapping[str, Any] = schema.get("$defs", {})
        self.rules = {"letter": "[a-zA-Z0-9 ,.%+-]"}
        self.has_genome = False

    def value(self, schema: Mapping[str, Any]) -> str:
        """The alternatives of a value."""
        if "$ref" in schema:
            return self.value(self._definitions[str(schema["$ref"]).rpartition("/")[2]])
        if "enum" in schema or "const" in schema:
            listed = schema.get("enum") or [schema["const"]]
            return f"({one_of([json.dumps(each) for each in listed])})"
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "string":
                return self._string(schema)
            case "number" | "integer":
                return _number(schema)
        raise ValueError(f"there is no GBNF here for JSON schema of the kind {sorted(schema)}")

    def _object(self, schema: Mapping[str, Any]) -> str:
        parts: list[str] = []
        for name, inner in schema["properties"].items():
            lead = ("{" if not parts else ", ") + f"{json.dumps(name)}: "
            parts.append(f"{quoted(lead)} {self._property(name, inner)}")
        return f"{' '.join(parts)} {quoted('}')}"

    def _property(self, name: str, schema: Mapping[str, Any]) -> str:
        if name == "genome" and schema.get("type") == "string":
            self.has_genome = True
            return '"\\"" genome "\\""'
        return self.value(schema)

    def _array(self, schema: Mapping[str, Any]) -> str:
        item = self.value(schema["items"])
        most = min(schema.get("maxItems", _ITEMS), _ITEMS)
        return f'"[" {item} (", " {item}){{0,{most - 1}}} "]"'

    def _string(self, schema: Mapping[str, Any]) -> str:
        most = schema.get("maxLength", _LETTERS)
        most = min(most, _LINE_LETTERS if most <= _SHORT_LINE else _LETTERS)
        return f'"\\"" [a-zA-Z] letter{{{min(3, most - 1)},{most - 1}}} "\\""'


def _number(schema: Mapping[str, Any]) -> str:
    lowest, highest = schema.get("minimum", 0), schema.get("maximum", _NUMBERS)
    if lowest < 0:
        return '"-"? [0-9] "." [0-9]'
    return f"({whole_between(int(lowest), int(min(highest, _NUMBERS)))})"
