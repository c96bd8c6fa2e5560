"""Fitness: one number of a genome's outcomes at each timeframe, and whether it traded enough to count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean
from typing import NamedTuple

from evotrade.cells import objective
from evotrade.engine.population import Outcome
from evotrade.evolution.dish import Dish


class Fitness(NamedTuple):
    """`value` in the objective's unit (NaN: none), and the number of entries that stand behind it."""

    value: float
    trades: int


def measure_fitness(outcomes: Mapping[str, Outcome], dish: Dish) -> Fitness:
    """Fitness on one split of the timeframes that could run.

    `best` prefers a timeframe with enough trades to one without; `mean` and `worst` stand on the timeframe
    with the fewest trades, also where that one has no value, so that one lucky entry at 1d does not carry a
    genome that trades at 1h only.
    """
    metric = objective(dish.objective).metric
    parts = [
        Fitness(value, int(row.metrics["trades"]))
        for row in outcomes.values()
        if not math.isnan(value := row.metrics[metric])
    ]
    if not parts:
        return Fitness(math.nan, max((int(row.metrics["trades"]) for row in outcomes.values()), default=0))
    if dish.aggregate == "best":
        return max(parts, key=lambda part: (part.trades >= dish.min_trades, part.trades > 0, part.value))
    fewest = min(int(row.metrics["trades"]) for row in outcomes.values())
    values = [part.value for part in parts]
    return Fitness(min(values) if dish.aggregate == "worst" else fmean(values), fewest)
