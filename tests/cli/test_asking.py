"""Commands that ask a language model, over real HTTP to a scripted one: what they print, make and keep."""

import json
import os
import signal
import threading
from decimal import Decimal

import pytest

from evotrade.lab.bench import bench_on
from evotrade.lab.cells import create_on
from evotrade.llm.choice import KEY_VARIABLES
from evotrade.market import synthetic_candles
from evotrade.store import open_store
from evotrade.store.records import Entry
from tests.llm.asks import WRONG
from tests.llm_server import GENOME, Reply, busy, proposal, refusal, serve
from tests.store.records import session

CANDLES = synthetic_candles(1_500, "1h", seed=4, pair="BTC/USD")
PARENT = GENOME.replace("20", "60")
TOLD = {"summary": "buys above the mean", "rules": ["one"], "strengths": ["trends"], "weaknesses": []}


@pytest.fixture
def model(monkeypatch):
    """A scripted model that is set, and no keys."""
    for variable in KEY_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("keyring.get_password", lambda *_: None)
    with serve() as running:
        monkeypatch.setenv("EVOTRADE_LLM", f"{running.url}#scripted")
        yield running


@pytest.fixture
def store(tmp_path):
    """The store of the commands, with candles and a cell that was tried on them."""
    made = open_store(tmp_path / "lab.duckdb")
    create_on(bench_on(CANDLES, store=made), PARENT, made)
    return made


def test_an_idea_becomes_a_cell_and_each_attempt_is_told(evotrade, model, store):
    model.says(proposal(WRONG), proposal("IF DELTA < 0 THEN BUY"), proposal())
    ran = evotrade("ask", "follow the trend")
    attempts = [line for line in ran.err.splitlines() if line.startswith("attempt ")]
    assert ran.code == 0
    assert "line 1, column 4: unknown symbol 'DELT'. Did you mean DELTA?" in attempts[0]
    assert "💀 dead: " in attempts[1]
    assert "🟢 alive" in attempts[2]
    assert "crossing, trend, by compatible:scripted: trends last" in ran.out
    assert (GENOME in ran.out, store.cell(2).origin) == (True, "llm")
    assert '"follow the trend"' in model.said(0)


def test_an_ask_as_json_has_the_cell_and_its_attempts(evotrade, model, store):
    model.says(proposal(WRONG), proposal())
    told = json.loads(evotrade("ask", "follow the trend", "--name", "mine", "--json").out)
    assert (told["reason"], told["cell"]["genome"], told["cell"]["name"]) == ("done", GENOME, "mine")
    assert [one["proposal"]["genome"] for one in told["attempts"]] == [WRONG, GENOME]
    assert told["attempts"][0]["error"]["column"] == 4


def test_an_idea_is_tried_on_a_file(evotrade, model, market):
    model.says(proposal())
    ran = evotrade("ask", "follow the trend", "--data", str(market), "--timeframes", "1h,4h")
    assert ran.code == 0
    assert "4h" in ran.out
    assert open_store("lab.duckdb").coverage()["pair"].tolist() == ["BTC/USD"]


def test_a_poor_strategy_is_kept_and_the_budget_told(evotrade, model, store, monkeypatch):
    monkeypatch.setenv("EVOTRADE_LLM_ATTEMPTS", "1")
    model.says(proposal("IF DELTA < 0 THEN BUY"))
    ran = evotrade("ask", "x")
    assert (ran.code, store.cell(2).status) == (0, "dead")
    assert "allow more with llm_attempts" in ran.err


def test_what_a_model_writes_moves_no_cursor(evotrade, model, store):
    model.says(proposal("IF \x1b[2J > 1 THEN BUY"))
    ran = evotrade("ask", "x")
    assert ran.code == 1
    assert "\x1b" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refusal(500, "on fire"), "on fire"),
        (busy(500), "compatible:scripted is busy: ask again in 500 s"),
        (Reply("nonsense"), "none of the model's 4 answers serves"),
    ],
)
def test_a_model_that_does_not_serve_is_one_sentence(evotrade, model, store, reply, words):
    model.says(reply)
    ran = evotrade("fork", "1", "--llm", "trade less")
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err.splitlines()[-1]
    assert len(store.cells()) == 1


