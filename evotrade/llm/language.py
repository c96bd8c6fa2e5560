"""The genome language as a model is taught it, made from the tables that parser and evaluator run on."""

from __future__ import annotations

from evotrade.genome.functions import TIMEFRAMES
from evotrade.genome.limits import MAX_DEPTH, MAX_LAG, MAX_NODES, MAX_RULES, MAX_WINDOW
from evotrade.genome.reference import functions_table, symbols_table

EXAMPLES = (
    "IF DELTA(0) > AVG(DELTA, 20) AND EPSILON(0) > 1.5 * AVG(EPSILON, 48) THEN BUY\n"
    "IF DELTA(0) < MIN_4H(GAMMA, 12) THEN SELL",
    "IF DELTA(0) > AVG(DELTA, 20) AND LAG(DELTA - AVG(DELTA, 20), 1) <= 0 THEN BUY\n"
    "IF RSI(DELTA, 14) > 70 THEN SELL",
)
"""Genomes that show rules, windows, suffixes and a crossing."""


def language_reference() -> str:
    """All that it takes to write a genome, as Markdown."""
    examples = "\n\n".join(f"```\n{example}\n```" for example in EXAMPLES)
    suffixes = ", ".join(f"_{name}" for name in TIMEFRAMES)
    return f"""\
# The genome language

A genome is a trading strategy: 1 to {MAX_RULES} rules, one a line, `IF condition THEN action` or
`IF condition THEN action ELSE action`. An action is BUY, SELL or HOLD; without ELSE it is HOLD. Every rule
votes at each closed bar, HOLD abstains. BUY opens a long position at the next bar's open, SELL closes it.
There are no short positions, no variables and no other statements.

- condition: a comparison of two expressions with > < >= <= == !=, joined by NOT, AND, OR and parentheses
- expression: a number, a symbol, a function, or + - * / of expressions with parentheses

`DELTA(3)` is the close three bars ago, `DELTA(0)` or `DELTA` the current bar's. A lag is a whole number, at
most {MAX_LAG}.

{symbols_table()}

In functions, n is a whole number of bars, written out, from 1 to {MAX_WINDOW}; x is any expression, which is
computed at each bar of the window: `AVG(DELTA - ALPHA, 20)`.

{functions_table()}

There are no other symbols or functions. A suffix ({suffixes})
on a symbol or a function reads longer bars: `MAX_4H(DELTA, 6)`. It must be the length of the bars that the
strategy runs on, or a multiple of it. A genome has at most {MAX_NODES} operators, comparisons, functions,
symbols and numbers, and nests at most {MAX_DEPTH} deep.

{examples}"""
