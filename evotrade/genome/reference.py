"""The tables of the language reference as Markdown, made from the tables that the program runs on."""

from __future__ import annotations

from collections.abc import Iterable

from evotrade.genome.functions import FUNCTIONS, SYMBOLS, Function


def symbols_table() -> str:
    """Symbols, their aliases and columns."""
    rows = ((column.name, column.alias, column.doc) for column in SYMBOLS.values())
    return _table(("symbol", "alias", "column"), rows)


def functions_table() -> str:
    """Functions and their values."""
    rows = ((f"`{signature(function)}`", function.doc) for function in FUNCTIONS.values())
    return _table(("function", "value"), rows)


def signature(function: Function) -> str:
    """How a call of the function is written: `AVG(x, n)`."""
    arguments = ", ".join("ab"[: function.arity]) if function.kind == "bar" else "x, n"
    return f"{function.name}({arguments})"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(head), *(tuple(row) for row in rows)]
    lines.insert(1, ("---",) * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
