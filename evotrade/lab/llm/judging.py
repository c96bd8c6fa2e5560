"""The judge of a model's strategies: the bench that everyone's are tried on, in words that help to mend."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from evotrade.cells import Cell, Phenotype, failure_to_be_born, objective
from evotrade.engine.metrics import METRICS
from evotrade.errors import GenomeError, NotEnoughCandles
from evotrade.genome import as_genome
from evotrade.lab.bench import Bench
from evotrade.lab.cells import try_on
from evotrade.llm.answers import Proposal
from evotrade.llm.attempts import Judge, Outcome, Verdict
from evotrade.llm.views import UNSEEN, metrics_view, number
from evotrade.store import Store


def judge_on(
    bench: Bench, store: Store, parent: Cell | None = None, parent_fitness: float | None = None
) -> Judge:
    """A judge that tries a strategy on the bench, and enters each look into the ledger of trials.

    It takes what lives and would be born: with fitness above 0, or above the parent's. The parent itself, in
    other words, is refused.
    """

    def judge(proposal: Proposal) -> Verdict:
        if parent is not None and as_genome(proposal.genome).id == parent.genome_id:
            return Verdict(False, "The genome is the parent's, unchanged: change it as wished.")
        cell = try_on(bench, proposal.genome, store).cell
        outcome = outcome_of(cell, bench)
        poor = _why_poor(cell, outcome, parent_fitness)
        return Verdict(poor is None, _told(cell, outcome, poor), outcome)

    return judge


def outcome_of(cell: Cell, bench: Bench) -> Outcome:
    """What the bench showed of a cell-to-be."""
    rows = [row for row in cell.phenotypes if row.skipped is None and row.split not in UNSEEN]
    metrics: dict[str, dict[str, Mapping[str, float]]] = {}
    for row in rows:
        metrics.setdefault(row.timeframe, {})[row.split] = {
            name: value for name, value in metrics_view(row.metrics).items() if value is not None
        }
    first = _measured_at(cell, [row for row in rows if row.split == bench.training])
    return Outcome(
        genome_id=cell.genome_id,
        fitness=cell.fitness,
        status=cell.status,
        reasons=cell.reasons,
        timeframe=first.timeframe,
        split=first.split,
        trades=first.metrics["trades"],
        win_rate_pct=first.metrics["win_rate_pct"],
        sharpe=first.metrics["sharpe"],
        metrics=metrics,
    )


def parent_fitness_on(bench: Bench, parent: Cell, store: Store) -> float | None:
    """The parent's fitness on the same bench; None where it cannot run there."""
    try:
        return try_on(bench, parent.genome, store).cell.fitness
    except (GenomeError, NotEnoughCandles):
        return None


def _measured_at(cell: Cell, training: list[Phenotype]) -> Phenotype:
    """The result that the fitness is; the best by the objective where it is a mean of several."""
    metric = objective(cell.objective).metric

    def nearness(row: Phenotype) -> tuple[bool, float]:
        value = row.metrics[metric]
        return value == cell.fitness, -math.inf if math.isnan(value) else value

    return max(training, key=nearness)


def _why_poor(cell: Cell, outcome: Outcome, parent_fitness: float | None) -> str | None:
    if cell.status == "dead":
        return f"it would be born dead: {'; '.join(cell.reasons)}"
    if outcome.trades == 0:
        return "it never trades where its fitness is measured"
    # a strategy out of nothing has to earn something, too
    failure = failure_to_be_born(cell.fitness, parent_fitness if parent_fitness is not None else math.inf)
    if failure is None:
        return None
    if parent_fitness is None or math.isnan(parent_fitness):
        return f"its {_amount(cell, cell.fitness)} is not above 0"
    return f"its {_amount(cell, cell.fitness)} is neither above 0 nor above its parent's {parent_fitness:.4g}"


def _amount(cell: Cell, value: float) -> str:
    unit = " %" if METRICS[cell.objective].unit.startswith("%") else ""
    return f"{cell.objective} of {value:.4g}{unit}"


def _told(cell: Cell, outcome: Outcome, poor: str | None) -> str:
    """What the model is told: its verdict, and numbers of train and validation."""
    numbers = json.dumps(outcome.metrics)
    head = f"It was backtested: {poor}." if poor else "It was backtested, and serves."
    fitness = number(cell.fitness)
    return (
        f"{head} Its fitness ({cell.objective}, {outcome.split}) is {fitness}. Results:\n"
        f"{numbers}\nImprove it and give the whole answer again."
    )
