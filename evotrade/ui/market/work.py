"""Long work on the market's series that runs beside the pages, watched and stopped from any of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from evotrade.errors import EvotradeError
from evotrade.ui import reads
from evotrade.ui.background import Background

_BEGIN = threading.Lock()


class Done(NamedTuple):
    """What work has brought: a sentence, and the address of the series that it is about."""

    said: str
    address: dict[str, str]


class _Stopped(Exception):
    """A person has pressed Stop."""


class Work(Background):
    """A task in a thread; what it tells and how it ended can be read at any time.

    The task calls `progress` and `sleep`, which end it when it is to stop. `part` is what is done, 0 to 1,
    `bars` counts those stored. Once it no longer runs, one of `done`, `error` and `stopped` says how it
    ended; none of them does where the task failed in a way that nobody expected, whose traceback is in the
    terminal.
    """

    def __init__(self, title: str, task: Callable[[Work], Done]) -> None:
        super().__init__(title)
        self.part = 0.0
        self.bars = 0
        self.done: Done | None = None
        self._task = task

    def again(self) -> Work:
        """The same work, not begun."""
        return Work(self.title, self._task)

    @property
    def bars_per_s(self) -> float:
        """Bars stored a second so far."""
        return self.bars / self._taken_s

    @property
    def left_s(self) -> float | None:
        """Seconds until all is done at the pace so far; None while nothing is."""
        return self._taken_s * (1 - self.part) / self.part if self.part else None

    def progress(self, part: float, bars: int) -> None:
        """For the task to tell how far it is."""
        self.part, self.bars = part, bars
        self.sleep(0)

    def sleep(self, seconds: float) -> None:
        """For the task to wait, but no longer than until it is stopped."""
        if self._stop.wait(seconds):
            raise _Stopped

    @property
    def _taken_s(self) -> float:
        return max(time.monotonic() - self._began_s, 1e-3)

    def _run(self) -> None:
        try:
            self.done = self._task(self)
        except _Stopped:
            self.stopped = True
        except EvotradeError as error:
            self.error = error


def all_work() -> dict[str, Work]:
    """The latest work of each kind on the store, the same for all viewers."""
    return _all_work(reads.store().path)


@st.cache_resource(max_entries=4, show_spinner=False)
def _all_work(store: Path) -> dict[str, Work]:
    return {}


def is_running(kind: str) -> bool:
    """Whether work of that kind runs."""
    latest = all_work().get(kind)
    return latest is not None and latest.running


def begin(kind: str, fresh: Work) -> None:
    """Begin work in place of the latest of its kind, unless that runs: another tab may have begun it."""
    with _BEGIN:
        if is_running(kind):
            return
        all_work()[kind] = fresh
        fresh.start()


def forget(kind: str) -> None:
    """Show the latest work of that kind no more."""
    all_work().pop(kind, None)
