"""Forks by a language model through the API, over real HTTP to the app, and from there to a scripted one."""

import threading
import time

import httpx
import pytest

from evotrade.api import create_app
from evotrade.client import Client
from evotrade.engine.execution import Execution
from evotrade.errors import LlmBudget, LlmBusy, LlmNotConfigured, LlmUnreachable, NotFound
from evotrade.lab.bench import bench_on
from evotrade.lab.cells import create_on
from evotrade.llm.choice import KEY_VARIABLES
from evotrade.market import synthetic_candles
from evotrade.settings import Settings
from evotrade.store import Store
from tests.api.conftest import MANY
from tests.api.serving import serving, wait_until
from tests.llm.asks import WRONG
from tests.llm_server import GENOME, Reply, busy, proposal, refusal, serve

CANDLES = synthetic_candles(1_500, "1h", seed=4, pair="BTC/USD")
PARENT = GENOME.replace("20", "60")
WISH = {"mutation_description": "use a shorter window", "llm_name": "Shorter"}


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for variable in KEY_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("keyring.get_password", lambda *_: None)


@pytest.fixture
def store(tmp_path):
    """A cell that was tried on stored candles, and the candles."""
    made = Store(tmp_path / "evotrade.duckdb")
    create_on(bench_on(CANDLES, execution=Execution(fee_bps=40), store=made), PARENT, made)
    return made


@pytest.fixture
def model():
    with serve() as running:
        yield running


@pytest.fixture
def limits():
    """Settings of an ask beside the usual ones."""
    return {}


@pytest.fixture
def app(desk, store, tokens, model, limits):
    settings = Settings(llm=f"{model.url}#scripted", **limits)
    return create_app(desk, store, tokens, settings=settings, quota=MANY)


@pytest.fixture
def fork(ask):
    """Asks for a fork as a trader."""

    def post(cell=1, **changes):
        return ask("trader").post(f"/cells/{cell}/fork", json={**WISH, **changes}, timeout=60)

    return post


def test_a_fork_is_backtested_and_is_its_parent_s_child(fork, model, ask, store):
    model.says(proposal())
    answer = fork()
    made = answer.json()
    assert (answer.status_code, made["parent_cell_id"], made["genome"]) == (201, 1, GENOME)
    assert (made["llm_name"], made["llm_model"], made["llm_category"]) == (
        *("Shorter", "compatible:scripted"),
        "trend",
    )
    assert {row["split"] for row in made["results"]} == {"train", "validation"}
    relatives = ask("viewer").get(f"/cells/{made['cell_id']}/lineage").json()
    assert [(row["relation"], row["cell_id"]) for row in relatives] == [("ancestor", 1), ("self", 2)]
    shown = ask("viewer").get(f"/cells/{made['cell_id']}").json()
    assert (shown["origin"], shown["name"], shown["llm_hypothesis"]) == ("llm", "Shorter", "trends last")


def test_the_model_is_told_the_wish_and_what_was_wrong(fork, model, store):
    model.says(proposal(WRONG), proposal())
    made = fork(llm_name="").json()
    assert '"use a shorter window"' in model.said(0)
    assert "unknown symbol 'DELT'" in model.said(1)
    assert (made["attempts"], made["llm_name"], made["reason"]) == (2, "crossing", "done")
    assert store.llm_attempts(made["ask_id"])["genome"].tolist() == [WRONG, GENOME]


