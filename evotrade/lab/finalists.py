"""The finalists of a run, on validation: once, since a validation that is looked at twice is training."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from evotrade.cells import Phenotype, Viability, is_viable
from evotrade.evolution.dish import Dish
from evotrade.evolution.evaluation import Plan, evaluate_all
from evotrade.evolution.evidence import Evidence, Occasion, outcomes
from evotrade.evolution.fitness import measure_fitness
from evotrade.evolution.ledger import Trial
from evotrade.evolution.selection import Member
from evotrade.market.candles import Candles
from evotrade.store import Store


@dataclass(frozen=True, slots=True)
class Finals:
    """Where finalists are scored: `plan` is that of validation."""

    dish: Dish
    candles: Candles
    plan: Plan
    store: Store
    run_id: int

    def score(self, ranked: Sequence[Member], pool: Executor, workers: int) -> None:
        """Score the best of the population that were not scored yet, and judge them anew."""
        members = [one for one in ranked if one.trades >= self.dish.min_trades]
        finalists = [self.store.cell(one.cell_id) for one in members[: self.dish.finalists]]
        unscored = [cell for cell in finalists if all(row.split != "validation" for row in cell.phenotypes)]
        genomes = [one.genome for one in members if one.cell_id in {cell.cell_id for cell in unscored}]
        if not genomes or not self.plan.spans:
            return
        evaluations = evaluate_all(genomes, self.candles, self.plan, pool, workers)
        evidence, now = Evidence(self.plan, self.candles), datetime.now(UTC)
        ledger: list[Trial] = []
        scored: dict[int, tuple[Phenotype, ...]] = {}
        verdicts: list[tuple[int, Viability]] = []
        for cell, genome, evaluation in zip(unscored, genomes, evaluations, strict=True):
            fitness = measure_fitness(outcomes(evaluation, "validation"), self.dish)
            occasion = Occasion(
                "finalist", "", fitness.value, now, self.dish.name, self.run_id, cell.generation
            )
            ledger.extend(evidence.trials(genome, evaluation, occasion))
            scored[cell.cell_id] = evidence.phenotypes(evaluation, self.dish.seed)
            grown = replace(cell, phenotypes=cell.phenotypes + scored[cell.cell_id])
            verdicts.append((cell.cell_id, is_viable(grown, self.dish.viability)))
        self.store.save_scores(scored, ledger, _statuses(verdicts), now)


def _statuses(verdicts: Sequence[tuple[int, Viability]]) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(cell_id, verdict.status, verdict.reasons + verdict.warnings) for cell_id, verdict in verdicts]
