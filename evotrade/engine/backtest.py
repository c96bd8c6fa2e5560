"""Backtest: a genome or a row of decisions on candles, with all that is known about the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.engine.execution import Execution
from evotrade.engine.facts import Ground
from evotrade.engine.metrics import measure
from evotrade.engine.reckoning import facts_of
from evotrade.engine.simulation import Decisions, Simulation, simulate
from evotrade.engine.slices import SliceSums
from evotrade.genome import Genome
from evotrade.market.candles import Candles


class Span(NamedTuple):
    """A named stretch of time, `[start_s, end_s)` in Unix seconds: one split of a dish, or all."""

    split: str
    start_s: int
    end_s: int

    @classmethod
    def whole(cls, candles: Candles) -> Span:
        """The split `all`: every bar."""
        start_s, end_s = (int(candles.time_s[0]), candles.stop_s) if len(candles) else (0, 0)
        return cls("all", start_s, end_s)

    def bars(self, candles: Candles) -> slice:
        """The bars that lie wholly inside."""
        first = int(np.searchsorted(candles.time_s, self.start_s))
        return slice(first, max(first, candles.ended_by(self.end_s)))


@dataclass(frozen=True, eq=False)
class Backtest:
    """One run: the candles of its span, the decisions (n,) on them, fills and equity, metrics by name.

    `slices` is what the ledger keeps of its returns, `notes` are sentences a reader of the numbers must know.
    """

    candles: Candles
    execution: Execution
    decisions: Decisions
    simulation: Simulation
    slices: SliceSums
    metrics: dict[str, float]
    notes: tuple[str, ...]


def backtest(
    genome: Genome,
    columns: Columns,
    execution: Execution | None = None,
    combine: str = "votes",
    span: Span | None = None,
    detail: Candles | None = None,
) -> Backtest:
    """Decide on the whole series and trade inside `span`, starting flat: the bars before it are warm-up.

    `detail` is the same market in shorter bars, which decides about stops and targets.
    Raises `GenomeError` where the genome cannot run on the bars' timeframe.
    """
    candles = columns.candles
    chosen = span or Span.whole(candles)
    inside = chosen.bars(candles)
    missing = genome.lookback(candles.timeframe) - inside.start
    decisions = decide(genome, columns, combine)[inside]
    return _run(decisions, candles if span is None else candles[inside], chosen, execution, detail, missing)


def backtest_decisions(
    decisions: Decisions,
    candles: Candles,
    execution: Execution | None = None,
    detail: Candles | None = None,
) -> Backtest:
    """Trade (n,) decisions: 1 buy, -1 sell, 0 hold. Raises `SettingsError` for another shape or value."""
    return _run(decisions, candles, Span.whole(candles), execution, detail, 0)


def _run(
    decisions: Decisions,
    candles: Candles,
    span: Span,
    execution: Execution | None,
    detail: Candles | None,
    missing_bars: int,
) -> Backtest:
    terms = execution or Execution()
    simulation = simulate(decisions, candles, terms, detail)
    ground = Ground(candles, terms, span.start_s, span.end_s)
    facts = facts_of([simulation], terms, ground, candles.close)
    notes = tuple(_notes(simulation, candles, missing_bars))
    return Backtest(candles, terms, decisions, simulation, facts.slices[0], measure(facts)[0], notes)


def _notes(simulation: Simulation, candles: Candles, missing_bars: int) -> Iterator[str]:
    if missing_bars >= len(candles):
        yield f"The lookback needs {missing_bars} more bars and there are {len(candles)}: no bar was decided."
    if simulation.halted_bar is not None:
        limit = "drawdown" if simulation.halt_reason == "max_drawdown" else "daily loss"
        when = f"{candles.timestamp[simulation.halted_bar]:%Y-%m-%d %H:%M} UTC"
        yield f"The {limit} limit struck at the close of bar {when} and ended the trading."
    if simulation.open_at_end:
        yield "The position open at the end is marked at the last close, without the costs of selling it."
    if simulation.refused_entries:
        yield f"{simulation.refused_entries} entries were below the exchange's minimum and did not happen."
