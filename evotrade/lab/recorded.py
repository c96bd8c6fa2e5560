"""Cells that somebody else evaluated: what all imports do with the numbers that were recorded."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

from evotrade.cells import Cell, Phenotype, ViabilityRules, is_viable, judged_fitness, objective
from evotrade.engine.slices import SLICES
from evotrade.errors import DataError, GenomeError
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


def proved_fitness(cell: Cell) -> float | None:
    """The fitness to keep of an imported cell; None where no result that makes one was computed here.

    The told one stands where `measure_fitness` may have made it of these, whatever the dish: the value at one
    timeframe, or the mean of all. Otherwise it is the one that viability judges.
    """
    series: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in _training(cell):
        if not row.recorded:
            series[row.pair, row.source, row.data_hash, row.split].append(_value(row, cell))
    if not series:
        return None
    known = [[value for value in values if not math.isnan(value)] for values in series.values()]
    honest = {value for values in known if values for value in (*values, fmean(values))}
    return cell.fitness if cell.fitness in honest else judged_fitness(cell)


def told_fitness(cell: Cell, name: str) -> float:
    """The fitness that `name` tells; `DataError` for one beyond what the cell's own results tell."""
    complaint = f"the fitness {cell.fitness:g} of cell {cell.cell_id} in {name}"
    repair = "export the cell again, or import it with its candles"
    if math.isinf(cell.fitness):
        raise DataError(f"{complaint} is infinite: {repair}")
    told = [_value(row, cell) for row in _training(cell) if objective(cell.objective).metric in row.metrics]
    if told and not math.isnan(cell.fitness):
        values = [value for value in told if not math.isnan(value)]
        ends = (min(values, default=math.nan), max(values, default=math.nan))
        rounded = any(math.isclose(cell.fitness, end, rel_tol=1e-6) for end in ends)  # by an earlier system
        if not (rounded or ends[0] <= cell.fitness <= ends[1]):
            low, high = (f"{end:g}" for end in ends)
            raise DataError(f"{complaint} is none of its results', {low} to {high}: {repair}")
    return cell.fitness


def _training(cell: Cell) -> Iterator[Phenotype]:
    """The results that make a fitness."""
    return (row for row in cell.phenotypes if row.split in ("train", "all") and row.skipped is None)


def _value(row: Phenotype, cell: Cell) -> float:
    return row.metrics.get(objective(cell.objective).metric, math.nan)


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
