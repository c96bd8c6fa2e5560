"""A scripted server for each test, and no model's key from outside."""

import pytest

from evotrade.llm.choice import KEY_VARIABLES
from tests.llm_server import serve


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for variable in (*KEY_VARIABLES.values(), "EVOTRADE_LLM", "OLLAMA_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("keyring.get_password", lambda *_: None)


@pytest.fixture
def server():
    with serve() as running:
        yield running
