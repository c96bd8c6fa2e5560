"""When a run stops before its last generation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evotrade.evolution.search import Search

STOPPED_BY_PERSON = "stopped by a person"


@dataclass(frozen=True, slots=True)
class StopRules:
    """When a run stops before its last generation; None: never for that reason. `stop` asks a person."""

    fitness_goal: float | None = None
    max_seconds: float | None = None
    max_stagnation: int | None = None
    stop: Callable[[], bool] = lambda: False

    def struck(self, search: Search, elapsed_s: float) -> str | None:
        """Why the run stops now, or None when it goes on."""
        goal = self.fitness_goal
        if goal is not None and search.members and search.members[0].fitness >= goal:
            return "fitness goal reached"
        if self.max_seconds is not None and elapsed_s >= self.max_seconds:
            return "time is up"
        if self.max_stagnation is not None and search.rates.stagnant >= self.max_stagnation:
            return "no better cell for long"
        return STOPPED_BY_PERSON if self.stop() else None
