"""What random genomes, mutants and crossings may be made of, and how large they may grow."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from evotrade import timeframes
from evotrade.errors import SettingsError
from evotrade.genome.functions import FUNCTIONS, SYMBOLS, TIMEFRAMES, Unit
from evotrade.genome.genome import Genome
from evotrade.genome.limits import MAX_LAG, MAX_NODES, MAX_RULES, MAX_WINDOW
from evotrade.genome.lookback import fits, lookback

Item = TypeVar("Item")

_EVERY_MARKET = tuple(name for name, column in SYMBOLS.items() if column.unit not in ("rate", "interest"))


@dataclass(frozen=True)
class Palette:
    """The symbols, functions and timeframe suffixes to draw from, and the bounds of what is made.

    `timeframe` is the shortest base timeframe that the genomes must run on, `max_lookback` the most
    bars of it that they may need (None: any number). Raises `SettingsError` for a name that the language
    lacks, a suffix that `timeframe` cannot serve or a bound beyond the language's own.
    """

    symbols: tuple[str, ...] = _EVERY_MARKET
    functions: tuple[str, ...] = tuple(FUNCTIONS)
    timeframes: tuple[str, ...] = ()
    max_window: int = 200
    max_lag: int = 50
    max_rules: int = 4
    max_size: int = 40
    timeframe: str = "1h"
    max_lookback: int | None = None

    def __post_init__(self) -> None:
        if not self.symbols:
            raise SettingsError("a palette needs at least one symbol")
        named = (("symbol", self.symbols, SYMBOLS), ("function", self.functions, FUNCTIONS))
        for what, names, known in (*named, ("timeframe", self.timeframes, TIMEFRAMES)):
            for name in names:
                if name not in known:
                    raise SettingsError(f"unknown {what} {name!r} in a palette: use {', '.join(known)}")
        for suffix in self.timeframes:
            if not fits(suffix, self.timeframe):
                raise SettingsError(f"_{suffix} in a palette cannot be made of {self.timeframe} bars")
        for bound, lowest, highest in (
            ("max_window", 1, MAX_WINDOW),
            ("max_lag", 0, MAX_LAG),
            ("max_rules", 1, MAX_RULES),
            ("max_size", 3, MAX_NODES),
        ):
            if not lowest <= getattr(self, bound) <= highest:
                raise SettingsError(
                    f"{bound} must be between {lowest} and {highest}, found {getattr(self, bound)}"
                )

    @classmethod
    def for_columns(
        cls, columns: Collection[str], timeframe: str, max_lookback: int | None = None
    ) -> Palette:
        """The palette for candles with these columns: their symbols, and all longer timeframes that fit.

        THETA is made of high, low and close.
        """
        available = {*columns, "true_range"} if {"high", "low", "close"} <= set(columns) else set(columns)
        base_s = timeframes.length_s(timeframe)
        return cls(
            symbols=tuple(name for name, column in SYMBOLS.items() if column.column in available),
            timeframes=tuple(
                suffix
                for suffix in TIMEFRAMES
                if timeframes.length_s(suffix) > base_s and fits(suffix, timeframe)
            ),
            timeframe=timeframe,
            max_lookback=max_lookback,
        )

    @cached_property
    def windows(self) -> tuple[str, ...]:
        """Its window functions."""
        return tuple(name for name in self.functions if FUNCTIONS[name].kind == "window")

    @cached_property
    def level_windows(self) -> tuple[str, ...]:
        """Its window functions whose values lie where those of their arguments lie."""
        return tuple(name for name in self.windows if FUNCTIONS[name].keeps_level)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Its window functions whose values lie elsewhere."""
        return tuple(name for name in self.windows if not FUNCTIONS[name].keeps_level)

    @cached_property
    def level_pairs(self) -> tuple[str, ...]:
        """Its functions of single bars whose values lie where those of their arguments lie."""
        bars = (name for name in self.functions if FUNCTIONS[name].kind == "bar")
        return tuple(name for name in bars if FUNCTIONS[name].keeps_level)

    @cached_property
    def symbols_by_unit(self) -> Mapping[Unit, tuple[str, ...]]:
        """Its symbols that can be compared with each other."""
        units = {SYMBOLS[name].unit for name in self.symbols}
        return {unit: tuple(name for name in self.symbols if SYMBOLS[name].unit == unit) for unit in units}

    @cached_property
    def _fitting(self) -> frozenset[str]:
        """All suffixes whose bars can be made of its timeframe's, whether to be drawn or not."""
        return frozenset(suffix for suffix in TIMEFRAMES if fits(suffix, self.timeframe))

    def admits(self, genome: Genome, parent: Genome | None = None) -> bool:
        """Whether `genome` is within the bounds; a child may be as large as its parent, however large."""
        if parent is None:
            size, rules = self.max_size, self.max_rules
        else:
            size, rules = max(self.max_size, parent.size), max(self.max_rules, len(parent.rules))
        if genome.size > size or len(genome.rules) > rules:
            return False
        return self.max_lookback is None or (
            self._fitting.issuperset(genome.timeframes)
            and lookback(genome.rules, self.timeframe) <= self.max_lookback
        )

    def random_bars(self, rng: np.random.Generator, function: str, suffix: str | None) -> int:
        """Bars of a window, evenly spread over orders of magnitude; its own lookback is within bounds."""
        highest = self.max_window
        if self.max_lookback is not None:
            ratio = (
                1 if suffix is None else timeframes.length_s(suffix) // timeframes.length_s(self.timeframe)
            )
            per_bar = ratio * FUNCTIONS[function].lookback(1_000) / 1_000
            highest = min(highest, int(self.max_lookback / per_bar) - 2)
        lowest = 1 if function == "LAG" else 2
        return (
            lowest if highest <= lowest else round(math.exp(rng.uniform(math.log(lowest), math.log(highest))))
        )


def pick(rng: np.random.Generator, items: Sequence[Item]) -> Item:
    """One of `items`, each as likely; an order of magnitude faster than `Generator.choice`."""
    return items[int(rng.random() * len(items))]


def tidy(value: float) -> float:
    """`value` to four significant digits: a constant that a person can read."""
    return float(f"{value:.4g}")
