"""From what an evaluation showed to what is kept of it: phenotypes for the cell, trials for the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from evotrade.cells import Phenotype
from evotrade.engine import ENGINE_VERSION
from evotrade.engine.population import Outcome
from evotrade.evolution.evaluation import Evaluation, Plan
from evotrade.evolution.ledger import Fate, Trial, settings_key
from evotrade.genome import Genome
from evotrade.market.candles import Candles


@dataclass(frozen=True, slots=True)
class Occasion:
    """On what occasion a trial was made; `outcome` and `reason` say what became of the genome."""

    outcome: Fate
    reason: str
    fitness: float
    created_at: datetime
    dish: str = ""
    run_id: int | None = None
    generation: int = 0
    operator: str = ""


def outcomes(evaluation: Evaluation, split: str) -> dict[str, Outcome]:
    """The outcomes of one split, by timeframe; timeframes that were skipped are left out."""
    return {
        timeframe: outcome
        for timeframe, evaluated in evaluation.items()
        for outcome in evaluated.outcomes
        if outcome.split == split
    }


def skips(evaluation: Evaluation) -> dict[str, str]:
    """Why a timeframe was skipped, for each that was."""
    return {name: evaluated.skipped for name, evaluated in evaluation.items() if evaluated.skipped}


def phenotypes(
    evaluation: Evaluation, plan: Plan, candles: Candles, seed: int | None = None
) -> tuple[Phenotype, ...]:
    """One phenotype a timeframe and split, with its provenance; a skipped timeframe says so."""
    return tuple(_phenotypes(evaluation, plan, candles, seed))


def _phenotypes(
    evaluation: Evaluation, plan: Plan, candles: Candles, seed: int | None
) -> Iterator[Phenotype]:
    execution = plan.execution.to_dict()
    for timeframe, spans in plan.spans.items():
        found = {outcome.split: outcome for outcome in evaluation[timeframe].outcomes}
        for span in spans:
            outcome = found.get(span.split)
            yield Phenotype(
                pair=candles.pair,
                source=candles.source,
                timeframe=timeframe,
                split=span.split,
                start_s=span.start_s,
                end_s=span.end_s,
                bars=outcome.bars if outcome else 0,
                metrics=outcome.metrics if outcome else {},
                base_timeframe=candles.timeframe,
                data_hash=candles.data_hash,
                series_start_s=int(candles.time_s[0]),
                series_end_s=int(candles.end_s[-1]),
                execution=execution,
                combine=plan.combine,
                engine_version=ENGINE_VERSION,
                seed=seed,
                skipped=evaluation[timeframe].skipped,
            )


def trials(
    genome: Genome, evaluation: Evaluation, plan: Plan, candles: Candles, occasion: Occasion
) -> tuple[Trial, ...]:
    """One trial for each timeframe and split that ran: each is a chance to be lucky of its own."""
    return tuple(
        _trial(genome, timeframe, outcome, plan, candles, occasion)
        for timeframe in plan.spans
        for outcome in evaluation[timeframe].outcomes
    )


def _trial(
    genome: Genome, timeframe: str, outcome: Outcome, plan: Plan, candles: Candles, occasion: Occasion
) -> Trial:
    span = next(span for span in plan.spans[timeframe] if span.split == outcome.split)
    settings: Mapping[str, object] = {
        "timeframe": timeframe,
        "combine": plan.combine,
        "execution": plan.execution.to_dict(),
    }
    return Trial(
        genome_id=genome.id,
        genome=str(genome),
        settings_key=settings_key(settings),
        pair=candles.pair,
        source=candles.source,
        timeframe=timeframe,
        split=outcome.split,
        start_s=span.start_s,
        end_s=span.end_s,
        bars=outcome.bars,
        trades=int(outcome.metrics["trades"]),
        fingerprint=outcome.fingerprint,
        slice_n=tuple(outcome.slices.n),
        slice_sum=tuple(outcome.slices.sum),
        slice_sum_sq=tuple(outcome.slices.sum_sq),
        skew=outcome.slices.skew,
        kurtosis=outcome.slices.kurtosis,
        outcome=occasion.outcome,
        reason=occasion.reason,
        fitness=occasion.fitness,
        created_at=occasion.created_at,
        dish=occasion.dish,
        run_id=occasion.run_id,
        generation=occasion.generation,
        operator=occasion.operator,
    )
