"""Numbers for people: a unit on each, a dash where there is no value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime

from evotrade.cells import Cell
from evotrade.engine.metrics import METRICS
from evotrade.ui.text import shortened

NO_VALUE = "–"

_SUFFIXES = {"%": " %", "% a year": " % a year", "bars": " bars", "bps a side": " bps a side"}
_DECIMALS = {"count": 0, "bars": 1, "bps a side": 1}
_MONEY = "quote currency"
_NO_DECIMALS_FROM = 1_000
_CURRENCY_LENGTH = 12
_SCALES = ((1e12, " T"), (1e9, " B"), (1e6, " M"))
_DAY_S, _YEAR_S = 86_400, 365 * 86_400
_DURATIONS = (
    ("years", _YEAR_S, 2 * _YEAR_S),
    ("days", _DAY_S, 2 * _DAY_S),
    ("h", 3_600, 3_600),
    ("min", 60, 60),
)
_TENTHS_BELOW = 10
_UNIT_WORDS = ("pct", "bps", "bars")
_SPELLED = {"cagr": "CAGR", "sqn": "SQN", "avg": "average"}
_SAID = {"buy_hold_return_pct": "Buy and hold", "max_drawdown_bars": "Longest drawdown"}


def metric(name: str, value: float | None, quote: str = "") -> str:
    """A metric's value with its unit, money in `quote`; a dash for NaN or None."""
    if value is None or math.isnan(value):
        return NO_VALUE
    unit = METRICS[name].unit
    suffix = f" {quote}" if unit == _MONEY and quote else _SUFFIXES.get(unit, "")
    decimals = 0 if unit == "bars" and value.is_integer() else _DECIMALS.get(unit, 2)
    return f"{value:,.{decimals}f}{suffix}".replace("-", "−", 1)


def headline(name: str, value: float) -> str:
    """A metric's value with its unit, short enough for a card: `23,164 %`, `1.23 M %`."""
    size = abs(value)
    if not _NO_DECIMALS_FROM <= size < math.inf:  # NaN, too
        return metric(name, value)
    scale, letter = next((step for step in _SCALES if size >= step[0]), (1.0, ""))
    suffix = _SUFFIXES.get(METRICS[name].unit, "")
    return f"{value / scale:,.{2 if letter else 0}f}{letter}{suffix}".replace("-", "−", 1)


def metric_label(name: str) -> str:
    """`max_drawdown_pct` as people say it, `Max drawdown`: its unit stands at the value."""
    words = [_SPELLED.get(word, word) for word in name.split("_") if word not in _UNIT_WORDS]
    text = " ".join(words)
    return _SAID.get(name, text[:1].upper() + text[1:])


def metric_row(name: str) -> str:
    """The label of a metric's row in a table, with the unit where the values are written without."""
    unit = METRICS[name].unit
    written = unit in ("", "count", _MONEY) or unit in _SUFFIXES
    return metric_label(name) if written else f"{metric_label(name)}, {unit}"


def fitness(cell: Cell) -> str:
    """The cell's fitness with what it measures: `3.20 % return`."""
    return f"{metric(cell.objective, cell.fitness)} {metric_label(cell.objective).lower()}"


def fitness_format(objectives: Iterable[str]) -> str:
    """The number format of a column of fitness: percent where all rows are."""
    percent = all(METRICS[name].unit.startswith("%") for name in objectives)
    return "%,.2f %%" if percent else "%,.2f"


def quote_currency(pair: str) -> str:
    """`USD` of `BTC/USD`, as far as it is no longer than a name; empty where the pair does not say it."""
    return shortened(pair.partition("/")[2], _CURRENCY_LENGTH)


def day(time_s: int) -> str:
    """A Unix time as a day, UTC."""
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d}"


def moment(time: datetime) -> str:
    """A time to the minute, UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it: `45 s`, `1.5 h`, `12 days`."""
    for unit, length_s, from_s in _DURATIONS:
        if seconds >= from_s:
            value = seconds / length_s
            return f"{value:.{int(value < _TENTHS_BELOW)}f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def counted(number: int, noun: str) -> str:
    """A number with its noun, as people say it."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
