"""Ctrl-C as a request to stop in good order, for commands whose work is kept as it goes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from evotrade.cli.output import note


@contextmanager
def stop_on_interrupt(said: str) -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, with a word to the person; the second one interrupts as usual."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        note(f"{said}; press Ctrl-C again to stop at once.")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
