"""Cells of the earlier system: brought in as recorded, judged here."""

import math
import sqlite3

import pytest

from evotrade.errors import DataError, StoreError
from evotrade.lab.candles import load_candles
from evotrade.lab.legacy import import_cells
from evotrade.store import open_store
from tests.paths import shared


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


def test_all_hundred_cells_come_with_ids_lineage_runs_and_recorded_numbers(store):
    brought = import_cells(shared("data/origin/cells.db"), store=store)
    assert (brought.cells, brought.phenotypes, brought.runs, brought.failed) == (100, 300, 3, 201)
    assert brought.unreadable == ()
    best = store.cell(29)
    assert (best.generation, best.parent_id, best.origin, best.combine) == (28, 8, "import", "majority")
    assert best.fitness == 35.77845076269199
    assert [row.timeframe for row in best.phenotypes] == ["1h", "4h", "1d"]
    assert best.phenotypes[1].metrics["return_pct"] == 35.77845076269199
    assert best.phenotypes[1].metrics["max_drawdown_pct"] == pytest.approx(5.7697184884605617)
    assert math.isnan(best.phenotypes[1].metrics["sharpe"])


def test_recorded_cells_die_of_recorded_numbers(store):
    import_cells(shared("data/origin/cells.db"), store=store)
    recorded = sqlite3.connect(f"file:{shared('data/origin/cells.db')}?mode=ro&immutable=1", uri=True)
    (lost,) = recorded.execute("SELECT count(*) FROM cells WHERE fitness < -10").fetchone()
    (silent,) = recorded.execute(
        "SELECT count(*) FROM (SELECT cell_id FROM cell_phenotypes GROUP BY cell_id"
        " HAVING max(total_trades) = 0 AND cell_id IN (SELECT cell_id FROM cells WHERE fitness >= -10))"
    ).fetchone()
    recorded.close()
    assert store.count_cells(status="dead") == lost + silent > 0


def test_with_candles_each_cell_is_evaluated_anew_and_keeps_its_recorded_fitness(store):
    candles = load_candles(shared("data/origin/PURR_60.csv"))
    brought = import_cells(shared("data/origin/cells.db"), store=store, candles=candles)
    assert (brought.phenotypes, brought.evaluated) == (600, 100)
    best = store.cell(29)
    assert best.fitness == 35.77845076269199
    assert [row.recorded for row in best.phenotypes] == [True] * 3 + [False] * 3
    assert store.load_candles("PURR", "1h").data_hash == best.phenotypes[3].data_hash


def test_looks_that_the_earlier_system_took_count_as_trials(store):
    import_cells(shared("data/origin/cells.db"), store=store)
    trials = store.trials(dish="cells")
    assert len(trials) == 300 + 201
    failed = trials[trials["outcome"] == "failed"]
    # one mutation failed at the end of run 1, a hundred each after runs 2 and 3 began
    assert failed["run_id"].value_counts().to_dict() == {1: 1, 2: 100, 3: 100}
    # none of the recorded fitnesses is 0, so all of them traded and count towards N
    assert (failed["trades"] > 0).all()


def test_importing_twice_is_refused_and_changes_nothing(store):
    import_cells(shared("data/origin/cells.db"), store=store)
    with pytest.raises(
        StoreError, match="cell 1 is in the store already: import cells.db into a store of its own"
    ):
        import_cells(shared("data/origin/cells.db"), store=store)
    assert store.count_cells() == 100
    assert len(store.trials(dish="cells")) == 501


def test_a_genome_that_does_not_parse_comes_in_dead(store, tmp_path):
    copy = tmp_path / "broken.db"
    copy.write_bytes(shared("data/origin/cells.db").read_bytes())
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE cells SET dsl_genome = 'ALPHA(0) $$$ > BETA(5)' WHERE cell_id = 29")
    assert import_cells(copy, store=store).unreadable == (29,)
    cell = store.cell(29)
    assert cell.status == "dead"
    assert cell.reasons[0].startswith("does not parse: line 1, column 1: ")


@pytest.mark.parametrize("content", [b"", b"not a database at all, only text", None])
def test_what_is_no_such_file_is_refused_in_one_sentence(store, tmp_path, content):
    path = tmp_path / "cells.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match="cells.db"):
        import_cells(path, store=store)
    assert store.dishes().empty
