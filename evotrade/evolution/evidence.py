"""From what an evaluation showed to what is kept of it: phenotypes for the cell, trials for the ledger."""

from __future__ import annotations

from collections.abc import Iterator
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


class Evidence:
    """What all results of one plan on one series share, worked out once, and what is kept of each result."""

    def __init__(self, plan: Plan, candles: Candles) -> None:
        self._plan, self._candles = plan, candles
        self._series_s = int(candles.time_s[0]), int(candles.end_s[-1])
        self._execution = plan.execution.to_dict()
        self._settings_keys = {timeframe: self._settings_key(timeframe) for timeframe in plan.spans}

    def phenotypes(self, evaluation: Evaluation, seed: int | None = None) -> tuple[Phenotype, ...]:
        """One phenotype a timeframe and split, with its provenance; a skipped timeframe says so."""
        return tuple(self._phenotypes(evaluation, seed))

    def trials(self, genome: Genome, evaluation: Evaluation, occasion: Occasion) -> tuple[Trial, ...]:
        """One trial for each timeframe and split that ran: each is a chance to be lucky of its own."""
        return tuple(
            self._trial(genome, timeframe, outcome, occasion)
            for timeframe in self._plan.spans
            for outcome in evaluation[timeframe].outcomes
        )

    def _settings_key(self, timeframe: str) -> str:
        settings = {"timeframe": timeframe, "combine": self._plan.combine, "execution": self._execution}
        return settings_key(settings)

    def _phenotypes(self, evaluation: Evaluation, seed: int | None) -> Iterator[Phenotype]:
        series_start_s, series_end_s = self._series_s
        for timeframe, spans in self._plan.spans.items():
            found = {outcome.split: outcome for outcome in evaluation[timeframe].outcomes}
            for span in spans:
                outcome = found.get(span.split)
                yield Phenotype(
                    pair=self._candles.pair,
                    source=self._candles.source,
                    timeframe=timeframe,
                    split=span.split,
                    start_s=span.start_s,
                    end_s=span.end_s,
                    bars=outcome.bars if outcome else 0,
                    metrics=outcome.metrics if outcome else {},
                    base_timeframe=self._candles.timeframe,
                    data_hash=self._candles.data_hash,
                    series_start_s=series_start_s,
                    series_end_s=series_end_s,
                    execution=self._execution,
                    combine=self._plan.combine,
                    engine_version=ENGINE_VERSION,
                    seed=seed,
                    skipped=evaluation[timeframe].skipped,
                )

    def _trial(self, genome: Genome, timeframe: str, outcome: Outcome, occasion: Occasion) -> Trial:
        span = next(span for span in self._plan.spans[timeframe] if span.split == outcome.split)
        return Trial(
            genome_id=genome.id,
            genome=str(genome),
            settings_key=self._settings_keys[timeframe],
            pair=self._candles.pair,
            source=self._candles.source,
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
