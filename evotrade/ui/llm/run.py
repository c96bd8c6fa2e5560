"""An ask that runs beside the pages, watched and stopped from the session it is of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from evotrade.errors import EvotradeError, LlmCancelled
from evotrade.llm.attempts import Attempt, Budget, Event, Finished, OnEvent, Started, Stop, Streamed, Waiting
from evotrade.ui.background import Background

_Result = TypeVar("_Result")

Task = Callable[[OnEvent, Stop], _Result]
"""Asks a model; it tells the watcher, and looks several times a second whether to stop."""


class Run(Background, Generic[_Result]):
    """One ask. What came so far and how it ended can be read at any time.

    `attempts` are those that are over, `writing` is the answer that is coming, `number` which it is, `busy_s`
    how long a busy model is waited for. Once it no longer runs, one of `result`, `error` and `stopped` says
    how it ended; none of them does where it failed in a way that nobody expected, whose traceback is in the
    terminal.
    """

    def __init__(self, title: str, task: Task[_Result], budget: Budget) -> None:
        super().__init__(title)
        self.budget = budget
        self.attempts: tuple[Attempt, ...] = ()
        self.number = 1
        self.writing = ""
        self.busy_s: float | None = None
        self.result: _Result | None = None
        self._task = task
        self._ended_s: float | None = None

    @property
    def taken_s(self) -> float:
        """Seconds since it began, or that it took."""
        return (self._ended_s or time.monotonic()) - self._began_s

    def _run(self) -> None:
        try:
            self.result = self._task(self._hear, self._stop.is_set)
        except LlmCancelled:
            self.stopped = True
        except EvotradeError as error:
            self.error = error
        finally:
            self._ended_s = time.monotonic()

    def _hear(self, event: Event) -> None:
        match event:
            case Started(number):
                self.number, self.writing, self.busy_s = number, "", None
            case Streamed(_, text):
                self.writing, self.busy_s = self.writing + text, None
            case Waiting(_, seconds):
                self.busy_s = seconds
            case Finished(attempt):
                self.attempts, self.writing = (*self.attempts, attempt), ""
