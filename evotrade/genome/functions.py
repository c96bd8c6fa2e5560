"""The words of the language that name data and functions: one entry each, for all who need them.

The parser, the printer, lookback, the random operators and the reference page read these tables; the
evaluator has one kernel for each function. The abstract names are deliberate: evolution starts without
trading folklore. People may read and write the aliases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Unit = Literal["price", "range", "volume", "trades", "rate", "interest"]


@dataclass(frozen=True)
class Column:
    """A column of candles as a genome names it.

    `column` is the attribute of `Candles` (THETA's is derived), `lookback` the earlier bars that one
    value needs, `unit` what it is measured in: random genomes prefer to compare like with like.
    """

    name: str
    alias: str
    column: str
    unit: Unit
    doc: str
    lookback: int = 0


@dataclass(frozen=True)
class Function:
    """A function of the language.

    `kind` is `"window"` for `NAME(expression, n)` over n bars, `"bar"` for one that reads a single bar.
    `lookback(n)` counts the earlier bars that a window of n bars needs beyond its argument.
    `keeps_level` says that the value lies between the smallest and the largest value it was made of.
    """

    name: str
    kind: Literal["window", "bar"]
    arity: int
    lookback: Callable[[int], int]
    keeps_level: bool
    doc: str


def _by_name(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


SYMBOLS: dict[str, Column] = _by_name(
    Column("ALPHA", "OPEN", "open", "price", "open"),
    Column("BETA", "HIGH", "high", "price", "high"),
    Column("GAMMA", "LOW", "low", "price", "low"),
    Column("DELTA", "CLOSE", "close", "price", "close"),
    Column("EPSILON", "VOLUME", "volume", "volume", "volume in base currency"),
    Column("ZETA", "TRADES", "trades", "trades", "number of trades"),
    Column("OMEGA", "FUNDING", "funding_rate", "rate", "funding rate (0 where the market has none)"),
    Column("PSI", "INTEREST", "open_interest", "interest", "open interest (0 where the market has none)"),
    Column(
        "THETA",
        "TRUERANGE",
        "true_range",
        "range",
        "max(high − low, abs(high − previous close), abs(low − previous close))",
        lookback=1,
    ),
)
"""Symbols by abstract name, in the order of the reference."""

ALIASES: dict[str, str] = {column.alias: column.name for column in SYMBOLS.values()}
"""Readable alias → abstract name."""


def _one_less(bars: int) -> int:
    return bars - 1


def _all(bars: int) -> int:
    return bars


def _ema(bars: int) -> int:
    return 4 * bars - 1


def _none(bars: int) -> int:
    return 0


def _table(*functions: Function) -> dict[str, Function]:
    return {function.name: function for function in functions}


FUNCTIONS: dict[str, Function] = _table(
    Function("AVG", "window", 1, _one_less, True, "mean"),
    Function("SUM", "window", 1, _one_less, False, "sum"),
    Function("MAX", "window", 1, _one_less, True, "largest value"),
    Function("MIN", "window", 1, _one_less, True, "smallest value"),
    Function("STD", "window", 1, _one_less, False, "population standard deviation (ddof 0)"),
    Function(
        "EMA",
        "window",
        1,
        _ema,
        True,
        "exponential mean, alpha = 2/(n+1), over the last 4·n bars, weights renormalised to 1",
    ),
    Function("LAG", "window", 1, _all, True, "the expression as it was n bars ago"),
    Function(
        "RSI",
        "window",
        1,
        _all,
        False,
        "100 · mean gain / (mean gain + mean loss) over the last n changes, 50 when both are 0",
    ),
    Function("ABS", "bar", 1, _none, False, "magnitude"),
    Function("HIGHER", "bar", 2, _none, True, "the larger of two values"),
    Function("LOWER", "bar", 2, _none, True, "the smaller of two values"),
)
"""Functions by name, in the order of the reference."""

WINDOWS: frozenset[str] = frozenset(name for name, each in FUNCTIONS.items() if each.kind == "window")
"""Names of the window functions."""

TIMEFRAMES: tuple[str, ...] = ("5M", "15M", "30M", "1H", "4H", "1D", "1W")
"""Suffixes that a symbol or a window function may carry after an underscore, shortest first."""
