"""`evotrade up`, which `make run` calls: one command starts everything, and Ctrl-C ends it."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest

from evotrade.client import Client
from evotrade.lab.candles import load_candles
from evotrade.lab.evolution import evolve
from evotrade.store import open_store
from evotrade.tokens import read_tokens, tokens_file
from tests.candle_files import kraken_file
from tests.e2e.conftest import free_port
from tests.processes import processes_of
from tests.ui.stores import a_cell

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("documents")]  # the ports that a reader would use


@contextmanager
def up(folder, *options, kraken="http://127.0.0.1:1"):
    """The command with its port; whatever happens, nothing of it outlives the block."""
    port = free_port()
    environment = os.environ | {
        "EVOTRADE_STORE": str(folder / "lab.duckdb"),
        "EVOTRADE_KRAKEN_URL": kraken,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "evotrade", "up", "--port", str(port), *options]
    running = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield running, port
    finally:
        for process in processes_of(folder):
            os.kill(process, signal.SIGKILL)
        running.communicate()


def read_until(running, text):
    lines = []
    for line in running.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    pytest.fail(f"{text!r} was never said:\n{''.join(lines)}")


def interrupt(running, number=signal.SIGINT):
    """Ctrl-C as a terminal sends it: to the whole process group."""
    os.killpg(running.pid, number)
    out, _ = running.communicate(timeout=60)
    return running.returncode, out


@pytest.fixture
def market(tmp_path):
    return kraken_file(tmp_path, 1_500)


def test_ctrl_c_while_the_first_population_evolves_ends_everything(tmp_path, market):
    with up(tmp_path, "--data", str(market)) as (running, port):
        read_until(running, "generation 2/20")
        assert urlopen(f"http://127.0.0.1:{port}/_stcore/health").status == 200
        code, out = interrupt(running)
        assert (code, "Traceback" in out) == (0, False)
        assert processes_of(tmp_path) == []
    assert open_store(tmp_path / "lab.duckdb").count_cells(dish="first dish") >= 200


def test_a_first_population_that_was_interrupted_goes_on_the_next_time(tmp_path, market):
    with up(tmp_path, "--data", str(market)) as (running, _):
        read_until(running, "generation 1/20")
        interrupt(running)
    with up(tmp_path) as (running, _):
        said = read_until(running, "/20")
        assert "resumed" in said
        assert "generation 1/20" not in said


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, *(pytest.param(n, marks=pytest.mark.soak) for n in (signal.SIGINT, signal.SIGHUP))],
)
def test_a_store_with_a_population_is_shown_at_once(tmp_path, market, number):
    store = open_store(tmp_path / "lab.duckdb")
    settings = {"population": 10, "warmup_bars": 100, "executor": "serial"}
    evolve("mine", load_candles(market), store=store, generations=1, **settings)
    with up(tmp_path) as (running, port):
        said = read_until(running, "Ctrl-C ends it")
        assert "generation" not in said
        assert urlopen(f"http://127.0.0.1:{port}/_stcore/health").status == 200
        assert interrupt(running, number)[0] == 0
        assert processes_of(tmp_path) == []


def test_offline_a_session_on_paper_can_be_started_at_once_at_a_sandbox(tmp_path, market):
    store = open_store(tmp_path / "lab.duckdb")
    store.add_cells([a_cell()])
    store.save_dish("mine", {}, datetime.now(UTC))
    with up(tmp_path, "--data", str(market)) as (running, _):
        said = read_until(running, "Ctrl-C ends it")
        assert "The exchange is a sandbox" in said
        daemon_log = tmp_path / "daemon.log"
        assert "The daemon is at" in said, said + daemon_log.read_text()
        url = re.search(r"The daemon is at (\S+),", said)[1]
        token = read_tokens(tokens_file(store.path)).of_role("trader").token
        with Client(url, token) as daemon:
            started = daemon.start(1, pair="BTC/USD")
            assert (started["dry_run"], started["source"]) == (True, "sandbox")
        assert interrupt(running)[0] == 0
        assert processes_of(tmp_path) == []


def test_a_daemon_that_runs_already_is_used(tmp_path, market):
    with up(tmp_path, "--data", str(market)) as (running, _):
        read_until(running, "generation 1/20")
        with up(tmp_path) as (second, _):
            assert "the daemon that runs already" in read_until(second, "The app is at")
            interrupt(second)
        interrupt(running)


def test_without_data_and_without_a_network_the_market_is_synthetic_and_says_so(tmp_path):
    with up(tmp_path) as (running, _):
        said = read_until(running, "generation 1/20")
        interrupt(running)
    assert "This is a synthetic market instead" in said
    assert set(open_store(tmp_path / "lab.duckdb").coverage()["source"]) == {"synthetic"}


def test_a_file_that_is_no_candle_file_ends_it_in_one_sentence(tmp_path):
    (tmp_path / "bad.csv").write_text("nothing of use\n")
    with up(tmp_path, "--data", str(tmp_path / "bad.csv")) as (running, _):
        out, _ = running.communicate(timeout=60)
        assert running.returncode == 1
        assert out.startswith("Error: bad.csv")
        assert out.count("\n") == 1
        assert processes_of(tmp_path) == []
