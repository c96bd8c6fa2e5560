"""The desk's pages over a scripted desk, which a real API server tells of on loopback."""

from collections.abc import Iterator

import httpx
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from evotrade.api import create_app
from evotrade.api.access import Quota
from evotrade.settings import Settings
from evotrade.store import Store
from evotrade.tokens import ensure_tokens, tokens_file
from evotrade.ui.desk import reads
from tests.api.desks import ScriptedDesk
from tests.api.serving import serving
from tests.ui.stores import a_cell, a_phenotype, a_store


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def store(tmp_path) -> Store:
    """A living cell 1 that was measured, and a dead cell 2."""
    living = a_cell(phenotypes=(a_phenotype(),))
    return a_store(tmp_path, living, a_cell(status="dead", reasons=("never traded",)))


class Daemon:
    """A daemon that can be taken away."""

    def __init__(self, monkeypatch) -> None:
        self._monkeypatch = monkeypatch

    def gone(self) -> None:
        """From now on nobody answers."""

        def refuse(*_, **__):
            raise httpx.ConnectError("nobody listens")

        self._monkeypatch.setattr(httpx.Client, "request", refuse)


@pytest.fixture
def daemon(desk, store, monkeypatch) -> Iterator[Daemon]:
    """The API of the scripted desk, where the app's settings look for it."""
    tokens = ensure_tokens(tokens_file(store.path))
    app = create_app(desk, store, tokens, settings=Settings(), quota=Quota(burst=10_000, per_s=10_000.0))
    with serving(app) as served:
        monkeypatch.setenv("EVOTRADE_DAEMON_URL", served.url)
        yield Daemon(monkeypatch)
        st.cache_resource.clear()  # with it go the connections to this daemon


@pytest.fixture
def open_page(open_app, store):
    """One of the desk's pages at an address such as `session=7`, run afresh."""

    def open_on(page: str, **address: str) -> AppTest:
        reads.forget()
        return open_app(store, **address).switch_page(f"../../pages/{page}.py").run()

    return open_on
