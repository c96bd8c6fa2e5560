"""Evaluation of many genomes at several timeframes through an executor, in the order given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass, field
from functools import lru_cache

from evotrade.engine.backtest import Span
from evotrade.engine.columns import Columns
from evotrade.engine.execution import Execution
from evotrade.engine.population import Evaluated, evaluate_population
from evotrade.errors import EvolutionError
from evotrade.genome import Genome
from evotrade.market.candles import Candles
from evotrade.market.resample import resample

_FEWEST_GENOMES_PER_TASK = 100  # they share what they compute: many small tasks would do it many times
_SERIES_KEPT = 4  # as many as a dish has timeframes; each holds up to its cache's bound in memory


@dataclass(frozen=True, slots=True)
class Plan:
    """What is evaluated besides the genome: the spans at each timeframe, costs and limits, the way to vote.

    `max_lookback` bounds, in bars of each timeframe, how far a genome may look back; left out: not at all.
    """

    spans: Mapping[str, tuple[Span, ...]]
    execution: Execution
    combine: str
    max_lookback: Mapping[str, int] = field(default_factory=dict)


Evaluation = Mapping[str, Evaluated]
"""What became of one genome, by timeframe."""


def evaluate_all(
    genomes: Sequence[Genome], candles: Candles, plan: Plan, executor: Executor, workers: int = 1
) -> list[Evaluation]:
    """Evaluate each genome on `candles` as `plan` says; results in the order of `genomes`.

    Raises `EvolutionError` when a worker dies.
    """
    tasks = max(1, min(workers, math.ceil(len(genomes) / _FEWEST_GENOMES_PER_TASK)))
    found: dict[int, Evaluation] = {}
    try:
        # dealt like cards, so that a stretch of costly genomes is not one worker's alone
        futures = [
            executor.submit(evaluate_batch, genomes[task::tasks], candles, plan) for task in range(tasks)
        ]
        for task, future in enumerate(futures):
            found.update(zip(range(task, len(genomes), tasks), future.result(), strict=True))
        return [found[number] for number in range(len(genomes))]
    except BrokenExecutor as error:
        raise EvolutionError(
            "a worker died (was there enough memory?): go on with --resume, with fewer workers"
        ) from error


def evaluate_batch(genomes: Sequence[Genome], candles: Candles, plan: Plan) -> list[Evaluation]:
    """One task: all of `genomes` at each timeframe of the plan."""
    by_timeframe = {
        timeframe: evaluate_population(
            genomes,
            series_columns(candles, timeframe),
            spans,
            plan.execution,
            plan.combine,
            plan.max_lookback.get(timeframe),
        )
        for timeframe, spans in plan.spans.items()
    }
    return [{name: rows[index] for name, rows in by_timeframe.items()} for index in range(len(genomes))]


@lru_cache(maxsize=_SERIES_KEPT)
def series_columns(candles: Candles, timeframe: str) -> Columns:
    """Columns of the series at `timeframe`; kept, so that a worker prepares each series once."""
    return Columns(candles if timeframe == candles.timeframe else resample(candles, timeframe))
