"""Cells outside a dish: tried, created, replayed, reproduced."""

from dataclasses import replace

import numpy as np
import pytest

from evotrade.engine.execution import Execution
from evotrade.errors import DataError, GenomeError, NotFound
from evotrade.lab.cells import create_cell, replay, reproduce, try_genome
from evotrade.market import synthetic_candles
from evotrade.store import open_store

CANDLES = synthetic_candles(1_500, "1h", seed=4)
GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


def test_a_look_at_a_genome_is_a_trial_and_makes_no_cell(store):
    shown = try_genome(GENOME, CANDLES, store=store, timeframes=("1h", "4h"))
    assert [(row.timeframe, row.split) for row in shown] == [("1h", "all"), ("4h", "all")]
    trials = store.trials()
    assert list(trials["outcome"]) == ["test", "test"]
    assert list(trials["timeframe"]) == ["1h", "4h"]
    assert store.cells().empty


def test_a_person_s_cell_is_evaluated_judged_stored_and_counted(store):
    cell = create_cell(
        GENOME, CANDLES, store=store, name="crossing", hypothesis="trends last", category="trend"
    )
    assert store.cell(cell.cell_id) == cell
    assert (cell.origin, cell.generation, cell.name, cell.category) == ("person", 0, "crossing", "trend")
    assert cell.fitness == cell.phenotypes[0].metrics["return_pct"]
    assert list(store.trials()["outcome"]) == ["born"]


def test_a_fork_is_its_parent_s_child(store):
    parent = create_cell(GENOME, CANDLES, store=store)
    child = create_cell(GENOME.replace("20", "21"), CANDLES, store=store, parent=parent.cell_id)
    assert (child.parent_id, child.generation) == (parent.cell_id, 1)


def test_a_cell_is_reproduced_from_stored_candles_and_from_its_own(store):
    cell = create_cell(GENOME, CANDLES, store=store, execution=Execution(fee_bps=10, fill="close"))
    for candles in (None, CANDLES):
        (result,) = reproduce(store, cell.cell_id, candles)
        assert result.differing == ()
        assert len(result.metrics) == 30


def test_a_number_that_was_tampered_with_is_found(store):
    cell = create_cell(GENOME, CANDLES, store=store)
    with store.write() as con:
        con.execute("UPDATE phenotypes SET sharpe = sharpe + 1e-15")
    (result,) = reproduce(store, cell.cell_id)
    assert result.differing == ("sharpe",)


def test_a_cell_is_not_reproduced_on_other_candles(store):
    cell = create_cell(GENOME, CANDLES, store=store)
    other = replace(CANDLES, volume=CANDLES.volume + 1)
    with pytest.raises(
        DataError, match="not those that cell 1 was evaluated on at 1h: their contents differ"
    ):
        reproduce(store, cell.cell_id, other)


def test_a_replay_ends_at_the_equity_that_was_stored(store):
    cell = create_cell(GENOME, CANDLES, store=store, timeframes=("1h", "4h"))
    shown = replay(store, cell, cell.phenotypes[1])
    assert shown.candles.timeframe == "4h"
    assert shown.simulation.equity[-1] == cell.phenotypes[1].metrics["final_equity"]
    assert np.isfinite(shown.simulation.equity).all()


def test_what_was_only_recorded_cannot_be_replayed(store):
    cell = create_cell(GENOME, CANDLES, store=store)
    with pytest.raises(NotFound, match="cell 1 was not evaluated here at 1h on all"):
        replay(store, cell, replace(cell.phenotypes[0], recorded=True))


def test_a_genome_that_cannot_run_is_the_caller_s_mistake_and_leaves_nothing(store):
    with pytest.raises(GenomeError, match="DELTA_5M"):
        create_cell("IF DELTA_5M(0) > 1 THEN BUY", CANDLES, store=store)
    with pytest.raises(NotFound, match="cell 77"):
        create_cell(GENOME, CANDLES, store=store, parent=77)
    with pytest.raises(DataError, match="name no pair"):
        create_cell(GENOME, replace(CANDLES, pair=""), store=store)
    assert store.cells().empty
    assert store.trials().empty
