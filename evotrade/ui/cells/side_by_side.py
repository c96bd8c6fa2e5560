"""Cells side by side: what they were measured on, their metrics, their equity on one axis."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd

from evotrade.cells import Cell, Phenotype
from evotrade.engine.backtest import Backtest
from evotrade.engine.buy_hold import buy_and_hold
from evotrade.engine.metrics import METRICS
from evotrade.plots.equity import Floats
from evotrade.ui import formats, phenotypes
from evotrade.ui.phenotypes import Series

HIGHER_IS_BETTER = frozenset(
    (
        *("net_profit", "return_pct", "cagr_pct", "sharpe", "sortino", "calmar", "omega", "win_rate_pct"),
        *("profit_factor", "expectancy_pct", "avg_trade_pct", "best_trade_pct", "worst_trade_pct", "sqn"),
        *("breakeven_bps", "final_equity"),
    )
)
LOWER_IS_BETTER = frozenset(
    ("volatility_pct", "max_drawdown_pct", "max_drawdown_bars", "avg_drawdown_pct", "max_loss_streak")
)
BEST = "▲ "
"""Stands before the best value of a row."""


class Sight(NamedTuple):
    """What a cell was looked at on: a market, a timeframe and a split of its candles."""

    market: Series
    timeframe: str
    split: str

    @property
    def label(self) -> str:
        """As a person says it."""
        return f"{self.market.label}, {self.timeframe}, {self.split}"


def sights(cell: Cell) -> dict[Sight, Phenotype]:
    """What the cell has numbers of, in the order in which they were stored."""
    return {
        Sight(Series(row.pair, row.source), row.timeframe, phenotypes.split_label(row)): row
        for row in cell.phenotypes
        if row.skipped is None
    }


def shared_sights(cells: Sequence[Cell]) -> list[Sight]:
    """What any of the cells has numbers of: evaluated before recorded, then what most of them have."""
    found = [sights(cell) for cell in cells]
    count = Counter(sight for rows in found for sight in rows)
    recorded = {sight: row.recorded for rows in found for sight, row in rows.items()}
    return sorted(count, key=lambda sight: (recorded[sight], -count[sight]))


class Column(NamedTuple):
    """One cell's numbers in the table; `alike` if they may be compared with those of the others."""

    cell: Cell
    phenotype: Phenotype | None
    alike: bool


def columns(cells: Sequence[Cell], sight: Sight | None) -> list[Column]:
    """For each cell its numbers at `sight`, or else the first that were evaluated, or else recorded.

    Alike are those at `sight` on one span.
    """
    seen = [sights(cell) for cell in cells]
    spans = Counter(_span(found[sight]) for found in seen if sight in found)
    common = spans.most_common(1)[0][0] if spans else None
    return [
        Column(
            cell,
            found[sight] if sight in found else _first(found.values()),
            sight in found and _span(found[sight]) == common,
        )
        for cell, found in zip(cells, seen, strict=True)
    ]


def _first(rows: Collection[Phenotype]) -> Phenotype | None:
    evaluated = (row for row in rows if not row.recorded)
    return next(evaluated, next(iter(rows), None))


def _span(phenotype: Phenotype) -> tuple[int, int]:
    return phenotype.start_s, phenotype.end_s


def metrics_table(side_by_side: Sequence[Column]) -> pd.DataFrame:
    """A row for each metric that some cell has, a column for each cell, the best of those alike marked."""
    known = [column.phenotype for column in side_by_side if column.phenotype]
    names = [name for name in METRICS if any(phenotypes.knows(row, name) for row in known)]
    rows = [_row(name, side_by_side) for name in names]
    labels = {"Metric": [formats.metric_row(name) for name in names]}
    columns = {column_name(column): [row[k] for row in rows] for k, column in enumerate(side_by_side)}
    return pd.DataFrame({**labels, **columns})


def column_name(column: Column) -> str:
    """Head of a cell's column; a star for numbers of something else than the others'."""
    return f"Cell {column.cell.cell_id}" + ("" if column.alike else " *")


def _row(name: str, side_by_side: Sequence[Column]) -> list[str]:
    """A metric of all cells as text."""
    texts = [formats.NO_VALUE] * len(side_by_side)
    values: dict[int, float] = {}
    for position, (_, phenotype, alike) in enumerate(side_by_side):
        if phenotype is None:
            continue
        value = phenotype.metrics.get(name, math.nan)
        texts[position] = formats.metric(name, value, formats.quote_currency(phenotype.pair))
        if alike and not math.isnan(value):
            values[position] = value
    marked = _best(name, values, texts)
    return [BEST * (position in marked) + text for position, text in enumerate(texts)]


def _best(name: str, values: Mapping[int, float], texts: Sequence[str]) -> set[int]:
    """Positions that look like the best value; none where no end is the better one, or all look the same."""
    if name not in HIGHER_IS_BETTER | LOWER_IS_BETTER or len({texts[position] for position in values}) < 2:
        return set()
    best = (max if name in HIGHER_IS_BETTER else min)(values, key=lambda position: values[position])
    return {position for position in values if texts[position] == texts[best]}


def differing_terms(shown: Sequence[Phenotype]) -> list[str]:
    """Names of what differs in the terms of execution, so that not only the genomes make the difference."""
    names = dict.fromkeys(name for row in shown for name in row.execution)
    return [name for name in names if len({repr(row.execution.get(name)) for row in shown}) > 1]


class Drawn(NamedTuple):
    """Equity of several cells at the closes that all of them have, each 100 at the start.

    `time` (n,) UTC, `lines` by the number of the cell (n,), `buy_hold` (n,) under the first one's costs,
    None where nothing could be bought. `cut` says that the cells were measured on different spans.
    """

    time: pd.DatetimeIndex
    lines: Mapping[int, Floats]
    buy_hold: Floats | None
    cut: bool


def on_one_axis(results: Mapping[int, Backtest]) -> Drawn | None:
    """The backtests of cells, by number; None where they have no two closes in common."""
    ends = {number: result.candles.end_s for number, result in results.items()}
    shared = reduce(np.intersect1d, ends.values())
    if len(shared) < 2:
        return None
    cut = any(len(end_s) != len(shared) for end_s in ends.values())
    lines = {
        number: _from_100(result.simulation.equity[np.isin(ends[number], shared)], result, cut)
        for number, result in results.items()
    }
    first, result = next(iter(results.items()))
    held = buy_and_hold(result.candles, result.execution)[np.isin(ends[first], shared)]
    benchmark = _from_100(held, result, cut) if np.isfinite(held).all() else None
    return Drawn(pd.to_datetime(shared, unit="s", utc=True), lines, benchmark, cut)


def _from_100(equity: Floats, result: Backtest, cut: bool) -> Floats:
    start = equity[0] if cut else result.execution.initial
    return np.asarray(100.0 * equity / start, dtype=np.float64)
