"""A cell: a strategy with its lineage, its phenotypes and its status.

Birth and death are decided here, from plain data: a cell is born when its fitness is above 0, above
its parent's, or it is a founder; it is dead when `is_viable` finds a reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from evotrade.engine.metrics import METRICS
from evotrade.errors import GenomeError, SettingsError
from evotrade.genome import as_genome

Status = Literal["alive", "dead"]
Origin = Literal["founder", "evolution", "llm", "person", "import"]
ORIGINS: tuple[str, ...] = get_args(Origin)
CATEGORIES = ("momentum", "mean reversion", "trend", "breakout", "volatility", "volume", "other")
"""What kinds of strategies people tell apart; a cell may be of another one, or of none."""

_LABELS: Mapping[str, str] = {"alive": "🟢 alive", "dead": "💀 dead"}


def status_label(status: str) -> str:
    """The status as people see it everywhere: `🟢 alive` or `💀 dead`."""
    return _LABELS[status]


class Objective(NamedTuple):
    """What fitness measures: a metric, and the value below which a cell is dead."""

    metric: str
    dead_below: float
    doc: str


OBJECTIVES: Mapping[str, Objective] = {
    row.metric: row
    for row in (
        Objective("return_pct", -10.0, "return over the span, percent"),
        Objective("cagr_pct", -5.0, "compound annual growth, percent"),
        Objective("sharpe", -0.5, "annual Sharpe ratio"),
        Objective("sortino", -0.5, "annual Sortino ratio"),
        Objective("calmar", -0.2, "annual growth over maximum drawdown"),
        Objective("expectancy_pct", -0.5, "mean result of a closed trade, percent"),
    )
}


def objective(name: str) -> Objective:
    """The objective of that name. `SettingsError` lists the names there are."""
    try:
        return OBJECTIVES[name]
    except KeyError:
        raise SettingsError(f"unknown objective {name!r}: use one of {', '.join(OBJECTIVES)}") from None


@dataclass(frozen=True, slots=True)
class Phenotype:
    """A cell's metrics on one data set, timeframe and split, and all it takes to compute them again.

    `start_s` and `end_s` bound the span (Unix seconds, UTC), `bars` counts its bars at `timeframe`.
    The candles were a series of `base_timeframe` with contents `data_hash`, from `series_start_s` to
    `series_end_s`, and bars before the span served as warm-up. `recorded` marks numbers that another
    system computed; `skipped` says why the genome could not run at this timeframe.
    """

    pair: str
    source: str
    timeframe: str
    split: str
    start_s: int
    end_s: int
    bars: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    base_timeframe: str = ""
    data_hash: str = ""
    series_start_s: int = 0
    series_end_s: int = 0
    execution: Mapping[str, object] = field(default_factory=dict)
    combine: str = "votes"
    engine_version: str = ""
    seed: int | None = None
    recorded: bool = False
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One strategy as the store keeps it.

    `genome` is its text and `genome_id` names its canonical tree, "" where an imported text does not parse;
    `fitness` is in the objective's unit.
    """

    genome: str
    genome_id: str
    fitness: float
    created_at: datetime
    cell_id: int = 0
    name: str = ""
    dish: str = ""
    generation: int = 0
    parent_id: int | None = None
    second_parent_id: int | None = None
    origin: Origin = "person"
    operator: str = ""
    combine: str = "votes"
    objective: str = "return_pct"
    status: Status = "alive"
    reasons: tuple[str, ...] = ()
    category: str = ""
    hypothesis: str = ""
    llm_name: str | None = None
    llm_model: str | None = None
    llm_category: str | None = None
    llm_hypothesis: str | None = None
    phenotypes: tuple[Phenotype, ...] = ()


@dataclass(frozen=True, slots=True)
class ViabilityRules:
    """Thresholds of `is_viable`: beyond one, a cell gets a warning, or dies of it if `strict`.

    `min_trades` and `max_drawdown_pct` are on train; `max_decay_pct` is the share of the Sharpe ratio that
    may be lost from train to validation.
    """

    min_trades: int = 10
    max_drawdown_pct: float = 90.0
    max_decay_pct: float = 50.0
    strict: bool = False


class Viability(NamedTuple):
    """The verdict on a cell: dead has reasons, alive may have warnings."""

    alive: bool
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """`alive` or `dead`, as stored."""
        return "alive" if self.alive else "dead"


