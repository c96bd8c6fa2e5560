"""Cells outside a dish: try a genome, create a cell of it, replay and reproduce what a cell showed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from evotrade.cells import Cell, Phenotype, is_viable
from evotrade.engine import ENGINE_VERSION
from evotrade.engine.backtest import Backtest, Span, backtest
from evotrade.engine.execution import Execution
from evotrade.errors import DataError, NotEnoughCandles, NotFound
from evotrade.evolution.evaluation import Evaluation, Plan, evaluate_batch, series_columns
from evotrade.evolution.evidence import Evidence, Occasion, outcomes, skips
from evotrade.evolution.fitness import measure_fitness
from evotrade.evolution.ledger import Trial
from evotrade.genome import Genome, as_genome
from evotrade.lab.bench import Bench, whole_bench
from evotrade.lab.candles import keep_candles, phenotype_candles
from evotrade.market.candles import Candles
from evotrade.store import Store
from evotrade.store.trials import Entry

BY_HAND = "hand"
"""The operator of a fork that a person wrote."""

BY_MODEL = "llm"
"""The operator of a fork that a model wrote."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a bench showed of a genome.

    `cell` is the one that it would be, with its phenotypes, fitness and status, as yet without a number;
    `trials` say where the ledger holds each look, `market_trials` counts those on that market and time
    that traded.
    """

    bench: Bench
    genome: Genome
    cell: Cell
    trials: tuple[Entry, ...]
    market_trials: int


def try_on(bench: Bench, genome: Genome | str, store: Store) -> Tried:
    """Evaluate a genome on a bench and record each timeframe and split as a trial, once.

    Raises `GenomeError` and `NotEnoughCandles` for a genome that can run at none of the timeframes.
    """
    tree = as_genome(genome)
    evaluation = _evaluate(tree, bench)
    cell = _cell(tree, evaluation, bench)
    occasion = Occasion("test", "", cell.fitness, cell.created_at)
    entries = store.enter_once(Evidence(bench.plan, bench.candles).trials(tree, evaluation, occasion))
    counted = store.count_trials(bench.candles.pair, bench.start_s, bench.end_s)
    return Tried(bench, tree, cell, tuple(entries), counted)


def create_on(
    bench: Bench,
    genome: Genome | str,
    store: Store,
    *,
    name: str = "",
    hypothesis: str = "",
    category: str = "",
    parent: int | None = None,
    llm_name: str = "",
    llm_hypothesis: str = "",
    llm_category: str = "",
    llm_model: str = "",
) -> Cell:
    """A person's cell: evaluated on the bench, judged, stored, and recorded as a trial.

    `parent` is the cell it was forked from; a person's cell belongs to no dish, not even to its parent's.
    What a model says of it goes into `llm_…`, which model it was into `llm_model`; either makes it a cell of
    the origin llm.
    The candles go into the store too, so that the cell can be replayed. Raises what `try_on` raises,
    `NotFound` for an unknown parent, `DataError` for candles without a pair or other than those in the store.
    """
    tree = as_genome(genome)
    forked_from = store.cell(parent) if parent is not None else None
    by_model = bool(llm_name or llm_hypothesis or llm_category or llm_model)
    evaluation = _evaluate(tree, bench)
    cell = replace(
        _cell(tree, evaluation, bench),
        name=name,
        hypothesis=hypothesis,
        category=category,
        generation=forked_from.generation + 1 if forked_from else 0,
        parent_id=parent,
        operator=(BY_MODEL if by_model else BY_HAND) if forked_from else "",
        origin="llm" if by_model else "person",
        llm_name=llm_name or None,
        llm_hypothesis=llm_hypothesis or None,
        llm_category=llm_category or None,
        llm_model=llm_model or None,
    )
    occasion = Occasion("born", "", cell.fitness, cell.created_at, "", None, cell.generation, cell.operator)
    looks = Evidence(bench.plan, bench.candles).trials(tree, evaluation, occasion)
    with store.write():
        keep_candles(bench.candles, store)
        (cell_id,) = store.add_cells([cell])
        store.enter_once(looks)
        return store.cell(cell_id)  # read here: a caller who found the store busy would make the cell again


def try_genome(
    genome: Genome | str,
    candles: Candles,
    *,
    store: Store,
    timeframes: Sequence[str] = (),
    execution: Execution | None = None,
    combine: str = "votes",
) -> tuple[Phenotype, ...]:
    """Evaluate a genome on all of `candles` and record the look as a trial; raises what `try_on` raises."""
    return try_on(whole_bench(candles, timeframes, execution, combine), genome, store).cell.phenotypes


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
    """A person's cell, evaluated on all of `candles`: see `create_on`."""
    objective = "return_pct" if parent is None else store.cell(parent).objective
    bench = whole_bench(candles, timeframes, execution, combine, objective)
    return create_on(bench, genome, store, name=name, hypothesis=hypothesis, category=category, parent=parent)


