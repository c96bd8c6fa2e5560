"""Cells outside a dish: try a genome, create a cell of it, replay and reproduce what a cell showed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from evotrade.cells import Cell, Phenotype, is_viable, objective
from evotrade.engine import ENGINE_VERSION
from evotrade.engine.backtest import Backtest, Span, backtest
from evotrade.engine.execution import Execution
from evotrade.errors import DataError, NotFound
from evotrade.evolution.evaluation import Evaluation, Plan, evaluate_batch, series_columns
from evotrade.evolution.evidence import Occasion, outcomes, phenotypes, trials
from evotrade.evolution.ledger import Trial
from evotrade.genome import Genome, as_genome
from evotrade.lab.candles import keep_candles
from evotrade.lab.evolution import viability_rules
from evotrade.market.candles import Candles
from evotrade.settings import load_settings
from evotrade.store import Store


def whole_plan(candles: Candles, timeframes: Sequence[str], execution: Execution, combine: str) -> Plan:
    """A plan that judges the whole series at each timeframe."""
    spans = {}
    for name in timeframes:
        series = series_columns(candles, name).candles
        if not len(series):
            raise DataError(
                f"{len(candles)} bars of {candles.timeframe} make no bar of {name}: use more candles"
            )
        spans[name] = (Span.whole(series),)
    return Plan(spans, execution, combine)


def try_genome(
    genome: Genome | str,
    candles: Candles,
    *,
    store: Store,
    timeframes: Sequence[str] = (),
    execution: Execution | None = None,
    combine: str = "votes",
) -> tuple[Phenotype, ...]:
    """Evaluate a genome on all of `candles` and record the look as a trial. `GenomeError` if it can't run."""
    tree = as_genome(genome)
    plan = whole_plan(candles, timeframes or (candles.timeframe,), execution or Execution(), combine)
    evaluation = _evaluate(tree, candles, plan)
    count_looks([tree], [evaluation], plan, candles, store)
    return phenotypes(evaluation, plan, candles)


def count_looks(
    genomes: Sequence[Genome], evaluations: Sequence[Evaluation], plan: Plan, candles: Candles, store: Store
) -> None:
    """Record evaluations that made no cell as trials, in one transaction."""
    now = _now()
    ledger: list[Trial] = []
    for genome, evaluation in zip(genomes, evaluations, strict=True):
        occasion = Occasion("test", "", _fitness(evaluation, "return_pct"), now)
        ledger.extend(trials(genome, evaluation, plan, candles, occasion))
    store.add_trials(ledger)


def create_cell(
    genome: Genome | str,
    candles: Candles,
    *,
    store: Store,
    name: str = "",
    hypothesis: str = "",
    category: str = "",
    parent: int | None = None,
    timeframes: Sequence[str] = (),
    execution: Execution | None = None,
    combine: str = "votes",
) -> Cell:
    """A person's cell: evaluated on all of `candles`, judged, stored, and recorded as a trial.

    `parent` is the cell it was forked from. The candles go into the store too, so that the cell can be
    replayed. Raises `GenomeError`, `NotFound` for an unknown parent, `DataError` for candles without a pair
    or other than those in the store.
    """
    tree = as_genome(genome)
    forked_from = store.cell(parent) if parent is not None else None
    plan = whole_plan(candles, timeframes or (candles.timeframe,), execution or Execution(), combine)
    evaluation = _evaluate(tree, candles, plan)
    now = _now()
    cell = Cell(
        genome=str(tree),
        genome_id=tree.id,
        fitness=_fitness(evaluation, "return_pct"),
        created_at=now,
        name=name,
        hypothesis=hypothesis,
        category=category,
        generation=forked_from.generation + 1 if forked_from else 0,
        parent_id=parent,
        origin="person",
        combine=combine,
        phenotypes=phenotypes(evaluation, plan, candles),
    )
    verdict = is_viable(cell, viability_rules(load_settings()))
    cell = replace(cell, status=verdict.status, reasons=verdict.reasons + verdict.warnings)
    with store.write():
        keep_candles(candles, store)
        (cell_id,) = store.add_cells([cell])
        store.add_trials(trials(tree, evaluation, plan, candles, Occasion("born", "", cell.fitness, now)))
    return store.cell(cell_id)


