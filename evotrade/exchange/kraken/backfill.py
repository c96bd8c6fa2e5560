"""Which bars must be fetched, when, and what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from evotrade.exchange.kraken.budget import Monotonic
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.history import History
from evotrade.exchange.kraken.pair_feed import PairFeed, Tell
from evotrade.exchange.kraken.series import Series


@dataclass(frozen=True, slots=True)
class BackfillSettings:
    """`grace_s` (the exchange's seconds) after its end a bar is over though nothing more was traded.

    A bar that is over and in doubt waits `settle_s` for late frames, then it is fetched up to `tries` times,
    pauses growing from `again_s` to `most_again_s` (our seconds).
    """

    grace_s: float = 2.0
    settle_s: float = 0.5
    tries: int = 6
    again_s: float = 1.0
    most_again_s: float = 15.0


class Backfill:
    """Fetches for all series, each at most once at a time. `recovering` holds the ids of those that a break
    of the connection left behind."""

    def __init__(
        self, history: History, settings: BackfillSettings, counters: Counters, monotonic: Monotonic
    ) -> None:
        self.recovering: set[int] = set()
        self._history = history
        self._settings = settings
        self._counters = counters
        self._monotonic = monotonic
        self._jobs: dict[int, asyncio.Task[None]] = {}

    def forget(self, watched: Iterable[Series]) -> None:
        """Only these series are watched now."""
        self.recovering &= {id(series) for series in watched}

    def step(self, feed: PairFeed, tell: Tell, now_s: Callable[[], float]) -> None:
        """Begin the fetches that are due."""
        for series in feed.series.values():
            key = id(series)
            if key not in self._jobs and self._is_due(series, now_s()):
                job = asyncio.create_task(self._fetch(feed, series, tell, now_s))
                self._jobs[key] = job
                job.add_done_callback(partial(self._done, key))

    def _done(self, key: int, job: asyncio.Task[None]) -> None:
        del self._jobs[key]
        if not job.cancelled() and job.exception() is not None:
            self._counters.warn("callback_errors", error=repr(job.exception())[:300], where="backfill")

    async def close(self) -> None:
        """End all fetches."""
        jobs = list(self._jobs.values())
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    def _is_due(self, series: Series, now_s: float) -> bool:
        monotonic_s = self._monotonic()
        if not series.ready or monotonic_s < series.again_s:
            return False
        if series.behind:
            return True
        if series.due_since_s is not None:
            return monotonic_s - series.due_since_s >= self._settings.settle_s
        return series.clock_due(now_s, self._settings.grace_s)

    async def _fetch(self, feed: PairFeed, series: Series, tell: Tell, now_s: Callable[[], float]) -> None:
        behind, before_s, breaks = series.behind, series.told_until_s, series.breaks
        candles, error = await self._history.fetch(series.pair, series.base, before_s)
        if feed.series.get(series.timeframe) is not series:
            return  # nobody watches it any more
        feed.tell_bars(tell, series.take_fetched(candles), now_s(), late=behind)
        if error is not None:
            self._counters.warn("failed_backfills", pair=series.pair, reason=str(error))
        if behind and error is None and series.breaks == breaks:
            series.behind = False
            self.recovering.discard(id(series))
            self._counters.add("backfills", 1)
        elif not behind and series.told_until_s > before_s:
            self._counters.add("confirmed_bars", 1)
        else:
            self._try_again(feed, series, tell, now_s)

    def _try_again(self, feed: PairFeed, series: Series, tell: Tell, now_s: Callable[[], float]) -> None:
        settings = self._settings
        pause_s = min(settings.most_again_s, settings.again_s * 2.0 ** min(series.tries, 10))
        series.tries += 1
        series.again_s = self._monotonic() + pause_s
        if not series.behind and series.due_s() is not None and series.tries >= settings.tries:
            self._counters.warn("unconfirmed_bars", pair=series.pair, start_s=series.due_s())
            feed.tell_bars(tell, series.take_unconfirmed(), now_s(), late=False)
