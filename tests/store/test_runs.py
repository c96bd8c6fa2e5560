"""Dishes and runs: a generation is kept whole or not at all, and a run can be taken up again."""

import math
from datetime import timedelta
from typing import Any

import pytest

from evotrade.errors import NotFound, StoreError
from evotrade.evolution.records import GenerationRecord, GenerationStats
from evotrade.store import Store
from tests.store.samples import NOW, cell, phenotype, trial

SPEC = {"seed": 1, "execution": {"fee_bps": 40.0}}


def record(generation: int = 0, run_id: int = 1, **changes: Any) -> GenerationRecord:
    """A generation of one cell, without a best value."""
    stats = GenerationStats(
        generation=generation, evaluated=9, born=1, best=math.nan, median=0.5, diversity=1.0,
        cells_per_second=100.0, seconds=0.09,
    )  # fmt: skip
    plain = {
        "cells": [cell(cell_id=-1, dish="d")],
        "trials": [trial(dish="d", run_id=1)],
        "failures": {"worse": 8},
    }
    return GenerationRecord(run_id=run_id, stats=stats, **{**plain, "finished_at": NOW, **changes})


@pytest.fixture
def running(store: Store) -> Store:
    """Run 1 of dish d has begun."""
    store.save_dish("d", SPEC, NOW)
    assert store.start_run("d", NOW) == 1
    return store


def test_a_dish_comes_back_as_it_was(store: Store) -> None:
    store.save_dish("d", SPEC, NOW)
    assert store.dish("d") == SPEC


def test_a_dish_is_kept_once_and_never_changed(store: Store) -> None:
    store.save_dish("d", SPEC, NOW)
    store.save_dish("d", SPEC, NOW)
    with pytest.raises(StoreError, match="'d' exists with other settings"):
        store.save_dish("d", {"seed": 2}, NOW)
    assert len(store.dishes()) == 1


def test_an_unknown_dish_says_what_there_is(store: Store) -> None:
    with pytest.raises(NotFound, match="no dish 'e' in the store: it holds none yet"):
        store.dish("e")
    store.save_dish("d", SPEC, NOW)
    with pytest.raises(NotFound, match=r"it holds d$"):
        store.dish("e")


def test_a_dish_that_never_ran_has_no_last_run(store: Store) -> None:
    assert store.last_run("d") is None


def test_a_new_run_has_no_checkpoint(running: Store) -> None:
    run = running.last_run("d")
    assert run is not None
    assert (run.run_id, run.started_at, run.finished_at, run.generation, run.checkpoint) == (
        1,
        NOW,
        None,
        -1,
        {},
    )


def test_a_generation_is_kept_whole(running: Store) -> None:
    assert running.save_generation(record(cells=[cell(cell_id=-1, phenotypes=(phenotype(),))])) == {-1: 1}
    assert running.cell(1).phenotypes == (phenotype(),)
    assert len(running.trials(dish="d")) == 1
    (row,) = running.generations("d").to_dict("records")
    assert (row["generation"], row["born"], row["median"], math.isnan(row["best"])) == (0, 1, 0.5, True)
    assert running.failures("d").to_dict("records") == [
        {"run_id": 1, "generation": 0, "reason": "worse", "count": 8}
    ]


def test_the_checkpoint_names_cells_by_their_numbers(running: Store) -> None:
    brood = [cell(cell_id=-1), cell(cell_id=-2, parent_id=-1)]
    running.save_generation(record(cells=brood, checkpoint={"population": [-2, -1], "rates": {"point": 0.1}}))
    running.save_generation(record(1, checkpoint={"population": [2, -1], "best": math.inf}))
    run = running.last_run("d")
    assert run is not None
    assert run.generation == 1
    assert run.checkpoint == {"population": [2, 3], "best": math.inf}


def test_a_generation_that_cannot_be_kept_leaves_nothing(running: Store) -> None:
    with pytest.raises(StoreError, match=r"failures\.count cannot hold"):
        running.save_generation(record(failures={"worse": 2**70}))
    assert (running.count_cells(), len(running.trials()), len(running.generations("d"))) == (0, 0, 0)


def test_a_generation_that_another_process_stored_is_refused(running: Store) -> None:
    running.save_generation(record())
    with pytest.raises(StoreError, match="'d'.*another process evolves this dish: wait for it.*or stop it"):
        running.save_generation(record())
    assert (running.count_cells(), len(running.trials())) == (1, 1)


def test_a_run_that_another_process_succeeded_stores_no_more(running: Store) -> None:
    running.save_generation(record())
    running.start_run("d", NOW)
    with pytest.raises(StoreError, match="another process evolves this dish"):
        running.save_generation(record(1))


def test_a_finished_run_says_when_and_why(running: Store) -> None:
    running.finish_run(1, "goal reached", NOW + timedelta(hours=1))
    run = running.last_run("d")
    assert run is not None
    assert (run.reason, run.finished_at) == ("goal reached", NOW + timedelta(hours=1))


def test_a_later_run_goes_on_from_the_checkpoint_of_an_earlier_one(running: Store) -> None:
    running.save_generation(record(checkpoint={"population": [-1]}))
    running.start_run("d", NOW)
    run = running.last_run("d")
    assert run is not None
    assert (run.run_id, run.generation, run.checkpoint) == (2, 0, {"population": [1]})


def test_a_run_that_was_not_begun_is_refused(store: Store) -> None:
    with pytest.raises(NotFound, match="no run 1"):
        store.save_generation(record())
    with pytest.raises(NotFound, match="no run 7"):
        store.finish_run(7, "why")


def test_dishes_are_listed_with_what_came_of_them(running: Store) -> None:
    running.save_generation(record())
    running.save_dish("empty", {}, NOW)
    columns = ["name", "runs", "generations", "cells", "alive"]
    assert running.dishes()[columns].values.tolist() == [["d", 1, 1, 1, 1], ["empty", 0, 0, 0, 0]]
    assert running.dishes()["best"].iloc[0] == 1.5


def test_scores_of_finalists_are_kept_together(running: Store) -> None:
    running.save_generation(record())
    later = phenotype(split="validation")
    running.save_scores({1: [later]}, [trial(outcome="finalist")], [(1, "dead", ["decayed"])], NOW)
    assert running.cell(1).phenotypes == (later,)
    assert running.cell(1).status == "dead"
    assert len(running.trials()) == 2
