"""What time it is at the exchange before its feed has said so: asked once by REST."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

Ask = Callable[[], Awaitable[float]]
"""Gives the exchange's time, Unix seconds; raises `ExchangeError`."""

Seconds = Callable[[], float]


class ExchangeWall:
    """A wall clock that hangs at the exchange, whose time may be years from ours and pass faster.

    Called, it gives Unix seconds: our own until `sync` succeeded once. `speed` is how many seconds of the
    exchange pass in one of ours.
    """

    def __init__(
        self, speed: float = 1.0, wall: Seconds = time.time, monotonic: Seconds = time.monotonic
    ) -> None:
        self._speed, self._wall, self._monotonic = speed, wall, monotonic
        self._at_s: float | None = None
        self._set_s = 0.0

    def __call__(self) -> float:
        """The time there, as far as it is known."""
        if self._at_s is None:
            return self._wall()
        return self._at_s + (self._monotonic() - self._set_s) * self._speed

    async def sync(self, ask: Ask) -> None:
        """Ask for the time there, unless it is known. Raises what `ask` raises."""
        if self._at_s is None:
            at_s = await ask()
            self._at_s, self._set_s = at_s, self._monotonic()
