"""The one thread that carries the outbox and the ticks into DuckDB, so that nobody else waits for it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from evotrade.store.outbox import Outbox
from evotrade.store.records import Entry
from evotrade.store.rows import utc
from evotrade.store.store import Store
from evotrade.store.ticks import Tick

_log = logging.getLogger(__name__)
_BATCH = 2_000  # records in a transaction: others wait for a fraction of a second, and a backlog is soon gone
_BATCH_TICKS = 10_000
_MOST_TICKS = 100_000  # a hundred sessions for a quarter of an hour
_REMEMBERED = 512  # flushes, about the last eight minutes


class WriterStats(NamedTuple):
    """What the writer has done since it began.

    `failures` are flushes that did not succeed (their rows wait for the next), `error` says why the last
    one did not, "" if it did. Durations are those of successful flushes, the newest 512, in seconds, NaN
    before the first.
    """

    flushes: int
    failures: int
    records: int
    ticks: int
    ticks_waiting: int
    ticks_dropped: int
    p50_s: float
    p99_s: float
    error: str


class Writer:
    """Flushes once a second, and at once when nudged. What fails is kept and tried again.

    The store should have a short `write_wait_s`, since `close` waits for a flush that has begun.
    """

    def __init__(
        self, store: Store, outbox: Outbox, *, interval_s: float = 1.0, most_ticks: int = _MOST_TICKS
    ) -> None:
        """Begin. `most_ticks` bounds what is kept in memory while the store is away: older ones go first."""
        self._store, self._outbox, self._interval_s, self._most_ticks = store, outbox, interval_s, most_ticks
        self._ticks: deque[Tick] = deque()
        # Guards what follows, and wakes those who wait for a flush. Held for moments only.
        self._changed = threading.Condition()
        self._nudged = self._closing = self._drained = False
        self._begun = self._ended = 0  # passes; `_ended` is the last that carried over all there was
        self._flushes = self._failures = self._records = self._ticks_written = self._dropped = 0
        self._error = ""
        self._durations_s: deque[float] = deque(maxlen=_REMEMBERED)
        # A daemon thread: a process that must end does not wait for a store that is held by others.
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def add_ticks(self, ticks: Iterable[Tick]) -> None:
        """Keep them for the next flush; returns at once. `StoreError` for a time without a zone."""
        checked = [tick._replace(seen_at=utc(tick.seen_at, "time of a tick")) for tick in ticks]
        with self._changed:
            self._ticks.extend(checked)
            self._drop_oldest()

    def nudge(self) -> None:
        """Flush now rather than at the next second; returns at once."""
        with self._changed:
            self._nudged = True
            self._changed.notify_all()

    def drain(self, timeout_s: float) -> bool:
        """Wait until all that was committed and added before this call is in the store; whether it is."""
        with self._changed:
            target = self._begun + 1
            self._nudged = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._ended >= target, timeout_s)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Flush and end; whether all is in the store. What is not stays in the outbox, its ticks are lost."""
        deadline = time.monotonic() + timeout_s
        if not self._closing:
            self._drained = self.drain(timeout_s)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return self._drained

    def stats(self) -> WriterStats:
        """Counts and durations until now."""
        with self._changed:
            ordered = sorted(self._durations_s)
            counts = self._flushes, self._failures, self._records, self._ticks_written
            return WriterStats(
                *counts,
                ticks_waiting=len(self._ticks),
                ticks_dropped=self._dropped,
                p50_s=_quantile(ordered, 0.5),
                p99_s=_quantile(ordered, 0.99),
                error=self._error,
            )

    def _run(self) -> None:
        while self._wait():
            try:
                self._pass()
            except Exception as error:  # noqa: BLE001 - whatever happens, the rows wait and are tried again
                self._note_failure(error)

    def _wait(self) -> bool:
        """Sleep until it is time to flush; False when there is no more to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._nudged or self._closing, self._interval_s)
            self._nudged = False
            return not self._closing

    def _pass(self) -> None:
        """Carry over all there is, in several transactions if there is much."""
        with self._changed:
            self._begun += 1
            current = self._begun
        while self._flush():
            pass
        with self._changed:
            self._ended, self._error = current, ""
            self._changed.notify_all()

    def _flush(self) -> bool:
        """One transaction; whether there may be more to carry over."""
        entries, ticks = self._outbox.pending(_BATCH), self._take_ticks()
        if not entries and not ticks:
            return False
        began_s = time.monotonic()
        try:
            carry(self._store, entries, ticks)
        except BaseException:
            self._put_back(ticks)
            raise
        took_s = time.monotonic() - began_s
        if entries:  # killed before this, they are delivered once more, which changes nothing
            self._outbox.delivered(entries[-1].seq)
        with self._changed:
            self._flushes += 1
            self._records += len(entries)
            self._ticks_written += len(ticks)
            self._durations_s.append(took_s)
        return len(entries) == _BATCH or len(ticks) == _BATCH_TICKS

    def _take_ticks(self) -> list[Tick]:
        with self._changed:
            return [self._ticks.popleft() for _ in range(min(len(self._ticks), _BATCH_TICKS))]

    def _put_back(self, ticks: Sequence[Tick]) -> None:
        with self._changed:
            self._ticks.extendleft(reversed(ticks))
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        surplus = len(self._ticks) - self._most_ticks
        for _ in range(surplus):
            self._ticks.popleft()
        self._dropped += max(0, surplus)

    def _note_failure(self, error: Exception) -> None:
        with self._changed:
            self._failures += 1
            again, self._error = self._error == str(error), str(error)
        if not again:  # the same reason every second would bury the rest of the log
            _log.warning("the store takes no rows, which wait and are tried again: %s", error)


def carry(store: Store, entries: Sequence[Entry], ticks: Sequence[Tick]) -> None:
    """Records of the outbox and ticks into the store, in one transaction."""
    with store.write():
        store.deliver(entries)
        store.append_ticks(ticks)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan
