"""Evaluation of many genomes: the one seam between the search and how fast the engine is.

Whatever stands behind `evaluate_population`, its numbers are those of `backtest`, to the last bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from evotrade.engine.backtest import Span
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.engine.execution import Execution
from evotrade.engine.facts import per_bar_returns
from evotrade.engine.invariance import check_prefix_invariance
from evotrade.engine.metrics import measure
from evotrade.engine.simulation import Decisions, simulate
from evotrade.engine.slices import SliceSums, slice_sums
from evotrade.errors import GenomeError
from evotrade.genome import Genome
from evotrade.market.candles import Candles


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
) -> list[Evaluated]:
    """Evaluate each genome on each span, in the order given.

    A genome whose timeframes cannot be made of these bars is skipped, and so is one that looks back
    further than `max_lookback` bars: where genomes compete, all must be able to decide on every bar.
    """
    candles = columns.candles
    stretches = [(span, span.bars(candles), candles[span.bars(candles)]) for span in spans]
    return [_evaluate(genome, columns, stretches, execution, combine, max_lookback) for genome in genomes]


def _evaluate(
    genome: Genome,
    columns: Columns,
    stretches: Sequence[tuple[Span, slice, Candles]],
    execution: Execution,
    combine: str,
    max_lookback: int | None,
) -> Evaluated:
    try:
        lookback = genome.lookback(columns.timeframe)
    except GenomeError as error:
        return Evaluated(genome.id, skipped=error.message)
    if max_lookback is not None and lookback > max_lookback:
        reason = f"looks back {lookback} bars of {columns.timeframe}, the warm-up has {max_lookback}"
        return Evaluated(genome.id, skipped=reason)
    decisions = decide(genome, columns, combine)
    for _, inside, _ in stretches:
        check_prefix_invariance(genome, columns, combine, decisions, (inside.start + inside.stop) // 2)
    outcomes = (_judge(decisions[inside], candles, span, execution) for span, inside, candles in stretches)
    return Evaluated(genome.id, tuple(outcomes))


def _judge(decisions: Decisions, candles: Candles, span: Span, execution: Execution) -> Outcome:
    simulation = simulate(decisions, candles, execution)
    returns = per_bar_returns(simulation.equity, execution.initial)
    return Outcome(
        split=span.split,
        metrics=measure(simulation, candles, execution),
        slices=slice_sums(returns, candles.time_s, span.start_s, span.end_s),
        fingerprint=fingerprint(decisions),
        bars=len(candles),
    )


def fingerprint(decisions: Decisions) -> str:
    """16 hexadecimal digits that name a behaviour: the same decisions, the same name."""
    return hashlib.blake2b(decisions.tobytes(), digest_size=8).hexdigest()
