"""A dish: a named, resumable experiment. Same dish, same data: the same cells in the same order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from evotrade import timeframes
from evotrade.cells import ViabilityRules, objective
from evotrade.engine import ENGINE_VERSION
from evotrade.engine.evaluator import COMBINES
from evotrade.engine.execution import Execution
from evotrade.errors import EvolutionError, SettingsError
from evotrade.evolution.splits import borders
from evotrade.genome.limits import MAX_NODES
from evotrade.market.candles import Candles

Aggregate = Literal["best", "mean", "worst"]
AGGREGATES: tuple[str, ...] = get_args(Aggregate)

_ROUNDING = 1e-9  # 0.29 of 100 are 29, which floats miss

_RANGES: Mapping[str, tuple[float, float]] = {
    "seed": (0, 2**63 - 1),  # what the store holds
    "population": (2, math.inf),
    "tournament": (1, math.inf),
    "crossover_share": (0, 1),
    "fresh_share": (0, 1),
    "llm_share": (0, 1),
    "max_size": (3, MAX_NODES),
    "min_trades": (0, math.inf),
    "finalists": (0, math.inf),
    "warmup_bars": (0, math.inf),
}


@dataclass(frozen=True, slots=True)
class Dish:
    """All that decides the outcome of an evolution. Refuses values out of range with `SettingsError`.

    `timeframe` and `data_hash` name the series, from `series_start_s` to `series_end_s` (Unix seconds);
    `timeframes` are those that fitness is measured at and `aggregate` makes one number of them.
    `shares` divide its bars into train, validation and vault; `borders_s` are the times at which that
    divided them when the dish was made, as `splits.borders` gives them, so that bars filled in later move no
    vault; () in a dish that was made before they were kept. `warmup_bars` come before the first judged bar
    at each timeframe, and again at each border. Selection prefers genomes with at least `min_trades`
    entries on train; no genome grows over `max_size` nodes. Each generation, `crossover_share` of the
    offspring have two parents and `fresh_share` none; `llm_share` of them, at most, are asked of a language
    model, fewer where it does not pay. `finalists` are scored on validation at the end.
    `viability` says which newborn live, `engine_version` whose numbers they are.
    """

    name: str
    pair: str
    source: str
    timeframe: str
    data_hash: str
    series_start_s: int
    series_end_s: int
    timeframes: tuple[str, ...]
    aggregate: Aggregate = "best"
    objective: str = "return_pct"
    execution: Execution = field(default_factory=Execution)
    combine: str = "votes"
    seed: int = 1
    population: int = 200
    tournament: int = 4
    crossover_share: float = 0.2
    fresh_share: float = 0.1
    max_size: int = 40
    min_trades: int = 10
    finalists: int = 10
    warmup_bars: int = 720
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2)
    viability: ViabilityRules = field(default_factory=ViabilityRules)
    engine_version: str = ENGINE_VERSION
    borders_s: tuple[int, ...] = ()
    llm_share: float = 0.0

    @property
    def most_by_model(self) -> int:
        """How many offspring of a generation a language model may write."""
        return int(self.population * self.llm_share + _ROUNDING)

    def __post_init__(self) -> None:
        object.__setattr__(self, "timeframes", tuple(map(str.lower, self.timeframes)))
        for name in ("shares", "borders_s"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # a list differs from itself read back
        objective(self.objective)
        if not self.name.isprintable() or not self.name.strip():
            raise SettingsError(f"a dish needs a name of one line, found {self.name!r}")
        if self.aggregate not in AGGREGATES:
            raise SettingsError(f"unknown aggregate {self.aggregate!r}: use one of {', '.join(AGGREGATES)}")
        if self.combine not in COMBINES:
            raise SettingsError(
                f"unknown way to combine rules {self.combine!r}: use one of {', '.join(COMBINES)}"
            )
        self._check_ranges()
        if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-9 or self.shares[0] == 0:
            raise SettingsError(f"splits {self.shares} must be shares of 1 with some of it for train")
        base_s = timeframes.length_s(self.timeframe)
        if not self.timeframes:
            raise SettingsError(
                f"dish {self.name!r} has no timeframe to measure fitness at: name one or more"
            )
        for name in self.timeframes:
            if timeframes.length_s(name) % base_s:
                raise SettingsError(f"timeframe {name} is not a multiple of the candles' {self.timeframe}")

    def _check_ranges(self) -> None:
        for name, (lowest, highest) in _RANGES.items():
            if not lowest <= getattr(self, name) <= highest:
                limit = f"at least {lowest}" if highest == math.inf else f"between {lowest} and {highest}"
                raise SettingsError(f"{name} of a dish must be {limit}, found {getattr(self, name)}")
        if self.llm_share and not self.most_by_model:
            raise SettingsError(
                f"llm_share {self.llm_share:g} of {self.population} genomes is less than one: give at least "
                f"{1 / self.population:.3g}"
            )

    @classmethod
    def of(cls, name: str, candles: Candles, **settings: Any) -> Dish:
        """A dish on that series; `timeframes` defaults to the series' own."""
        if not len(candles):
            raise EvolutionError(f"dish {name!r} has no candles: load some first")
        settings.setdefault("timeframes", (candles.timeframe,))
        made = cls(
            name=name,
            pair=candles.pair,
            source=candles.source,
            timeframe=candles.timeframe,
            data_hash=candles.data_hash,
            series_start_s=int(candles.time_s[0]),
            series_end_s=int(candles.end_s[-1]),
            **settings,
        )
        return replace(made, borders_s=borders(candles, made.shares))

    def to_dict(self) -> dict[str, Any]:
        """The dish as JSON keeps it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> Dish:
        """The dish that `to_dict` described."""
        viability = ViabilityRules(**spec["viability"])
        return cls(**{**spec, "viability": viability, "execution": Execution.from_dict(spec["execution"])})

    def differences(self, other: Dish) -> dict[str, tuple[Any, Any]]:
        """Settings in which the two differ, as (own, other's)."""
        mine, theirs = asdict(self), asdict(other)
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}
