"""What a run hands over after each generation: all of it is stored in one transaction, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evotrade.cells import Cell
from evotrade.evolution.ledger import Trial
from evotrade.evolution.proposals import AnswerKey


@dataclass(frozen=True, slots=True)
class GenerationStats:
    """One row of a run's history. Fitness is in the objective's unit, `seconds` is wall time."""

    generation: int
    evaluated: int
    born: int
    best: float
    median: float
    diversity: float
    cells_per_second: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What the evaluation of a language model's answer gave, on train at the timeframe of its fitness.

    `cell_id` is the placeholder of the cell that came of it, 0 where none was born, and then `reasons` say
    why; `metrics` are by timeframe, split and name.
    """

    key: AnswerKey
    cell_id: int
    genome_id: str
    fitness: float
    status: str
    reasons: tuple[str, ...]
    timeframe: str
    split: str
    trades: float
    win_rate_pct: float
    sharpe: float
    metrics: Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """One generation of one run: births, trials, failures by reason, statistics, checkpoint.

    `measured` are the answers of a language model that were evaluated with it.

    Newborn cells carry the placeholder ids -1, -2, … in order of birth; parents born in the same record
    are named by theirs. The store assigns real ids and puts them in the place of the placeholders, in
    `checkpoint["population"]` (a list of cell ids) too.
    """

    run_id: int
    stats: GenerationStats
    cells: Sequence[Cell]
    trials: Sequence[Trial]
    failures: Mapping[str, int]
    checkpoint: Mapping[str, object] = field(default_factory=dict)
    finished_at: datetime | None = None
    measured: Sequence[Measured] = ()
