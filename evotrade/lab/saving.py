"""Generations on their way into the store, while the next one is asked for and evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from evotrade.evolution.records import GenerationRecord
from evotrade.store import Store


class Saver:
    """Stores generations in a thread of its own, each in one transaction, one after the other.

    Its end waits until what it was given is stored, also where an error ends the run. An error in storing is
    raised by whatever comes next: `save`, `wait` or the end.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="evotrade-save")
        self._saving: Future[dict[int, int]] | None = None

    def __enter__(self) -> Saver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._thread:
            self.wait()

    def save(self, record: GenerationRecord) -> None:
        """Begin to store a generation, after the one before is stored."""
        self.wait()
        self._saving = self._thread.submit(self._store.save_generation, record)

    def wait(self) -> Mapping[int, int]:
        """Wait until all is stored; the numbers of its cells by placeholder, once for each generation."""
        saving, self._saving = self._saving, None
        return saving.result() if saving else {}