def replay(store: Store, cell: Cell, phenotype: Phenotype, candles: Candles | None = None) -> Backtest:
    """The backtest behind one of the cell's phenotypes, on the stored candles or on those given.

    Raises `NotFound` when the phenotype was only recorded or skipped or its candles are not in the store,
    `DataError` when they are not those that it was made on.
    """
    if phenotype.recorded or phenotype.skipped:
        raise NotFound(
            f"cell {cell.cell_id} was not evaluated here at {phenotype.timeframe} on {phenotype.split}"
        )
    series = phenotype_candles(store, phenotype) if candles is None else candles
    inside = series.between(phenotype.series_start_s, phenotype.series_end_s)
    if inside.data_hash != phenotype.data_hash:
        raise DataError(
            f"these candles ({series!r}) are not those that cell {cell.cell_id} was evaluated on at "
            f"{phenotype.timeframe}: their contents differ"
        )
    return backtest(
        as_genome(cell.genome),
        series_columns(inside, phenotype.timeframe),
        execution=Execution.from_dict(phenotype.execution),
        combine=phenotype.combine,
        span=Span(phenotype.split, phenotype.start_s, phenotype.end_s),
    )


def phenotype_candles(store: Store, phenotype: Phenotype) -> Candles:
    """The stored series that a phenotype was made on."""
    return store.load_candles(
        phenotype.pair,
        phenotype.base_timeframe,
        source=phenotype.source,
        start_s=phenotype.series_start_s,
        end_s=phenotype.series_end_s,
    )


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A phenotype and its metrics computed again; `differing` names those that are not equal to the bit."""

    phenotype: Phenotype
    metrics: dict[str, float]
    differing: tuple[str, ...]


def reproduce(store: Store, cell_id: int, candles: Candles | None = None) -> list[Reproduction]:
    """Compute every phenotype of a cell again, on the stored candles or on those given, to the last bit.

    Raises `NotFound` when the cell has no phenotype that was evaluated here, `DataError` when the candles
    or the engine are not those that it was made with.
    """
    cell = store.cell(cell_id)
    rows = [row for row in cell.phenotypes if not row.recorded and not row.skipped]
    if not rows:
        raise NotFound(f"cell {cell_id} has only recorded numbers: evaluate it on candles first")
    return [_reproduce(store, cell, row, candles) for row in rows]


def _reproduce(store: Store, cell: Cell, row: Phenotype, candles: Candles | None) -> Reproduction:
    if row.engine_version != ENGINE_VERSION:
        raise DataError(
            f"cell {cell.cell_id} was evaluated by engine {row.engine_version}, this is {ENGINE_VERSION}: "
            "evaluate it anew"
        )
    metrics = replay(store, cell, row, candles).metrics
    differing = tuple(name for name, value in row.metrics.items() if not _same(value, metrics[name]))
    return Reproduction(row, dict(metrics), differing)


def _same(stored: float, computed: float) -> bool:
    return stored == computed or (math.isnan(stored) and math.isnan(computed))


def _evaluate(genome: Genome, candles: Candles, plan: Plan) -> Evaluation:
    """Evaluate one genome; unlike in a population, one that can run nowhere is the caller's mistake."""
    for timeframe in plan.spans:
        genome.lookback(timeframe)
    (evaluation,) = evaluate_batch([genome], candles, plan)
    return evaluation


def _fitness(evaluation: Evaluation, name: str) -> float:
    """The best of the timeframes on the whole series."""
    values = (row.metrics[objective(name).metric] for row in outcomes(evaluation, "all").values())
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def _now() -> datetime:
    return datetime.now(UTC)
