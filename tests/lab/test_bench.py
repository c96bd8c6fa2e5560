"""The bench: parent and child alike, fresh strategies on splits of their own, vaults closed for both."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.engine.execution import Execution
from evotrade.errors import DataError, EvolutionError, NotEnoughCandles, NotFound, SettingsError
from evotrade.evolution.dish import Dish
from evotrade.evolution.splits import borders
from evotrade.genome import as_genome
from evotrade.lab.bench import bench_of, bench_on
from evotrade.lab.cells import create_cell, create_on, try_on
from evotrade.lab.evolution import divide_all, evolve
from evotrade.market import synthetic_candles
from evotrade.store import open_store

NOW = datetime(2025, 1, 1, tzinfo=UTC)
CANDLES = synthetic_candles(1_500, "1h", seed=4)
GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"
TERMS = Execution(fee_bps=10)


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


@pytest.fixture(scope="module")
def evolved(tmp_path_factory):
    """A store with a small dish on two timeframes, and its best cell."""
    store = open_store(tmp_path_factory.mktemp("evolved") / "lab.duckdb")
    settings = {"population": 12, "warmup_bars": 60, "executor": "serial", "execution": TERMS}
    run = evolve("mine", CANDLES, store=store, generations=2, timeframes=("1h", "4h"), **settings)
    return store, store.cell(run.best.cell_id)


def keep_dish(store, candles, name="mine", **settings):
    dish = Dish.of(name, candles, **settings)
    store.save_candles(candles)
    store.save_dish(name, dish.to_dict(), NOW)
    return dish


def numbers(phenotypes):
    return {(row.timeframe, row.split): dict(row.metrics) for row in phenotypes}


def test_a_parent_tried_on_its_own_bench_shows_its_own_numbers(evolved):
    store, parent = evolved
    shown = numbers(try_on(bench_of(parent, store), parent.genome, store).cell.phenotypes)
    own = numbers(parent.phenotypes)
    assert {key[1] for key in own} == {"train", "validation"}
    assert repr({key: shown[key] for key in own}) == repr(own)


def test_the_fitness_of_a_parent_on_its_own_bench_is_its_fitness(evolved):
    store, parent = evolved
    assert try_on(bench_of(parent, store), parent.genome, store).cell.fitness == parent.fitness


def test_a_fork_is_measured_as_its_parent_and_so_are_its_own_forks(evolved):
    store, parent = evolved
    bench = bench_of(parent, store)
    child = create_on(bench, GENOME, store, parent=parent.cell_id)
    again = bench_of(child, store)
    assert (again.candles, again.spans, again.max_lookback) == (
        bench.candles,
        bench.spans,
        bench.max_lookback,
    )
    assert (again.dish.execution, again.dish.combine) == (TERMS, parent.combine)
    assert child.dish == ""


def test_what_a_dish_tried_already_is_the_same_trial(evolved):
    store, parent = evolved
    before = len(store.trials())
    trials = try_on(bench_of(parent, store), parent.genome, store).trials
    assert not any(trial.new for trial in trials)
    assert len(store.trials()) == before


def test_a_fresh_strategy_is_tried_on_train_and_validation_and_never_on_the_vault(store):
    bench = bench_on(CANDLES, ("1h", "4h"), TERMS, store=store)
    shares = borders(CANDLES, (0.6, 0.2, 0.2))
    for name in ("1h", "4h"):
        train, validation = bench.spans[name]
        assert (train.split, validation.split) == ("train", "validation")
        assert train.end_s <= shares[1] < validation.start_s
        assert validation.end_s <= shares[2]
        assert bench.seen(name).end_s[-1] <= shares[2]


@settings(max_examples=20)  # each makes a store
@given(shares=st.tuples(st.integers(45, 60), st.integers(1, 20)), bars=st.integers(600, 1_500))
def test_no_bench_reaches_into_a_vault_that_a_dish_keeps_on_the_market(tmp_path_factory, shares, bars):
    train, validation = (part / 100 for part in shares)
    store = open_store(tmp_path_factory.mktemp("vaults") / "lab.duckdb")
    split = (train, validation, 1 - train - validation)
    dish = keep_dish(store, CANDLES[:bars], shares=split, warmup_bars=24)
    for candles in (CANDLES, CANDLES[:bars], CANDLES[100:]):
        assert bench_on(candles, store=store).end_s <= borders(CANDLES[:bars], dish.shares)[2]


def test_a_dish_on_the_very_series_gives_its_borders(store):
    dish = keep_dish(store, CANDLES, shares=(0.5, 0.3, 0.2), warmup_bars=100)
    train, validation = bench_on(CANDLES, store=store).spans["1h"]
    assert (train.end_s, validation.end_s) == borders(CANDLES, dish.shares)[1:3]


@pytest.mark.parametrize("candles", [CANDLES, CANDLES[:900], CANDLES[:700]], ids=len)
def test_the_warm_up_is_the_one_that_the_dish_used_on_a_longer_or_shorter_series_too(store, candles):
    dish = keep_dish(store, CANDLES[:800], timeframes=("1h", "4h"))
    used = divide_all(CANDLES[:800], dish)
    bench = bench_on(candles, ("1h", "4h"), store=store)
    assert bench.max_lookback == {name: splits.warmup_bars for name, splits in used.items()}
    assert bench.spans["1h"][0] == used["1h"].train
    assert bench.spans["4h"][0] == used["4h"].train


def test_a_timeframe_that_the_borders_leave_no_validation_says_so(store):
    assert bench_on(CANDLES, ("1h", "4h"), store=store).unvalidated == ()
    keep_dish(store, CANDLES, shares=(0.6, 0.01, 0.39))
    assert bench_on(CANDLES, ("1h", "4h"), store=store).unvalidated == ("1h", "4h")


def test_of_several_vaults_the_earliest_decides(store):
    keep_dish(store, CANDLES, "late", shares=(0.6, 0.3, 0.1))
    early = keep_dish(store, CANDLES, "early", shares=(0.5, 0.2, 0.3))
    keep_dish(store, CANDLES, "none", shares=(1.0, 0.0, 0.0))
    assert bench_on(CANDLES, store=store).end_s == borders(CANDLES, early.shares)[2]


def without(candles, first, last):
    """The series as it was before the bars from `first` to `last` were filled in."""
    kept = np.r_[0:first, last : len(candles)]
    return replace(candles, **{name: getattr(candles, name)[kept] for name in ("time_s", *candles.columns)})


def test_bars_that_are_filled_in_later_move_no_vault(store):
    early = without(CANDLES, 1_300, 1_450)
    dish = keep_dish(store, early)
    kept = borders(early, dish.shares)[2]
    store.save_candles(CANDLES)
    assert borders(CANDLES, dish.shares)[2] > kept
    assert bench_on(CANDLES, store=store).end_s == kept


def test_a_dish_that_was_stored_without_borders_gives_those_of_its_series(store):
    dish = replace(keep_dish(store, CANDLES, shares=(0.5, 0.2, 0.3)), name="old", borders_s=())
    old = open_store(store.path.with_name("old.duckdb"))
    old.save_candles(CANDLES)
    old.save_dish("old", without_borders(dish), NOW)
    assert bench_on(CANDLES, store=old).end_s == borders(CANDLES, dish.shares)[2]


def test_such_a_dish_whose_series_changed_keeps_all_that_it_was_not_judged_on(tmp_path):
    store = open_store(tmp_path / "old.duckdb")
    early = without(CANDLES, 1_300, 1_450)
    run = evolve("old", early, store=store, generations=1, population=12, executor="serial")
    judged = borders(early, run.dish.shares)[2]
    with store.write() as con:
        con.execute("UPDATE dishes SET spec = $spec", {"spec": json.dumps(without_borders(run.dish))})
    store.save_candles(CANDLES)
    assert bench_on(CANDLES, store=store).end_s <= judged


def without_borders(dish):
    """The dish as it was stored before dishes kept their borders."""
    return {name: value for name, value in dish.to_dict().items() if name != "borders_s"}


def test_a_dish_that_was_stored_without_borders_can_be_resumed(tmp_path):
    store = open_store(tmp_path / "old.duckdb")
    settings = {"store": store, "population": 12, "executor": "serial"}
    dish = evolve("old", CANDLES, generations=1, **settings).dish
    with store.write() as con:
        con.execute("UPDATE dishes SET spec = $spec", {"spec": json.dumps(without_borders(dish))})
    run = evolve("old", CANDLES, generations=2, resume=True, **settings)
    assert (run.dish, len(run.history)) == (replace(dish, borders_s=()), 2)


def test_a_synthetic_market_closes_nothing_of_a_real_one(store):
    keep_dish(store, CANDLES, shares=(0.3, 0.1, 0.6))
    real = replace(CANDLES, source="archive")
    assert bench_on(real, store=store).end_s == borders(real, (0.6, 0.2, 0.2))[2]


def test_a_series_inside_a_vault_says_since_when_it_is_closed(store):
    keep_dish(store, CANDLES, shares=(0.3, 0.1, 0.6))
    with pytest.raises(NotEnoughCandles, match=r"keeps what comes after 2020-01-26 in its vault"):
        bench_on(CANDLES[700:], store=store)


def test_a_series_too_short_to_divide_says_so(store):
    with pytest.raises(NotEnoughCandles, match="20 bars of 1h leave 10 to train on"):
        bench_on(CANDLES[:20], store=store)
    with pytest.raises(SettingsError, match="30m is not a multiple"):
        bench_on(CANDLES, ("30m",), store=store)
    with pytest.raises(DataError, match="without bars"):
        bench_on(CANDLES[:0], store=store)


def test_a_cell_of_a_notebook_gives_a_bench_of_all_its_candles(store):
    cell = create_cell(
        GENOME, CANDLES, store=store, timeframes=("1h", "4h"), combine="first", execution=TERMS
    )
    bench = bench_of(cell, store)
    assert {name: [span.split for span in spans] for name, spans in bench.spans.items()} == {
        "1h": ["all"],
        "4h": ["all"],
    }
    assert (bench.dish.combine, bench.dish.execution, bench.training) == ("first", TERMS, "all")
    assert numbers(try_on(bench, GENOME, store).cell.phenotypes) == numbers(cell.phenotypes)


def test_a_cell_of_all_candles_gives_no_bench_once_a_dish_keeps_a_vault_there(store):
    cell = create_cell(GENOME, CANDLES, store=store)
    keep_dish(store, CANDLES)
    with pytest.raises(DataError, match=r"dish 'mine' keeps those after .* in its vault"):
        bench_of(cell, store)


def test_nor_does_a_cell_whose_validation_lies_in_the_vault_of_a_later_dish(store):
    cell = create_on(bench_on(CANDLES, store=store), GENOME, store)
    keep_dish(store, CANDLES, "same")
    assert [span.split for span in bench_of(cell, store).spans["1h"]] == ["train", "validation"]
    keep_dish(store, CANDLES, "early", shares=(0.5, 0.2, 0.3))
    with pytest.raises(DataError, match=r"dish 'early' keeps those after 2020-02-13 in its vault"):
        bench_of(cell, store)


def test_a_cell_that_was_only_recorded_gives_no_bench(store):
    cell = create_cell(GENOME, CANDLES, store=store)
    recorded = replace(cell, phenotypes=(replace(cell.phenotypes[0], recorded=True),))
    with pytest.raises(NotFound, match="cell 1 was not evaluated here"):
        bench_of(recorded, store)


def test_candles_that_changed_since_give_no_bench(store):
    cell = create_cell(GENOME, CANDLES, store=store)
    store.save_candles(replace(CANDLES, volume=CANDLES.volume + 1))
    with pytest.raises(DataError, match="have changed since"):
        bench_of(cell, store)


def test_candles_of_a_dish_that_changed_since_give_no_bench(tmp_path):
    store = open_store(tmp_path / "lab.duckdb")
    keep_dish(store, CANDLES)
    store.save_candles(replace(CANDLES, volume=CANDLES.volume + 1))
    orphan = replace(
        create_cell(GENOME, CANDLES[:100], store=open_store(tmp_path / "other.duckdb")), dish="mine"
    )
    with pytest.raises(EvolutionError, match="candles of dish 'mine' have changed"):
        bench_of(orphan, store)


def test_rules_may_vote_otherwise_on_the_same_bench(store):
    bench = bench_on(CANDLES, store=store)
    other = bench.voting("unanimous")
    assert other.dish.combine == other.plan.combine == "unanimous"
    assert (other.spans, other != bench, other.voting("votes") == bench) == (bench.spans, True, True)


def test_a_replay_is_the_run_behind_the_numbers(store):
    bench = bench_on(CANDLES, ("1h", "4h"), store=store)
    shown = numbers(try_on(bench, GENOME, store).cell.phenotypes)
    run = bench.replay(as_genome(GENOME), "4h", "validation")
    assert repr(run.metrics) == repr(shown["4h", "validation"])
