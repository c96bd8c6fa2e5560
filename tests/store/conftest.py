"""A new store for each test, and one for all examples of a law."""

from pathlib import Path

import pytest

from evotrade.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "lab.duckdb")


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store") / "lab.duckdb")
