"""How often what happened since the daemon's start, and a few numbers of now."""

from __future__ import annotations

import threading
from collections.abc import Mapping


class Counters:
    """Counts by name, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, float] = {}

    def add(self, name: str, by: float = 1) -> None:
        """Count something, `by` at once."""
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + by

    def put(self, name: str, value: float) -> None:
        """A number that may fall too: how something is now."""
        with self._lock:
            self._counts[name] = value

    def peak(self, name: str, value: float) -> None:
        """The highest value so far."""
        with self._lock:
            self._counts[name] = max(value, self._counts.get(name, value))

    def all(self) -> Mapping[str, float]:
        """A copy of all counts, by name in order."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def __getitem__(self, name: str) -> float:
        with self._lock:
            return self._counts.get(name, 0)
