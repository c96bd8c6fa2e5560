from datetime import UTC, datetime

import pytest

from evotrade.desk.alerts import Alerts
from evotrade.desk.counters import Counters
from evotrade.desk.jobs import Job, JobRunner
from evotrade.errors import StoreBusy

pytestmark = pytest.mark.anyio


def now():
    return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def counters():
    return Counters()


@pytest.fixture
def alerts(counters):
    return Alerts(None, counters, now)


async def fails():
    raise StoreBusy("somebody holds the file")


async def test_a_job_that_raises_is_counted_and_runs_again(alerts, counters):
    runner, job = JobRunner(alerts, counters, now), Job("flush", 1, fails)
    for _ in range(3):
        await runner.run(job)
    assert (job.runs, job.failures, counters["job_failures"]) == (3, 3, 3)
    assert job.view()["last_error"] == "StoreBusy: somebody holds the file"


async def test_a_job_that_fails_every_second_alerts_once(alerts, counters):
    runner, job = JobRunner(alerts, counters, now), Job("flush", 1, fails)
    for _ in range(3):
        await runner.run(job)
    assert len(alerts.latest(10)) == 1


async def test_a_job_that_failed_and_recovered_alerts_again(alerts, counters):
    async def works():
        pass

    runner, job = JobRunner(alerts, counters, now), Job("flush", 1, fails)
    for action in (fails, works, fails):
        job.action = action
        await runner.run(job)
    assert len(alerts.latest(10)) == 2
