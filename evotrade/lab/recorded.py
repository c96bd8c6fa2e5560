"""Cells that somebody else evaluated: what all imports do with the numbers that were recorded."""

from __future__ import annotations

import math
from dataclasses import replace

from evotrade.cells import Cell, Phenotype, ViabilityRules, is_viable
from evotrade.engine.slices import SLICES
from evotrade.errors import GenomeError
from evotrade.evolution.evidence import Occasion
from evotrade.evolution.ledger import Trial, settings_key
from evotrade.genome import as_genome


def genome_id_of(text: str) -> str:
    """Id of the genome, empty when it does not parse: such a cell is brought in too, as a dead one."""
    try:
        return as_genome(text).id
    except GenomeError:
        return ""


def judged(cell: Cell, rules: ViabilityRules) -> Cell:
    """The cell with its status and reasons by the rules in force here, whatever they were elsewhere."""
    verdict = is_viable(cell, rules)
    return replace(cell, status=verdict.status, reasons=verdict.reasons + verdict.warnings)


def recorded_trial(genome: str, phenotype: Phenotype, occasion: Occasion) -> Trial:
    """A trial without slice sums: the returns behind recorded numbers were not kept.

    Nor was a failed mutation's number of trades: a fitness other than 0 took at least one.
    """
    trades = phenotype.metrics.get("trades", math.nan)
    settings = {
        "recorded": True,
        "timeframe": phenotype.timeframe,
        "combine": phenotype.combine,
        "execution": dict(phenotype.execution),
    }
    return Trial(
        genome_id=genome_id_of(genome),
        genome=genome,
        settings_key=settings_key(settings),
        pair=phenotype.pair,
        source=phenotype.source,
        timeframe=phenotype.timeframe,
        split=phenotype.split,
        start_s=phenotype.start_s,
        end_s=phenotype.end_s,
        bars=phenotype.bars,
        outcome=occasion.outcome,
        reason=occasion.reason,
        fitness=occasion.fitness,
        trades=int(occasion.fitness != 0) if math.isnan(trades) else int(trades),
        fingerprint="",
        slice_n=(0,) * SLICES,
        slice_sum=(0.0,) * SLICES,
        slice_sum_sq=(0.0,) * SLICES,
        skew=math.nan,
        kurtosis=math.nan,
        created_at=occasion.created_at,
        dish=occasion.dish,
        run_id=occasion.run_id,
        generation=occasion.generation,
        operator=occasion.operator,
    )
