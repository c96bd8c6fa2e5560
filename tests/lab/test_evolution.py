"""Runs of a dish: the same cells whoever computes them, and after whatever interruption."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from evotrade.engine.execution import Execution
from evotrade.errors import DataError, EvolutionError, NotEnoughCandles, SettingsError, StoreError
from evotrade.evolution.executors import SerialExecutor
from evotrade.lab import evolution
from evotrade.lab.cells import reproduce
from evotrade.lab.evolution import evolve
from evotrade.lab.stopping import StopRules
from evotrade.market import synthetic_candles
from evotrade.settings import Settings, ViabilitySettings
from evotrade.store import Store, open_store

CANDLES = synthetic_candles(3_000, "1h", seed=3)
DISH = {"population": 20, "seed": 5, "warmup_bars": 200, "min_trades": 3}
COMPARED = [
    "cell_id",
    "genome",
    "fitness",
    "generation",
    "parent_id",
    "second_parent_id",
    "operator",
    "status",
]


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


def run(store, generations=4, executor=None, **more):
    settings = {} if more.get("resume") else DISH
    candles = None if more.get("resume") else CANDLES
    return evolve(
        "dish",
        candles,
        store=store,
        generations=generations,
        executor=executor or SerialExecutor(),
        **settings,
        **more,
    )


def told(store):
    """All that the run brought, but for clock times."""
    cells = store.cells(order_by="cell_id", descending=False)[COMPARED]
    trials = store.trials(dish="dish").drop(columns=["created_at", "run_id"])
    return cells, trials.sort_values(["generation", "genome_id", "timeframe", "split"], ignore_index=True)


def same(one, other):
    for mine, theirs in zip(one, other, strict=True):
        assert mine.astype(str).equals(theirs.astype(str))


def test_the_same_seed_gives_the_same_cells_in_threads_and_in_processes(store, tmp_path):
    run(store)
    for name, executor, workers in (("a", ThreadPoolExecutor(2), 2), ("b", "processes", 2)):
        other = open_store(tmp_path / f"{name}.duckdb")
        run(other, executor=executor, workers=workers)
        same(told(store), told(other))


def test_another_seed_gives_other_cells(store, tmp_path):
    other = open_store(tmp_path / "other.duckdb")
    evolve("dish", CANDLES, store=store, generations=1, executor="serial", **DISH)
    evolve("dish", CANDLES, store=other, generations=1, executor="serial", **{**DISH, "seed": 6})
    assert set(store.cells()["genome"]) != set(other.cells()["genome"])


def test_a_run_stopped_by_a_person_and_resumed_ends_as_one_that_was_not(store, tmp_path):
    undisturbed = open_store(tmp_path / "undisturbed.duckdb")
    run(undisturbed, generations=5)
    asked = iter([False, False, True])
    first = run(store, generations=5, limits=StopRules(stop=lambda: next(asked)))
    assert (first.reason, len(first.history)) == ("stopped by a person", 2)
    run(store, generations=5, resume=True)
    cells, _ = told(store)
    assert cells.astype(str).equals(told(undisturbed)[0].astype(str))


def test_a_run_killed_just_before_its_end_ends_there_when_it_is_resumed(store, monkeypatch):
    reached = StopRules(fitness_goal=-1e9)
    with monkeypatch.context() as killed:
        killed.setattr(type(store), "finish_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(store, limits=reached)
    assert store.last_run("dish").finished_at is None
    ended = run(store, resume=True, limits=reached)
    assert (ended.reason, len(ended.history)) == ("fitness goal reached", 1)
    assert store.last_run("dish").finished_at is not None


def interrupted(*_):
    raise KeyboardInterrupt


def failing_from(generation, original, error):
    """`original`, but that its calls from this one on raise `error`; the first call is generation 0."""
    calls = itertools.count()

    def call(*arguments):
        if next(calls) >= generation:
            raise error
        return original(*arguments)

    return call


@pytest.mark.parametrize(
    ("where", "name", "error"),
    [
        (evolution, "evaluate_all", EvolutionError("a worker died")),
        (evolution, "deliver", KeyboardInterrupt("a person")),
        (Store, "save_generation", StoreError("the disk is full")),
    ],
)
def test_an_error_ends_the_run_with_all_stored_before_it_and_a_resumed_one_ends_as_if_undisturbed(
    store, tmp_path, monkeypatch, where, name, error
):
    undisturbed = open_store(tmp_path / "undisturbed.duckdb")
    run(undisturbed)
    with monkeypatch.context() as broken:
        broken.setattr(where, name, failing_from(2, getattr(where, name), error))
        with pytest.raises(type(error), match=str(error)):
            run(store)
    assert list(store.generations("dish")["generation"]) == [0, 1]
    run(store, resume=True)
    same(told(store), told(undisturbed))


def test_a_dish_keeps_the_thresholds_of_viability_that_it_began_with(store):
    strict = Settings(viability=ViabilitySettings(strict=True, min_trades=40))
    run(store, settings=strict, generations=2)
    run(store, resume=True, generations=3)
    for cell_id in store.cells(status="alive")["cell_id"]:
        trades = [row.metrics["trades"] for row in store.cell(int(cell_id)).phenotypes]
        assert trades[0] >= 40


def test_a_dish_of_another_engine_is_not_resumed(store, monkeypatch):
    run(store, generations=1)
    monkeypatch.setattr(evolution, "ENGINE_VERSION", "0")
    with pytest.raises(EvolutionError, match="dish 'dish' was not evolved by engine 0"):
        run(store, resume=True)


def test_a_dish_of_an_earlier_system_is_not_resumed(store):
    store.save_dish("dish", {"imported_from": "cells.db"}, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(EvolutionError, match="begin a new dish"):
        run(store, resume=True)


def test_candles_that_the_store_has_more_of_in_between_are_refused(store):
    store.save_candles(CANDLES)
    every_other = {name: getattr(CANDLES, name)[::2] for name in ("time_s", *CANDLES.columns)}
    with pytest.raises(DataError, match="holds other bars or columns .* use its candles"):
        evolve("dish", replace(CANDLES, **every_other), store=store, executor="serial", **DISH)
    assert store.dishes().empty


def test_every_evaluation_is_in_the_ledger_born_or_not(store):
    ended = run(store)
    trials = store.trials(dish="dish")
    search = trials[trials["split"] == "train"]
    assert search["genome_id"].nunique() == ended.history["evaluated"].sum()
    failed = search[search["outcome"] == "failed"]["genome_id"].nunique()
    assert failed == store.failures("dish")["count"].sum() - cannot_run(store)
    assert not search["genome_id"].duplicated().any()


def cannot_run(store):
    failures = store.failures("dish")
    return failures.loc[failures["reason"] == "cannot run", "count"].sum()


def test_a_trial_keeps_what_significance_needs(store):
    run(store, generations=1)
    row = store.trials(dish="dish").iloc[0]
    cells = store.cells()
    assert np.sum(row["slice_n"]) == row["bars"]
    assert len(row["slice_sum"]) == len(row["slice_sum_sq"]) == 16
    assert set(cells["genome_id"]) <= set(store.trials(dish="dish")["genome_id"])


def test_finalists_are_scored_on_validation_once_and_nothing_looks_into_the_vault(store):
    ended = run(store)
    trials = store.trials(dish="dish")
    finals = trials[trials["split"] == "validation"]
    assert 0 < len(finals) <= ended.dish.finalists
    assert set(trials["split"]) == {"train", "validation"}
    run(store, generations=4, resume=True)
    assert len(store.trials(dish="dish")) == len(trials)


def test_the_best_cell_is_reproduced_to_the_bit(store):
    best = run(store).best
    results = reproduce(store, best.cell_id)
    assert {result.phenotype.split for result in results} == {"train", "validation"}
    assert not any(result.differing for result in results)


def test_fitness_at_several_timeframes_is_a_trial_of_each(store):
    timeframes = {"timeframes": ("1h", "4h"), "aggregate": "worst"}
    evolve("dish", CANDLES, store=store, generations=2, executor="serial", **DISH, **timeframes)
    cell = store.cell(int(store.cells(status="alive").iloc[0]["cell_id"]))
    train = [row for row in cell.phenotypes if row.split == "train"]
    assert [row.timeframe for row in train] == ["1h", "4h"]
    returns = [row.metrics["return_pct"] for row in train if row.skipped is None]
    assert cell.fitness == min(returns)


def test_a_dish_that_exists_is_not_begun_again_nor_resumed_with_other_settings(store):
    run(store, generations=1)
    with pytest.raises(EvolutionError, match="dish 'dish' exists: go on with it by --resume"):
        run(store, generations=1)
    with pytest.raises(EvolutionError, match=r"was made with seed 5 \(asked: 9\)"):
        evolve("dish", None, store=store, resume=True, seed=9, executor="serial")
    with pytest.raises(EvolutionError, match="data_hash"):
        evolve("dish", CANDLES[:2_000], store=store, resume=True, executor="serial")


def test_candles_that_changed_in_the_store_cannot_be_resumed_on(store):
    run(store, generations=1)
    close = CANDLES.close.copy()
    close[7] = CANDLES.high[7]
    store.save_candles(replace(CANDLES, close=close))
    with pytest.raises(EvolutionError, match="candles of dish 'dish' have changed since it began"):
        run(store, generations=2, resume=True)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"generations": 0}, EvolutionError, "0 generations"),
        ({"population": 1}, SettingsError, "population of a dish must be at least 2, found 1"),
        ({"tournament": 0}, SettingsError, "tournament of a dish must be at least 1, found 0"),
        ({"max_size": 2}, SettingsError, "max_size of a dish must be between 3 and 200, found 2"),
        ({"seed": -1}, SettingsError, "seed of a dish must be between 0 and"),
        ({"objective": "luck"}, SettingsError, "unknown objective 'luck'"),
        ({"timeframes": ("5m",)}, SettingsError, "timeframe 5m is not a multiple of the candles' 1h"),
        ({"timeframes": ("1w",)}, NotEnoughCandles, "use more candles or a shorter timeframe"),
        ({"combine": "shout"}, SettingsError, "unknown way to combine rules 'shout'"),
        ({"executor": "quantum"}, SettingsError, "unknown executor 'quantum'"),
        ({"execution": Execution(fee_bps=5), "shares": (0.5, 0.1, 0.1)}, SettingsError, "shares of 1"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_stored(store, settings, error, message):
    with pytest.raises(error, match=message):
        evolve("dish", CANDLES, store=store, **{"executor": "serial", **settings})
    assert store.dishes().empty
