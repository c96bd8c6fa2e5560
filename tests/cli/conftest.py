"""Runs the command line in this process, as a person would type it."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from evotrade.__main__ import main
from tests.candle_files import kraken_file


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def evotrade(tmp_path, monkeypatch, capsys) -> Callable[..., Ran]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVOTRADE_STORE", str(tmp_path / "lab.duckdb"))

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["evotrade", *words])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def market(tmp_path):
    """A candle file of a small synthetic market."""
    return kraken_file(tmp_path, 2_000)