@pytest.mark.parametrize("limits", [{"llm_attempts": 1}])
def test_what_serves_not_is_kept_as_a_dead_cell_that_says_so(fork, model):
    model.says(proposal("IF DELTA < 0 THEN BUY"))
    made = fork().json()
    assert (made["status"], made["reason"]) == ("dead", "attempts")
    assert "allow more with llm_attempts" in made["message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mutation_description": ""}, "mutation_description"),
        ({"mutation_description": " \n"}, "mutation_description"),
        ({"mutation_description": None}, "mutation_description"),
        ({"llm_name": "x" * 201}, "llm_name"),
        ({"timeframe": "2h"}, "timeframe"),
        ({"genome": GENOME}, "genome"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_and_nobody_asked(fork, model, change, field):
    answer = fork(**change)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert model.requests == []


def test_an_unknown_cell_or_market_is_told_and_nobody_asked(fork, model):
    for answer in (fork(77), fork(pair="ETH/USD")):
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert answer.json()["type"] == "urn:evotrade:error:NotFound"
    assert model.requests == []


@pytest.mark.parametrize(
    ("reply", "status", "kind", "words"),
    [
        (refusal(500, "on fire"), 502, "LlmUnreachable", "on fire"),
        (refusal(401, "who are you"), 503, "LlmNotConfigured", "EVOTRADE_LLM_KEY"),
        (busy(500), 429, "LlmBusy", "ask again in 500 s"),
        (Reply("nonsense"), 502, "LlmAnswerUnusable", "none of the model's 4 answers serves"),
    ],
)
def test_a_model_that_does_not_serve_is_a_problem_with_its_repair(fork, model, reply, status, kind, words):
    model.says(reply)
    answer = fork()
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:evotrade:error:{kind}")
    assert words in answer.json()["detail"]
    assert answer.headers.get("retry-after") == ("500" if kind == "LlmBusy" else None)


@pytest.mark.parametrize("limits", [{"llm_timeout_s": 1.5}])
def test_time_that_runs_out_is_a_504(fork, model, store):
    model.says(Reply('{"name"', hang_after=0))
    answer = fork()
    assert (answer.status_code, answer.json()["which"]) == (504, "time")
    assert "allow more with llm_timeout_s" in answer.json()["detail"]
    assert store.llm_asks()["reason"].tolist() == ["time"]


def test_the_daemon_answers_while_the_model_thinks_and_more_than_two_wait_for_none(fork, model, ask):
    model.says(Reply("{", hang_after=0))
    thinking = [threading.Thread(target=fork, daemon=True) for _ in range(2)]
    for one in thinking:
        one.start()
    wait_until(lambda: len(model.requests) == 2)
    viewer = ask("viewer")
    began = time.monotonic()
    assert viewer.get("/health").status_code == viewer.get("/cells/1").status_code == 200
    assert time.monotonic() - began < 5
    third = fork()
    assert (third.status_code, third.headers["retry-after"]) == (429, "15")
    model.released.set()
    for one in thinking:
        one.join(60)


def test_who_hangs_up_stops_the_ask_and_its_record_stays(ask, model, store):
    model.says(Reply('{"name"', hang_after=0))
    with pytest.raises(httpx.ReadTimeout):
        ask("trader").post("/cells/1/fork", json=WISH, timeout=1)
    wait_until(lambda: store.llm_asks()["reason"].tolist() == ["cancelled"])
    assert len(store.cells()) == 1


def test_a_daemon_that_ends_waits_for_no_model(app, model, store, tokens):
    model.says(Reply('{"name"', hang_after=0))
    headers = {"Authorization": f"Bearer {tokens.of_role('trader').token}"}

    def post(url):
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
            client.post("/cells/1/fork", json=WISH)

    with serving(app) as running:
        asking = threading.Thread(target=post, args=(running.url,), daemon=True)
        asking.start()
        wait_until(model.hanging.is_set)
    wait_until(lambda: store.llm_asks()["reason"].tolist() == ["cancelled"])
    asking.join(10)
    assert not asking.is_alive()


@pytest.fixture
def client(served, tokens):
    with Client(served.url, tokens.of_role("trader").token) as made:
        yield made


def test_the_client_forks_and_raises_what_the_daemon_met(client, model):
    model.says(proposal(), busy(500), refusal(500, "on fire"))
    assert client.fork(1, "use a shorter window", name="Shorter")["llm_name"] == "Shorter"
    with pytest.raises(LlmBusy, match="ask again in 500 s") as refused:
        client.fork(1, "again")
    assert refused.value.retry_after_s == 500
    with pytest.raises(LlmUnreachable, match="on fire"):
        client.fork(1, "again")
    with pytest.raises(NotFound, match="cell 77"):
        client.fork(77, "again")


@pytest.mark.parametrize("limits", [{"llm_max_tokens": 100}])
def test_the_client_tells_which_budget_is_used_up(client, model):
    with pytest.raises(LlmBudget, match="100 tokens of an ask") as refused:
        client.fork(1, "use a shorter window")
    assert refused.value.which == "tokens"


def test_without_a_model_it_is_said_what_to_set(desk, store, tokens):
    app = create_app(desk, store, tokens, settings=Settings(llm=None), quota=MANY)
    with serving(app) as running, Client(running.url, tokens.of_role("trader").token) as client:
        with pytest.raises(LlmNotConfigured, match="no language model is set: set EVOTRADE_LLM, or llm in"):
            client.fork(1, "use a shorter window")
        with pytest.raises(NotFound):
            client.fork(77, "use a shorter window")
