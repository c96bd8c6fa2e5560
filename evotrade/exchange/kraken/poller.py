"""Prices by REST while there is no feed, since stops are watched all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evotrade.errors import ExchangeError, SettingsError
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.frames import Ticker
from evotrade.exchange.kraken.rest import Rest
from evotrade.market.pairs import kraken_name, pair_name


class Poller:
    """Asks for the time and the prices of all `pairs()`, at most every `poll_s`."""

    def __init__(
        self, rest: Rest, poll_s: float, pairs: Callable[[], Sequence[str]], counters: Counters
    ) -> None:
        self._rest = rest
        self._poll_s = poll_s
        self._pairs = pairs
        self._counters = counters
        self._task: asyncio.Task[None] | None = None

    def step(self, see: Callable[[float, Ticker], None]) -> None:
        """Begin to ask, unless that is under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask(see))

    async def close(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self, see: Callable[[float, Ticker], None]) -> None:
        await asyncio.sleep(self._poll_s)
        pairs = ",".join(kraken_name(pair) for pair in self._pairs())
        if not pairs:
            return
        try:
            at_s = float((await self._rest.public("Time"))["unixtime"])
            rows = await self._rest.public("Ticker", {"pair": pairs})
            tickers = [read_row(name, row) for name, row in rows.items()]
        except (ExchangeError, SettingsError, AttributeError, LookupError, TypeError, ValueError) as error:
            self._counters.warn("failed_polls", reason=str(error)[:200])
            return
        for ticker in tickers:
            see(at_s, ticker)


def read_row(name: str, row: Mapping[str, Any]) -> Ticker:
    """A row of REST's Ticker."""
    bid, ask, last = float(row["b"][0]), float(row["a"][0]), float(row["c"][0])
    return Ticker(pair_name(name), None, last, bid, ask, float(row["b"][2]), float(row["a"][2]))
