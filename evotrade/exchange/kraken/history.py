"""Bars by REST: the blocking fetch in a thread, a few at a time, what came before a failure kept."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evotrade.errors import ExchangeError, ExchangeUnreachable
from evotrade.exchange.candles import fetch_candles
from evotrade.exchange.kraken.budget import Monotonic
from evotrade.exchange.venue import venue_of
from evotrade.market.candles import Candles, Source

_AT_ONCE = 2


def concatenated(pieces: Sequence[Candles]) -> Candles | None:
    """Pieces of one series, oldest first, as one; None of none."""
    if not pieces:
        return None
    columns: dict[str, Any] = {
        name: [getattr(piece, name) for piece in pieces] for name in ("time_s", *pieces[0].columns)
    }
    for name, arrays in columns.items():
        columns[name] = np.concatenate(arrays)
    return replace(pieces[0], **columns)


def no_candles(pair: str, timeframe: str, source: Source) -> Candles:
    """A series without bars."""
    names = ("time_s", "open", "high", "low", "close", "volume", "trades")
    columns: dict[str, Any] = dict.fromkeys(names, ())
    return Candles(**columns, timeframe=timeframe, pair=pair, source=source)


class History:
    """Fetches finished bars from one address; they are marked with `source`. `pause_s` lies between calls."""

    def __init__(
        self, url: str | None, source: Source, pause_s: float = 1.0, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._url = url
        self._source = source
        self._pause_s = pause_s
        self._monotonic = monotonic
        self._closed = threading.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._next_s = 0.0

    async def fetch(
        self, pair: str, timeframe: str, since_s: int
    ) -> tuple[Candles | None, ExchangeError | None]:
        """Finished bars that start at `since_s` or later, None of none; and what cut them short, if anything.

        Where there is an error the bars that came before it are whole and without gaps.
        """
        async with self._slots:
            now_s = self._monotonic()
            self._next_s = max(now_s, self._next_s + self._pause_s)
            await asyncio.sleep(self._next_s - now_s)
            return await asyncio.to_thread(self._fetch, pair, timeframe, since_s)

    def close(self) -> None:
        """End what is being fetched at its next pause."""
        self._closed.set()

    def _fetch(self, pair: str, timeframe: str, since_s: int) -> tuple[Candles | None, ExchangeError | None]:
        pieces: list[Candles] = []
        error = None
        try:
            venue = venue_of(self._source)
            for piece in fetch_candles(
                pair, timeframe, since_s, url=self._url, sleep=self._sleep, venue=venue
            ):
                pieces.append(replace(piece, source=self._source))  # noqa: PERF401 - kept when a later one fails
        except ExchangeError as failure:
            error = failure
        return concatenated(pieces), error

    def _sleep(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise ExchangeUnreachable("fetching candles was ended, since the market closes: fetch them again")
