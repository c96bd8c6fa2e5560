"""Evaluation of many genomes: the one seam between the search and how fast the engine is.

Whatever stands behind `evaluate_population`, its numbers are those of `backtest`, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evotrade.engine.backends import CORE, Backend, Stage, best_backend
from evotrade.engine.backtest import Span
from evotrade.engine.columns import Columns
from evotrade.engine.decisions import check_group, decide_many
from evotrade.engine.execution import Execution
from evotrade.engine.metrics import measure
from evotrade.engine.simulation import Decisions
from evotrade.engine.slices import SliceSums
from evotrade.engine.windows import Floats
from evotrade.errors import GenomeError
from evotrade.genome import Genome


@dataclass(frozen=True, slots=True)
class Outcome:
    """A genome on one span: metrics by name, sums for the ledger, the name of its behaviour there."""

    split: str
    metrics: dict[str, float]
    slices: SliceSums
    fingerprint: str
    bars: int


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A genome on all spans, in their order; or none, and `skipped` says why it cannot run there."""

    genome_id: str
    outcomes: tuple[Outcome, ...] = ()
    skipped: str | None = None


def evaluate_population(
    genomes: Sequence[Genome],
    columns: Columns,
    spans: Sequence[Span],
    execution: Execution,
    combine: str = "votes",
    max_lookback: int | None = None,
    backend: Backend | None = None,
) -> list[Evaluated]:
    """Evaluate each genome on each span, in the order given.

    A genome whose timeframes cannot be made of these bars is skipped, and so is one that looks back
    further than `max_lookback` bars: where genomes compete, all must be able to decide on every bar.
    Without a `backend`, the best one that is ready is taken; all give the same bits.
    """
    reaches = [_reach(genome, columns.timeframe, max_lookback) for genome in genomes]
    able = [(one, reach) for one, reach in zip(genomes, reaches, strict=True) if isinstance(reach, int)]
    backend = backend or best_backend(len(able) * len(columns))
    outcomes = iter(_evaluate(able, columns, spans, execution, combine, backend))
    return [
        Evaluated(one.id, skipped=reach) if isinstance(reach, str) else Evaluated(one.id, next(outcomes))
        for one, reach in zip(genomes, reaches, strict=True)
    ]


def screen_population(
    genomes: Sequence[Genome],
    columns: Columns,
    span: Span,
    execution: Execution,
    combine: str = "votes",
    backend: Backend | None = None,
) -> Floats:
    """(genomes, metrics) the metrics of `backends.CORE` on one span, as `evaluate_population` has them.

    A first look, at half the cost or less: no statistics of returns, no fingerprints, and no second look at
    prefix invariance. NaN for a genome whose timeframes cannot be made of these bars.
    """
    inside = span.bars(columns.candles)
    reaches = [_reach(genome, columns.timeframe, None) for genome in genomes]
    able = [number for number, reach in enumerate(reaches) if isinstance(reach, int)]
    pairs = [(genomes[number], reach) for number, reach in enumerate(reaches) if isinstance(reach, int)]
    backend = backend or best_backend(len(able) * len(columns))
    stage = Stage.of(columns.candles[inside], execution, span.start_s, span.end_s)
    found, numbers = np.full((len(genomes), len(CORE)), np.nan), np.array(able, dtype=np.int64)
    judged = np.zeros(len(able), dtype=np.bool_)
    for group in decide_many(pairs, columns, inside, combine, backend):
        found[numbers[group.numbers]] = backend.screen(group.decisions, 0, stage)
        judged[group.numbers] = True
    if not judged.all():  # those look back over all there is, and so never decide
        never = np.zeros((1, inside.stop - inside.start), np.int8)
        found[numbers[~judged]] = backend.screen(never, 0, stage)
    return found


def _reach(genome: Genome, timeframe: str, max_lookback: int | None) -> int | str:
    """The lookback of a genome, or why it cannot be evaluated."""
    try:
        lookback = genome.lookback(timeframe)
    except GenomeError as error:
        return error.message
    if max_lookback is not None and lookback > max_lookback:
        return f"looks back {lookback} bars of {timeframe}, the warm-up has {max_lookback}"
    return lookback


def _evaluate(
    genomes: Sequence[tuple[Genome, int]],
    columns: Columns,
    spans: Sequence[Span],
    execution: Execution,
    combine: str,
    backend: Backend,
) -> list[tuple[Outcome, ...]]:
    candles = columns.candles
    insides = [span.bars(candles) for span in spans]
    needed = slice(
        min((inside.start for inside in insides), default=0),
        max((inside.stop for inside in insides), default=0),
    )
    views = [
        _View(
            span, inside.start - needed.start, Stage.of(candles[inside], execution, span.start_s, span.end_s)
        )
        for span, inside in zip(spans, insides, strict=True)
    ]
    found: list[tuple[Outcome, ...] | None] = [None] * len(genomes)
    for group in decide_many(genomes, columns, needed, combine, backend):
        judged = [view.judge(group.decisions, backend) for view in views]
        for number, *outcomes in zip(group.numbers, *judged, strict=True):
            found[number] = tuple(outcomes)
        for inside in insides:
            check_group(group, columns, needed, (inside.start + inside.stop) // 2, backend)
    never = np.zeros((1, needed.stop - needed.start), np.int8)  # of one that looks back over all there is
    silent = tuple(view.judge(never, backend)[0] for view in views) if None in found else ()
    return [silent if outcomes is None else outcomes for outcomes in found]


@dataclass(frozen=True)
class _View:
    """One span of an evaluation, which begins at bar `first` of the decisions."""

    span: Span
    first: int
    stage: Stage

    def judge(self, decisions: Decisions, backend: Backend) -> list[Outcome]:
        bars = len(self.stage.candles)
        facts = backend.judge(decisions, self.first, self.stage)
        names = backend.fingerprints(decisions, self.first, bars)
        return [
            Outcome(self.span.split, metrics, slices, name, bars)
            for metrics, slices, name in zip(measure(facts), facts.slices, names, strict=True)
        ]
