"""Cells exported and imported as a person would type it."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from evotrade.lab.candles import load_candles
from evotrade.lab.cells import create_cell
from evotrade.store import open_store

GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"


@pytest.fixture
def cell(tmp_path, market):
    """Number of a fork of the only other cell of the store."""
    store = open_store(tmp_path / "lab.duckdb")
    candles = load_candles(market)
    parent = create_cell(GENOME.replace("20", "30"), candles, store=store)
    return str(create_cell(GENOME, candles, store=store, parent=parent.cell_id).cell_id)


def test_a_cell_goes_to_another_store_and_is_reproduced_there(evotrade, cell, market):
    assert evotrade("export", cell, "-o", "cell.json") == (0, "cell 2 is in cell.json\n", "")
    ran = evotrade("import", "cell.json", "--data", str(market), "--store", "other.duckdb")
    assert ran.code == 0
    assert "cell 2  💀 dead, from cell.json with 1 ancestor\n2 trials stood behind its numbers" in ran.out
    assert ran.err == "BTC/USD 1h all: reproduced to the bit\n"
    assert "equal to the bit" in evotrade("reproduce", "2", "--store", "other.duckdb").out


def test_without_its_candles_a_cell_comes_as_recorded_and_says_what_to_do(evotrade, cell, market):
    evotrade("export", cell, "--out", "cell.json")
    ran = evotrade("import", "cell.json", "--store", "other.duckdb")
    assert ran.code == 0
    assert "BTC/USD 1h all: as recorded, for BTC/USD 1h from archive, " in ran.err
    assert "is not here: evotrade reproduce 2 --data FILE computes it again" in ran.err
    again = evotrade("reproduce", "2", "--data", str(market), "--store", "other.duckdb")
    assert "30 metrics, equal to the bit" in again.out


def test_numbers_that_do_not_hold_are_named(evotrade, cell, market):
    document = json.loads(evotrade("export", cell).out)
    document["cell"]["phenotypes"][0]["metrics"]["sharpe"] = 9.9
    market.with_name("cell.json").write_text(json.dumps(document))
    ran = evotrade("import", "cell.json", "--data", str(market), "--store", "other.duckdb")
    assert (ran.code, ran.err) == (
        0,
        "BTC/USD 1h all: computed again, and judged by that, since the file differs in sharpe\n",
    )


def test_an_export_goes_through_a_pipe(evotrade, cell, monkeypatch):
    text = evotrade("export", cell).out
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    ran = evotrade("import", "-", "--store", "other.duckdb", "--json")
    assert ran.code == 0
    brought = json.loads(ran.out)
    assert (brought["cell_id"], brought["numbers"], brought["trials_at_export"]) == (2, {"1": 1, "2": 2}, 2)


def test_an_import_says_which_ancestors_were_known(evotrade, cell):
    for number in ("1", cell):
        evotrade("export", number, "-o", f"{number}.json")
    evotrade("import", "1.json", "--store", "other.duckdb")
    ran = evotrade("import", f"{cell}.json", "--store", "other.duckdb")
    assert "from 2.json with 1 ancestor (1 known already)\n" in ran.out


def test_an_export_overwrites_nothing(evotrade, cell, tmp_path):
    before = (tmp_path / "lab.duckdb").read_bytes()
    ran = evotrade("export", cell, "-o", "lab.duckdb")
    assert ran == (1, "", "Error: lab.duckdb exists already: name a new file\n")
    assert (tmp_path / "lab.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", "1"), "there is no cell 1 in the store"),
        (("export", "1", "--store", "mistyped.duckdb"), "make it with evotrade init"),
        (
            ("import", "missing.json"),
            "missing.json cannot be read (No such file or directory): check the path",
        ),
        (("import", "lab.duckdb"), "lab.duckdb is no JSON"),
        (("import", "."), ". cannot be read (Is a directory)"),
    ],
)
def test_what_fails_says_so_in_one_sentence(evotrade, words, message):
    evotrade("init")
    ran = evotrade(*words)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("words", [("export",), ("export", "best"), ("import",)])
def test_wrong_use_is_exit_code_2(evotrade, words):
    assert evotrade(*words).code == 2
