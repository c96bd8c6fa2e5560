"""The app over a scripted desk and a real store, served on loopback."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from evotrade.api import create_app
from evotrade.api.access import Quota
from evotrade.settings import Settings
from evotrade.store import Store
from evotrade.tokens import Role, Tokens, new_tokens
from tests.api.desks import ScriptedDesk
from tests.api.serving import Served, serving
from tests.store.samples import cell, phenotype

MANY = Quota(burst=10_000, per_s=10_000.0)


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def tokens() -> Tokens:
    return new_tokens()


@pytest.fixture
def store(tmp_path) -> Store:
    """Two cells, the second a dead child of the first."""
    made = Store(tmp_path / "evotrade.duckdb")
    made.add_cells([cell(phenotypes=(phenotype(metrics={"return_pct": 1.5, "sharpe": float("nan")}),))])
    made.add_cells([cell(parent_id=1, status="dead", reasons=("never traded",), fitness=float("nan"))])
    return made


@pytest.fixture
def app(desk, store, tokens):
    return create_app(desk, store, tokens, settings=Settings(llm=None), quota=MANY)


@pytest.fixture
def served(app) -> Iterator[Served]:
    with serving(app) as running:
        yield running


@pytest.fixture
def ask(served, tokens) -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients with the token of a role, or without any."""
    made: list[httpx.Client] = []

    def client(role: Role | None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {tokens.of_role(role).token}"} if role else {}
        made.append(httpx.Client(base_url=served.url, headers=headers, trust_env=False))
        return made[-1]

    yield client
    for one in made:
        one.close()