def failure_to_be_born(fitness: float, parent_fitness: float | None) -> str | None:
    """Why a candidate is not born, or None when it is; a founder has no parent and always is."""
    if parent_fitness is None or fitness > 0 or fitness > parent_fitness:
        return None
    if math.isnan(fitness):
        return "no value"
    return "lower than parent" if fitness < parent_fitness else "no better than parent"


def is_viable(cell: Cell, rules: ViabilityRules | None = None) -> Viability:
    """Whether the cell lives, by its own phenotypes: those evaluated here, otherwise those recorded.

    `cell` needs its phenotypes, as `Store.cell` gives it.
    """
    rules = rules or ViabilityRules()
    deaths = tuple(_deaths(cell))
    warnings = tuple(_warnings(cell, rules))
    if rules.strict:
        return Viability(not deaths and not warnings, deaths + warnings)
    return Viability(not deaths, deaths, warnings)


def _deaths(cell: Cell) -> Iterator[str]:
    if not cell.genome_id:
        yield f"does not parse: {_genome_error(cell.genome)}"
    fitness, dead_below = judged_fitness(cell), objective(cell.objective).dead_below
    if math.isnan(fitness):
        yield f"has no {cell.objective}: it could not be evaluated"
    elif fitness < dead_below:
        unit = " %" if METRICS[cell.objective].unit.startswith("%") else ""
        yield f"{cell.objective.removesuffix('_pct')} {fitness:.2f}{unit} is below {dead_below:g}{unit}"
    training = _judged(cell, ("train", "all"))
    if training and not any(phenotype.metrics.get("trades", 0) > 0 for phenotype in training):
        yield "never entered a trade on train, at any timeframe"


def _genome_error(text: str) -> str:
    try:
        as_genome(text)
    except GenomeError as error:
        return str(error)
    return "it does now: import it anew"


def _warnings(cell: Cell, rules: ViabilityRules) -> Iterator[str]:
    training = _judged(cell, ("train", "all"))
    most_trades = max((row.metrics.get("trades", 0) for row in training), default=0)
    if 0 < most_trades < rules.min_trades:
        yield f"too few trades to tell: {most_trades:.0f} of {rules.min_trades}"
    worst = max((row.metrics.get("max_drawdown_pct", 0) for row in training), default=0)
    if worst > rules.max_drawdown_pct:
        yield f"drawdown {worst:.1f} % is over {rules.max_drawdown_pct:g} %"
    validation = {row.timeframe: row for row in _judged(cell, ("validation",))}
    for before in training:
        after = validation.get(before.timeframe)
        if after and _decayed(before.metrics, after.metrics, rules.max_decay_pct):
            sharpe = after.metrics.get("sharpe", math.nan)
            left = "none" if math.isnan(sharpe) else f"{sharpe:.2f}"
            yield (
                f"Sharpe decays from {before.metrics['sharpe']:.2f} on train to {left} on validation "
                f"at {before.timeframe}"
            )


def _decayed(before: Mapping[str, float], after: Mapping[str, float], max_decay_pct: float) -> bool:
    """Sharpe is compared, since it does not grow with the length of a split as a return does."""
    sharpe = before.get("sharpe", math.nan)
    return sharpe > 0 and not after.get("sharpe", math.nan) >= sharpe * (1 - max_decay_pct / 100)


def _judged(cell: Cell, splits: Sequence[str]) -> list[Phenotype]:
    """The phenotypes of those splits that count: evaluated ones, or recorded ones where there are none."""
    ran = [row for row in cell.phenotypes if row.split in splits and row.skipped is None]
    return [row for row in ran if not row.recorded] or ran


def judged_fitness(cell: Cell) -> float:
    """The fitness that viability looks at.

    An imported cell keeps the fitness that was recorded; once it is evaluated here, the best of its
    timeframes is judged, as the earlier system did. Every other cell is judged by its own fitness.
    """
    evaluated = [row for row in _judged(cell, ("train", "all")) if not row.recorded]
    if cell.origin != "import" or not evaluated:
        return cell.fitness
    traded = [row for row in evaluated if row.metrics["trades"] > 0]  # staying out is no result
    values = [row.metrics[objective(cell.objective).metric] for row in traded or evaluated]
    return max((value for value in values if not math.isnan(value)), default=math.nan)
