"""`evotrade evolve --llm-share`: what a person sees of a model's part, and a process that is killed."""

import os
import re
import signal
import subprocess
import sys

import pytest

from evotrade.store import open_store
from tests.llm_server import GENOME, Reply, proposal, refusal, serve

SMALL = ("--generations", "3", "--population", "10", "--executor", "serial", "--seed", "5")


@pytest.fixture
def server(monkeypatch):
    with serve() as running:
        monkeypatch.setenv("EVOTRADE_LLM", f"{running.url}#scripted")
        yield running


def answers(count=40):
    return [proposal(GENOME.replace("20", str(21 + n))) for n in range(count)]


def test_each_generation_says_what_the_model_gave(evotrade, market, server):
    server.says(*answers())
    ran = evotrade("evolve", "--dish", "first", "--data", str(market), "--llm-share", "0.2", *SMALL)
    assert ran.code == 0, ran.err
    first, *later = [line for line in ran.out.splitlines() if line.startswith("generation ")]
    assert "llm" not in first
    assert re.search(r"born \d+  llm \d/2 born  \d+ cells/s", later[0])


def test_what_a_model_costs_is_shown_where_its_price_is_known(evotrade, market, server, monkeypatch):
    monkeypatch.setenv("EVOTRADE_LLM_PRICE_IN_USD_PER_MTOK", "1")
    monkeypatch.setenv("EVOTRADE_LLM_PRICE_OUT_USD_PER_MTOK", "10")
    server.says(*answers())
    ran = evotrade("evolve", "--dish", "first", "--data", str(market), "--llm-share", "0.2", *SMALL)
    assert re.search(r"llm \d/2 born 0\.0012 USD", ran.out)  # two answers of 100 tokens in and 50 out


def test_a_model_that_fails_is_told_of_once_and_the_run_goes_on(evotrade, market, server):
    server.says(refusal(500, "out of order"))
    ran = evotrade("evolve", "--dish", "first", "--data", str(market), "--llm-share", "0.2", *SMALL)
    assert ran.code == 0
    assert ran.err.count("The language model gave less than was wanted: ") == 1
    assert "generation 3/3" in ran.out


def test_a_share_without_a_model_says_what_to_set(evotrade, market, monkeypatch):
    monkeypatch.delenv("EVOTRADE_LLM", raising=False)
    ran = evotrade("evolve", "--dish", "first", "--data", str(market), "--llm-share", "0.2", *SMALL)
    assert ran.code == 1
    assert "set EVOTRADE_LLM" in ran.err


def evolve(path, server, *options):
    environment = os.environ | {
        "EVOTRADE_STORE": str(path), "EVOTRADE_LLM": f"{server.url}#scripted", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    words = (sys.executable, "-m", "evotrade", "evolve", "--dish", "killed", *options)
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(running):
    said = running.communicate(timeout=120)
    assert running.returncode == 0, said


def ended(path):
    store = open_store(path)
    cells = store.cells(order_by="cell_id", descending=False).drop(columns=["created_at"])
    return cells.astype(str).to_dict("records"), store.last_run("killed").checkpoint


@pytest.mark.process
def test_a_run_killed_while_it_waits_for_the_model_ends_as_one_that_was_not(tmp_path, market):
    begin = ("--data", str(market), "--llm-share", "0.3", *SMALL)
    with serve() as calm, serve() as rough:
        calm.says(*answers())
        finish(evolve(tmp_path / "calm.duckdb", calm, *begin))
        rough.says(*answers()[:4], Reply("never complete", hang_after=1), *answers()[4:])
        running = evolve(tmp_path / "rough.duckdb", rough, *begin)
        assert rough.hanging.wait(120)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        finish(evolve(tmp_path / "rough.duckdb", rough, "--resume", *SMALL))
        assert len(rough.requests) == len(calm.requests) + 1
    assert ended(tmp_path / "rough.duckdb") == ended(tmp_path / "calm.duckdb")
