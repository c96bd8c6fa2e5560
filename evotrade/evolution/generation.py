"""What becomes of a brood: births, failures by reason, trials; from plain data to plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evotrade.cells import Cell, Origin, Phenotype, failure_to_be_born, is_viable
from evotrade.evolution.dish import Dish
from evotrade.evolution.evaluation import Evaluation, Plan
from evotrade.evolution.evidence import Evidence, Occasion, outcomes, skips
from evotrade.evolution.fitness import Fitness, measure_fitness
from evotrade.evolution.ledger import Trial
from evotrade.evolution.proposals import Proposal
from evotrade.evolution.search import Candidate
from evotrade.evolution.selection import Member
from evotrade.market.candles import Candles

CANNOT_RUN = "cannot run"
NEVER_ENTERED = "never entered a trade"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a brood is judged."""

    dish: Dish
    candles: Candles
    plan: Plan
    run_id: int
    generation: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a proposal: the cell, and why it was not born; empty where it was.

    A cell that was not born has the number 0, and is what it would have been.
    """

    proposal: Proposal
    cell: Cell
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A judged brood: all cells born, those of them alive as `newborn` members, the rest by reason.

    Cells and members carry the placeholder ids -1, -2, … in order of birth; `fates` are those of what a
    language model proposed.
    """

    cells: tuple[Cell, ...]
    newborn: tuple[Member, ...]
    trials: tuple[Trial, ...]
    failures: Mapping[str, int]
    fates: tuple[Fate, ...] = ()


def deliver(brood: Sequence[Candidate], evaluations: Sequence[Evaluation], setting: Setting) -> Delivery:
    """Judge a brood, in its order."""
    evidence = Evidence(setting.plan, setting.candles)
    cells: list[Cell] = []
    newborn: list[Member] = []
    ledger: list[Trial] = []
    failures: Counter[str] = Counter()
    fates: list[Fate] = []
    for candidate, evaluation in zip(brood, evaluations, strict=True):
        fitness = measure_fitness(outcomes(evaluation, "train"), setting.dish)
        reason = _failure(candidate, evaluation, fitness)
        proposal = candidate.proposal
        if reason is None or proposal is not None:
            phenotypes = evidence.phenotypes(evaluation, setting.dish.seed)
            number = 0 if reason else -len(cells) - 1
            cell = _cell(candidate, phenotypes, fitness, setting, cell_id=number)
            fates += [Fate(proposal, cell, reason or "")] if proposal else []
        if reason is None:
            cells.append(cell)
            if cell.status == "alive":
                newborn.append(_member(cell, candidate, evaluation, fitness))
        else:
            failures[reason] += 1
        occasion = Occasion(
            outcome="failed" if reason else "born",
            reason=reason or "",
            fitness=fitness.value,
            created_at=setting.now,
            dish=setting.dish.name,
            run_id=setting.run_id,
            generation=setting.generation,
            operator=candidate.operator,
        )
        ledger.extend(evidence.trials(candidate.genome, evaluation, occasion))
    return Delivery(tuple(cells), tuple(newborn), tuple(ledger), dict(failures), tuple(fates))


def _failure(candidate: Candidate, evaluation: Evaluation, fitness: Fitness) -> str | None:
    """Why the candidate is not born; founders always are, if only to show how chance alone does."""
    if len(skips(evaluation)) == len(evaluation):
        return CANNOT_RUN
    if candidate.parents and not any(row.metrics["trades"] for row in outcomes(evaluation, "train").values()):
        return NEVER_ENTERED  # its fitness of 0 would beat a losing parent, and it would be dead at birth
    return failure_to_be_born(fitness.value, candidate.parent_fitness)


def _cell(
    candidate: Candidate,
    phenotypes: tuple[Phenotype, ...],
    fitness: Fitness,
    setting: Setting,
    cell_id: int,
) -> Cell:
    parents = [parent.cell_id for parent in candidate.parents]
    said = candidate.proposal
    cell = Cell(
        genome=str(candidate.genome),
        genome_id=candidate.genome.id,
        fitness=fitness.value,
        created_at=setting.now,
        cell_id=cell_id,
        dish=setting.dish.name,
        generation=setting.generation,
        parent_id=parents[0] if parents else None,
        second_parent_id=parents[1] if len(parents) > 1 else None,
        origin=_origin(candidate),
        operator=candidate.operator,
        combine=setting.plan.combine,
        objective=setting.dish.objective,
        llm_name=said.name if said else None,
        llm_model=said.model if said else None,
        llm_category=said.category if said else None,
        llm_hypothesis=said.hypothesis if said else None,
        phenotypes=phenotypes,
    )
    verdict = is_viable(cell, setting.dish.viability)
    return replace(cell, status=verdict.status, reasons=verdict.reasons + verdict.warnings)


def _origin(candidate: Candidate) -> Origin:
    if candidate.proposal is not None:
        return "llm"
    return "evolution" if candidate.parents else "founder"


def _member(cell: Cell, candidate: Candidate, evaluation: Evaluation, fitness: Fitness) -> Member:
    """The cell as selection sees it; its fingerprint is that of its behaviour at all timeframes."""
    fingerprint = "+".join(outcome.fingerprint for outcome in outcomes(evaluation, "train").values())
    return Member(cell.cell_id, candidate.genome, fitness.value, fitness.trades, fingerprint)
