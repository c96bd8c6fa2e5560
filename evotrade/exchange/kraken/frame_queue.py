"""Frames between the socket and who reads them: bounded, and a ticker gives way to a newer one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from evotrade.exchange.kraken.counters import Counters

Frame = Mapping[str, Any]


class FrameQueue:
    """At most `size` frames, oldest first. A ticker that nobody has read yet is superseded by the next one
    of its pair; of everything else nothing may be lost, so that a full queue says so.
    """

    def __init__(self, size: int, counters: Counters) -> None:
        self._size = size
        self._counters = counters
        self._frames: deque[list[Frame]] = deque()  # a frame in a box, or an empty box
        self._tickers: dict[str, list[Frame]] = {}
        self._waiting = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return self._waiting

    def put(self, frame: Frame) -> bool:
        """Add a frame; False where there is no room for it."""
        symbol = _ticker_symbol(frame)
        if symbol is not None and self._tickers.get(symbol):
            self._tickers[symbol].clear()
            self._waiting -= 1
            self._counters.add("superseded_tickers", 1)
        if self._waiting >= self._size:
            return False
        box = [frame]
        self._frames.append(box)
        self._waiting += 1
        if symbol is not None:
            self._tickers[symbol] = box
        self._filled.set()
        return True

    async def get(self) -> Frame:
        """The oldest frame, once there is one."""
        while True:
            while self._frames:
                box = self._frames.popleft()
                if box:
                    self._waiting -= 1
                    return box.pop()
            self._filled.clear()
            await self._filled.wait()


def _ticker_symbol(frame: Frame) -> str | None:
    data = frame.get("data")
    if frame.get("channel") != "ticker" or not isinstance(data, list) or len(data) != 1:
        return None
    return str(data[0].get("symbol")) if isinstance(data[0], Mapping) else None
