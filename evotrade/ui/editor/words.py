"""The words that the editor offers while one is typed, made from the tables that the language runs on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from evotrade.genome.functions import FUNCTIONS, SYMBOLS, TIMEFRAMES, Column, Function
from evotrade.genome.reference import signature
from evotrade.ui.genome import ACTIONS, KEYWORDS, KINDS


class Word(NamedTuple):
    """A word to offer.

    `name` is written into the genome, `alias` finds it too; `shown` and `doc` are one line together.
    `calls` says that parentheses follow, `suffixed` that a timeframe may follow after an underscore.
    """

    name: str
    kind: str
    shown: str
    doc: str
    alias: str = ""
    calls: bool = False
    suffixed: bool = False


def words() -> tuple[Word, ...]:
    """Every word that may begin: symbols, functions, keywords, actions."""
    fixed = (Word(name, KINDS[name], name, doc) for name, doc in (KEYWORDS | ACTIONS).items())
    symbols = (_symbol(column) for column in SYMBOLS.values())
    functions = (_function(function) for function in FUNCTIONS.values())
    return (*symbols, *functions, *fixed)


def suffixes() -> tuple[Word, ...]:
    """Every timeframe that may follow a symbol or a window function."""
    return tuple(_suffixes())


def _symbol(column: Column) -> Word:
    says_more = column.doc.lower() != column.alias.lower()
    doc = f"{column.alias} · {column.doc}" if says_more else column.alias
    return Word(column.name, KINDS[column.name], column.name, doc, alias=column.alias, suffixed=True)


def _function(function: Function) -> Word:
    kind, name = KINDS[function.name], function.name
    window = function.kind == "window"
    return Word(name, kind, signature(function), function.doc, calls=True, suffixed=window)


def _suffixes() -> Iterator[Word]:
    for name in TIMEFRAMES:
        yield Word(f"_{name}", "", f"_{name}", f"on the {name.lower()} bars that are complete")
