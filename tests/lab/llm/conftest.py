"""A store, a bench on a synthetic market, and a scripted model, without keys from outside."""

import pytest

from evotrade.lab.bench import bench_on
from evotrade.llm.choice import KEY_VARIABLES
from evotrade.market import synthetic_candles
from evotrade.store import open_store
from tests.llm.asks import model_at
from tests.llm_server import serve

CANDLES = synthetic_candles(1_500, "1h", seed=4)


@pytest.fixture(autouse=True)
def no_keys(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where no settings file is
    for variable in (*KEY_VARIABLES.values(), "EVOTRADE_LLM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("keyring.get_password", lambda *_: None)


@pytest.fixture
def candles():
    return CANDLES


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


@pytest.fixture
def bench(store):
    return bench_on(CANDLES, store=store)


@pytest.fixture
def server():
    with serve() as running:
        yield running


@pytest.fixture
def llm(server):
    return model_at(server)
