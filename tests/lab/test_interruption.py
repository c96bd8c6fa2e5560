"""A run that is killed in the middle, and goes on."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from evotrade.store import open_store
from tests.candle_files import kraken_file
from tests.processes import all_gone, processes_of

COMPARED = [
    "cell_id",
    "genome",
    "fitness",
    "generation",
    "parent_id",
    "second_parent_id",
    "operator",
    "status",
]


def evolve(store, *options):
    """The real command in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "evotrade",
        "evolve",
        "--dish",
        "killed",
        "--executor",
        "serial",
        *options,
    ]
    environment = os.environ | {"EVOTRADE_STORE": str(store), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def market(tmp_path):
    return kraken_file(tmp_path, 2_500, seed=8)


def told(path):
    store = open_store(path)
    trials = store.trials(dish="killed").drop(columns=["created_at", "run_id"])
    order = ["generation", "genome_id", "timeframe", "split"]
    return store.cells(order_by="cell_id", descending=False)[COMPARED], trials.sort_values(
        order, ignore_index=True
    )


def killed_and_resumed(tmp_path, market, name, kills):
    """A run of 8 generations, killed `kills` times after random further progress."""
    path = tmp_path / f"{name}.duckdb"
    chance = random.Random(name)
    options = ["--generations", "8", "--population", "30", "--executor", "serial"]
    running = evolve(path, "--data", str(market), *options)
    for _ in range(kills):
        for _ in range(chance.randint(1, 3)):
            if not running.stdout.readline():
                break
        running.send_signal(signal.SIGKILL)
        running.communicate()
        resume = bool(open_store(path).dishes().shape[0])
        more = ["--resume"] if resume else ["--data", str(market), "--population", "30"]
        running = evolve(path, *more, "--generations", "8", "--executor", "serial")
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, out + err
    return path


@pytest.mark.process
@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.soak)])
def test_a_run_killed_and_resumed_ends_as_one_that_was_not(tmp_path, market, kills):
    undisturbed = killed_and_resumed(tmp_path, market, "undisturbed", kills=0)
    interrupted = killed_and_resumed(tmp_path, market, "interrupted", kills=kills)
    for mine, theirs in zip(told(undisturbed), told(interrupted), strict=True):
        assert mine.astype(str).equals(theirs.astype(str))


@pytest.mark.process
@pytest.mark.parametrize(
    "executor", [("--executor", "serial"), ("--executor", "processes", "--workers", "2")]
)
def test_ctrl_c_stops_after_the_generation_and_scores_the_finalists(tmp_path, market, executor):
    path = tmp_path / "stopped.duckdb"
    running = evolve(path, "--data", str(market), "--generations", "500", "--population", "20", *executor)
    while "generation 2/" not in running.stdout.readline():
        pass
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does, to all processes
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "Traceback" not in err
    assert "Stopping after this generation" in err
    assert "stopped by a person" in out
    assert open_store(path).last_run("killed").finished_at is not None


@pytest.mark.process
def test_workers_end_with_a_run_that_was_killed(tmp_path, market):
    path = tmp_path / "orphans.duckdb"
    running = evolve(
        path, "--data", str(market), "--generations", "500", "--executor", "processes", "--workers", "2"
    )
    while "generation 1/" not in running.stdout.readline():
        pass
    assert len(processes_of(tmp_path)) >= 3
    running.kill()
    running.communicate()
    assert all_gone(tmp_path)


@pytest.mark.process
@pytest.mark.parametrize("after_s", [0.4, *(pytest.param(s, marks=pytest.mark.soak) for s in (0.1, 0.8))])
def test_ctrl_c_while_the_command_loads_says_nothing(tmp_path, market, after_s):
    running = evolve(tmp_path / "early.duckdb", "--data", str(market), "--generations", "3")
    time.sleep(after_s)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode in (130, -signal.SIGINT, 0)
    assert "evotrade" not in err or "Traceback" not in err
