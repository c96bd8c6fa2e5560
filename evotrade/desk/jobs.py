"""Jobs of the daemon: what recurs, what it did last, and that a failure ends one run and not the job."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from evotrade.desk.alerts import Alerts
from evotrade.desk.counters import Counters
from evotrade.errors import EvotradeError

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Job:
    """An action that runs every `every_s` seconds, and how its runs went."""

    name: str
    every_s: float
    action: Callable[[], Awaitable[None]]
    runs: int = 0
    failures: int = 0
    last_at: datetime | None = None
    last_took_s: float = 0.0
    last_error: str = ""
    told: str = field(default="", repr=False)

    def view(self) -> Mapping[str, Any]:
        """The job as JSON: name, every_s, runs, failures, last_at, last_took_s, last_error."""
        return {
            "name": self.name,
            "every_s": self.every_s,
            "runs": self.runs,
            "failures": self.failures,
            "last_at": self.last_at.isoformat() if self.last_at else None,
            "last_took_s": round(self.last_took_s, 4),
            "last_error": self.last_error,
        }


class JobRunner:
    """Runs jobs so that one that raises is logged, counted, alerted once for each reason, and runs again."""

    def __init__(self, alerts: Alerts, counters: Counters, now: Callable[[], datetime]) -> None:
        self._alerts, self._counters, self._now = alerts, counters, now

    async def run(self, job: Job) -> None:
        """One run of the job; never raises but when it is cancelled."""
        began = time.perf_counter()
        try:
            await job.action()
        except Exception as error:  # noqa: BLE001 - the outermost loop of a job: it must run again
            self._failed(job, error)
        else:
            job.last_error = job.told = ""
        job.runs += 1
        job.last_at, job.last_took_s = self._now(), time.perf_counter() - began

    def _failed(self, job: Job, error: Exception) -> None:
        job.failures += 1
        job.last_error = f"{type(error).__name__}: {error}"
        self._counters.add("job_failures")
        # What evotrade raises on purpose says all in a sentence; anything else is a fault, with its place.
        _log.error(
            "job failed", job=job.name, error=job.last_error, exc_info=not isinstance(error, EvotradeError)
        )
        if job.told != job.last_error:  # a job of every second would send an alert every second
            job.told = job.last_error
            self._alerts.tell("failure", f"Job {job.name} failed and will run again: {job.last_error}")
