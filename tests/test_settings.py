"""Settings of a person: the environment before the file, and every mistake told with its repair."""

from pathlib import Path

import pytest

from evotrade.errors import SettingsError
from evotrade.settings import load_settings


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVOTRADE_STORE", raising=False)
    return tmp_path


def test_the_environment_comes_before_the_file(folder, monkeypatch):
    (folder / "evotrade.toml").write_text('store = "file.duckdb"\n[viability]\nmin_trades = 20\n')
    monkeypatch.setenv("EVOTRADE_STORE", "environment.duckdb")
    found = load_settings()
    assert (found.store, found.viability.min_trades) == (Path("environment.duckdb"), 20)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"store = ", "evotrade.toml is no TOML file"),
        (b"store = '\xff'", "evotrade.toml is no TOML file"),
        (b"shop = 1", "setting 'shop': .* mend it in evotrade.toml"),
        (b"exchange_url = 'nonsense'", "setting 'exchange_url': an address begins like .* 'nonsense'"),
        (b"exchange_ws_url = 'ws://['", "setting 'exchange_ws_url': "),
        (b"[viability]\nmin_trades = -1", "setting 'viability.min_trades'.* EVOTRADE_VIABILITY__MIN_TRADES"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_repair(folder, content, message):
    (folder / "evotrade.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_a_mistake_in_the_environment_is_told_with_its_repair(monkeypatch):
    monkeypatch.setenv("EVOTRADE_VIABILITY", "strict")
    with pytest.raises(SettingsError, match="viability.* mend the EVOTRADE_ variable"):
        load_settings()
