"""What runs beside the pages: in a thread of its own, watched and stopped from the pages.

A script run is no place for it: Streamlit ends a run as soon as somebody clicks, types or follows a link.
"""

from __future__ import annotations

import threading
import time
from typing import Self

from evotrade.errors import EvotradeError

_AT_ONCE_S = 0.5


class Background:
    """A thread that is begun once. How it ended can be read at any time.

    Once it no longer runs, `error` and `stopped` say whether an error or a person ended it; neither does
    where it is done, nor where it failed in a way that nobody expected, whose traceback is in the terminal.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.error: EvotradeError | None = None
        self.stopped = False
        self._stop = threading.Event()
        self._began_s = time.monotonic()
        # A daemon, so that the app ends when it is told to; each piece is stored whole or not at all.
        self._thread = threading.Thread(target=self._run, name=title, daemon=True)

    def start(self) -> Self:
        """Begin, and wait a moment: what is done at once need not be shown as running."""
        self._began_s = time.monotonic()
        self._thread.start()
        self._thread.join(_AT_ONCE_S)
        return self

    def stop(self) -> None:
        """Tell it to end at its next step."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stop.is_set()

    def _run(self) -> None:
        """What the thread does."""
        raise NotImplementedError
