"""Cells outside a dish: tried, created, replayed, reproduced."""

from dataclasses import replace

import numpy as np
import pytest

from evotrade.engine.execution import Execution
from evotrade.errors import DataError, GenomeError, NotEnoughCandles, NotFound
from evotrade.lab.bench import bench_on
from evotrade.lab.cells import create_cell, create_on, replay, reproduce, try_genome, try_on
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


def test_each_timeframe_and_split_of_a_bench_is_a_trial_that_says_its_number(store):
    shown = try_on(bench_on(CANDLES, ("1h", "4h"), store=store), GENOME, store)
    assert shown.trials == ((1, True), (2, True), (3, True), (4, True))
    assert list(store.trials()["split"]) == ["train", "validation"] * 2
    assert shown.market_trials == 4
    assert store.cells().empty


def test_the_same_look_again_is_the_same_trial(store):
    bench = bench_on(CANDLES, store=store)
    first = try_on(bench, GENOME, store)
    again = try_on(bench, "if close() > avg(close,20) then buy else sell", store)
    assert again.trials == tuple((entry.trial_id, False) for entry in first.trials)
    assert again.market_trials == first.market_trials == 2


def test_what_would_be_born_is_what_is_born(store):
    bench = bench_on(CANDLES, ("1h", "4h"), store=store)
    would_be = try_on(bench, GENOME, store).cell
    born = create_on(bench, GENOME, store)
    same = ("fitness", "status", "reasons", "objective", "combine", "origin", "dish", "phenotypes")
    assert all(repr(getattr(would_be, name)) == repr(getattr(born, name)) for name in same)
    assert len(store.trials()) == 4


def test_fitness_is_train_s_at_the_best_timeframe(store):
    born = create_on(bench_on(CANDLES, ("1h", "4h"), store=store), GENOME, store)
    train = [row.metrics["return_pct"] for row in born.phenotypes if row.split == "train"]
    assert born.fitness == max(train)


def test_a_strategy_that_never_enters_is_born_dead(store):
    born = create_on(bench_on(CANDLES, store=store), "IF DELTA < 0 THEN BUY", store)
    assert (born.status, born.fitness) == ("dead", 0.0)
    assert "never entered a trade on train, at any timeframe" in born.reasons
    assert store.count_trials(CANDLES.pair) == 0


def test_a_timeframe_that_a_strategy_cannot_run_at_is_skipped(store):
    bench = bench_on(CANDLES, ("1h", "4h"), store=store)
    shown = try_on(bench, "IF DELTA_1H(0) > DELTA_1H(3) THEN BUY ELSE SELL", store)
    skipped = {row.timeframe for row in shown.cell.phenotypes if row.skipped}
    assert (skipped, len(shown.trials)) == ({"4h"}, 2)


def test_a_strategy_that_looks_back_beyond_the_warm_up_is_refused(store):
    with pytest.raises(NotEnoughCandles, match="looks back 499 bars of 1h, the warm-up has 150"):
        try_on(bench_on(CANDLES, store=store), "IF DELTA > AVG(DELTA, 500) THEN BUY", store)
    assert store.trials().empty


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
    assert (child.parent_id, child.generation, child.operator) == (parent.cell_id, 1, "hand")
    assert (parent.operator, child.second_parent_id) == ("", None)


def test_a_fork_keeps_its_parent_s_objective(store):
    parent = create_on(bench_on(CANDLES, objective="sharpe", store=store), GENOME, store)
    child = create_cell(GENOME.replace("20", "21"), CANDLES, store=store, parent=parent.cell_id)
    assert (child.objective, child.fitness) == ("sharpe", child.phenotypes[0].metrics["sharpe"])


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


def test_what_an_earlier_system_recorded_cannot_be_replayed(store):
    cell = create_cell(GENOME, CANDLES, store=store)
    with pytest.raises(NotFound, match="cell 1 was not evaluated by evotrade at 1h on all"):
        replay(store, cell, replace(cell.phenotypes[0], recorded=True, data_hash=""))


def test_what_another_evotrade_recorded_can(store):
    cell = create_cell(GENOME, CANDLES, store=store)
    shown = replay(store, cell, replace(cell.phenotypes[0], recorded=True))
    assert shown.metrics["final_equity"] == cell.phenotypes[0].metrics["final_equity"]


def test_a_genome_that_cannot_run_is_the_caller_s_mistake_and_leaves_nothing(store):
    with pytest.raises(GenomeError, match="DELTA_5M"):
        create_cell("IF DELTA_5M(0) > 1 THEN BUY", CANDLES, store=store)
    with pytest.raises(NotFound, match="cell 77"):
        create_cell(GENOME, CANDLES, store=store, parent=77)
    with pytest.raises(DataError, match="name no pair"):
        create_cell(GENOME, replace(CANDLES, pair=""), store=store)
    assert store.cells().empty
    assert store.trials().empty
