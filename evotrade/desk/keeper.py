"""What goes into the store without haste: candles seen, and what sessions were worth each second."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from evotrade.desk.books import moment
from evotrade.desk.counters import Counters
from evotrade.desk.runner import Runner
from evotrade.errors import StoreError
from evotrade.market.candles import Candles
from evotrade.store import Store
from evotrade.store.ticks import Tick
from evotrade.store.writer import Writer

_MOST_PIECES = 10_000


class Keeper:
    """Collects in the event loop; `flush` gives to the store and its writer."""

    def __init__(self, store: Store, writer: Writer, counters: Counters) -> None:
        self._store, self._writer, self._counters = store, writer, counters
        self._candles: deque[Candles] = deque(maxlen=_MOST_PIECES)
        self._marked_s: dict[int, float] = {}

    def keep(self, candles: Candles) -> None:
        """Store these candles at the next flush; returns at once."""
        if len(candles):
            self._candles.append(candles)

    def mark(self, runner: Runner) -> None:
        """Keep what the session is worth at its last quote, once for each quote."""
        quote = runner.quote
        if quote is None or self._marked_s.get(runner.session_id) == quote.at_s:
            return
        self._marked_s[runner.session_id] = quote.at_s
        worth = runner.core.book.worth(quote.price) - runner.core.plan.allocation
        self._writer.add_ticks([Tick(runner.session_id, moment(quote.at_s), quote.price, float(worth))])

    def mark_all(self, runners: Iterable[Runner]) -> None:
        """Keep what all of these are worth."""
        for runner in runners:
            self.mark(runner)

    def forget(self, session_id: int) -> None:
        """The session has ended."""
        self._marked_s.pop(session_id, None)

    def hurry(self) -> None:
        """Have records and ticks written now."""
        self._writer.nudge()

    async def flush(self) -> None:
        """Store the candles. What the store does not take waits; raises `StoreError` then."""
        while self._candles:
            pieces = [self._candles.popleft() for _ in range(min(len(self._candles), 100))]
            try:
                await asyncio.to_thread(self._save, pieces)
            except StoreError:
                self._candles.extendleft(reversed(pieces))
                raise

    def _save(self, pieces: list[Candles]) -> None:
        with self._store.write():
            for candles in pieces:
                self._store.save_candles(candles)
