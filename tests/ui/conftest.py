import sys
import time
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from evotrade.llm.choice import KEY_VARIABLES
from evotrade.store import Store
from tests.llm_server import serve
from tests.paths import ROOT


@pytest.fixture(autouse=True)
def main_module(monkeypatch):
    """Streamlit leaves the page as `__main__`, which worker processes of later tests would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def open_app(monkeypatch):
    """The whole app on a store, at an address such as `cell=29`."""

    def open_on(store: Store, **address: str) -> AppTest:
        monkeypatch.setenv("EVOTRADE_STORE", str(store.path))
        app = AppTest.from_file(str(ROOT / "evotrade/ui/main.py"), default_timeout=30)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return open_on


@pytest.fixture
def no_model(monkeypatch, tmp_path):
    """No language model is set, whatever this machine has."""
    st.get_option("server.address")  # streamlit reads its settings once for the process: from this folder
    monkeypatch.chdir(tmp_path)  # where no settings file is
    for variable in (*KEY_VARIABLES.values(), "EVOTRADE_LLM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("evotrade.llm.choice.keyring.get_password", lambda *_: None)
    st.cache_data.clear()


@pytest.fixture
def model(monkeypatch, no_model):
    """A scripted language model that is set."""
    with serve() as server:
        monkeypatch.setenv("EVOTRADE_LLM", f"{server.url}#scripted")
        yield server


@pytest.fixture
def until():
    """Run the app again until that holds of it."""

    def run_until(app: AppTest, holds: Callable[[AppTest], bool]) -> AppTest:
        for _ in range(300):
            if holds(app):
                return app
            time.sleep(0.1)
            app.run()
        pytest.fail(f"it never came to that: {[each.value for each in app.markdown]}")

    return run_until