def count_looks(
    genomes: Sequence[Genome], evaluations: Sequence[Evaluation], plan: Plan, candles: Candles, store: Store
) -> None:
    """Record evaluations on all of the candles that made no cell as trials, in one transaction."""
    now = _now()
    evidence = Evidence(plan, candles)
    ledger: list[Trial] = []
    for genome, evaluation in zip(genomes, evaluations, strict=True):
        returns = (row.metrics["return_pct"] for row in outcomes(evaluation, "all").values())
        best = max((value for value in returns if not math.isnan(value)), default=math.nan)
        occasion = Occasion("test", "", best, now)
        ledger.extend(evidence.trials(genome, evaluation, occasion))
    store.enter_once(ledger)


def replay(store: Store, cell: Cell, phenotype: Phenotype, candles: Candles | None = None) -> Backtest:
    """The backtest behind one of the cell's phenotypes, on the stored candles or on those given.

    Also of one that another evotrade recorded. Raises `NotFound` when an earlier system recorded it, it was
    skipped, or its candles are not in the store, `DataError` when they are not those that it was made on.
    """
    if not phenotype.data_hash or phenotype.skipped:
        raise NotFound(
            f"cell {cell.cell_id} was not evaluated by evotrade at {phenotype.timeframe} on {phenotype.split}"
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


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A phenotype and its metrics computed again; `differing` names those that are not equal to the bit."""

    phenotype: Phenotype
    metrics: dict[str, float]
    differing: tuple[str, ...]


def reproduce(store: Store, cell_id: int, candles: Candles | None = None) -> list[Reproduction]:
    """Compute every phenotype of a cell again, on the stored candles or on those given, to the last bit.

    Raises `NotFound` when no evotrade evaluated the cell, `DataError` when the candles or the engine are not
    those that it was made with.
    """
    cell = store.cell(cell_id)
    rows = [row for row in cell.phenotypes if row.data_hash and not row.skipped]
    if not rows:
        raise NotFound(f"cell {cell_id} has only an earlier system's numbers: evaluate it on candles first")
    return [_reproduce(store, cell, row, candles) for row in rows]


def _reproduce(store: Store, cell: Cell, row: Phenotype, candles: Candles | None) -> Reproduction:
    if row.engine_version != ENGINE_VERSION:
        raise DataError(
            f"cell {cell.cell_id} was evaluated by engine {row.engine_version}, this is {ENGINE_VERSION}: "
            "evaluate it anew"
        )
    metrics = replay(store, cell, row, candles).metrics
    return Reproduction(row, dict(metrics), differing(row.metrics, metrics))


def differing(told: Mapping[str, float], computed: Mapping[str, float]) -> tuple[str, ...]:
    """Names of the metrics told that were computed otherwise, be it by a bit."""
    return tuple(name for name, value in told.items() if not _same(value, computed[name]))


def _same(told: float, computed: float) -> bool:
    return told == computed or (math.isnan(told) and math.isnan(computed))


def _evaluate(genome: Genome, bench: Bench) -> Evaluation:
    """Evaluate one genome; unlike in a population, one that can run nowhere is the caller's mistake."""
    (evaluation,) = evaluate_batch([genome], bench.candles, bench.plan)
    reasons = skips(evaluation)
    if len(reasons) == len(evaluation):
        timeframe, reason = next(iter(reasons.items()))
        genome.lookback(timeframe)  # says the place in the text, where the reason has one
        raise NotEnoughCandles(f"this genome {reason}: shorten its windows and lags, or use more candles")
    return evaluation


def _cell(genome: Genome, evaluation: Evaluation, bench: Bench) -> Cell:
    """The cell that the genome would be, judged as the bench's dish judges, but of no dish itself."""
    cell = Cell(
        genome=str(genome),
        genome_id=genome.id,
        fitness=measure_fitness(outcomes(evaluation, bench.training), bench.dish).value,
        created_at=_now(),
        origin="person",
        combine=bench.dish.combine,
        objective=bench.dish.objective,
        phenotypes=Evidence(bench.plan, bench.candles).phenotypes(evaluation),
    )
    verdict = is_viable(cell, bench.dish.viability)
    return replace(cell, status=verdict.status, reasons=verdict.reasons + verdict.warnings)


def _now() -> datetime:
    return datetime.now(UTC)