COMMANDS = [
    ("ask", "x"),
    ("fork", "1", "--llm", "x"),
    ("explain", "1"),
    ("llm", "name", "1"),
    ("llm", "patterns"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_model_it_is_said_what_to_set(evotrade, store, monkeypatch, command):
    monkeypatch.delenv("EVOTRADE_LLM", raising=False)
    ran = evotrade(*command)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: no language model is set: set EVOTRADE_LLM, or llm in evotrade.toml")


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_cancels_and_keeps_the_record(evotrade, model, store, command):
    model.says(Reply("{", hang_after=0))

    def interrupt():
        assert model.hanging.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    pressing = threading.Thread(target=interrupt)
    pressing.start()
    ran = evotrade(*command)
    pressing.join()
    assert (ran.code, "stopped by a person" in ran.err.splitlines()[-1]) == (1, True)
    assert store.llm_asks()["reason"].tolist() == ["cancelled"]
    assert len(store.cells()) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_a_fork_is_its_parent_s_child(evotrade, model, store):
    model.says(proposal())
    ran = evotrade("fork", "1", "--llm", "use a shorter window", "--name", "shorter")
    child = store.cell(2)
    assert (ran.code, child.parent_id, child.genome) == (0, 1, GENOME)
    assert (child.name, child.llm_name, child.operator) == ("shorter", "shorter", "llm")
    assert '"use a shorter window"' in model.said(0)


def test_a_fork_by_hand_needs_no_model(evotrade, store, monkeypatch):
    monkeypatch.delenv("EVOTRADE_LLM", raising=False)
    ran = evotrade("fork", "1", "--genome", GENOME)
    child = store.cell(2)
    assert (ran.code, child.parent_id, child.origin) == (0, 1, "person")
    assert "line 1, column 4: unknown symbol 'DELT'" in evotrade("fork", "1", "--genome", WRONG).err


@pytest.mark.parametrize(
    "words",
    [
        ("ask",),
        ("ask", " "),
        ("fork", "1"),
        ("fork", "1", "--llm", ""),
        ("fork", "1", "--llm", "x", "--genome", GENOME),
        ("explain", "one"),
        ("suggest", "0"),
    ],
)
def test_wrong_use_ends_with_2_and_asks_nobody(evotrade, model, store, words):
    assert evotrade(*words).code == 2
    assert model.requests == []


@pytest.mark.parametrize("words", [("fork", "77", "--llm", "x"), ("explain", "77"), ("suggest", "9")])
def test_what_is_not_there_is_told_before_anything_is_asked(evotrade, model, store, words):
    ran = evotrade(*words)
    assert ran.code == 1
    assert "there is no" in ran.err
    assert model.requests == []


def test_a_cell_is_explained(evotrade, model, store):
    model.says(TOLD)
    assert evotrade("explain", "1").out.split("\n\n") == [
        "buys above the mean",
        "Rules:\n  · one",
        "For it:\n  · trends\n",
    ]
    assert json.loads(evotrade("explain", "1", "--json").out)["rules"] == ["one"]


def test_a_session_is_looked_at_also_without_a_daemon(evotrade, model, store):
    row = session(session_id=5, cell_id=1, final_pnl=Decimal("-12.5"))
    store.deliver([Entry(1, row)])
    told = {"assessment": "it lost", "actions": ["stop it"], "fork_instruction": "trade less"}
    model.says(told)
    ran = evotrade("suggest", "5")
    assert (ran.code, ran.out) == (0, "it lost\n\nTo do:\n  · stop it\n")
    assert "Without its difference from the backtest: no daemon ever ran on" in ran.err
    assert "evotrade fork 1 --llm 'trade less'" in ran.err
    assert "-12.5" in model.said(0)
