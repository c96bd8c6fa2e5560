"""A cell that goes from one store to another: nothing lost, nothing passed off as one's own."""

import json
import math
import os
import re
import subprocess
import sys
from dataclasses import fields, replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.cells import Cell, Phenotype
from evotrade.engine.evaluator import COMBINES
from evotrade.engine.execution import Execution, Limits, TradingHours
from evotrade.engine.metrics import METRICS
from evotrade.errors import DataError, NotFound, StoreError
from evotrade.genome import as_genome
from evotrade.lab.cell_export import export_cell, to_json
from evotrade.lab.cell_file import CellRecord, Combine, PhenotypeRecord, read_cell_file
from evotrade.lab.cell_import import import_cell
from evotrade.lab.cells import create_cell, reproduce
from evotrade.lab.evolution import evolve
from evotrade.market import synthetic_candles
from evotrade.store import open_store
from tests.store.samples import NOW, cell, numbers, phenotype, texts
from tests.strategies import genomes

CANDLES = synthetic_candles(1_500, "1h", seed=4)
GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"
TERMS = Execution(fee_bps=25, limits=Limits(stop_loss_pct=2.5, trading_hours=TradingHours(days=("mon",))))
COUNTS = [name for name, metric in METRICS.items() if metric.unit == "count"]


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


@pytest.fixture
def other(tmp_path):
    """The store of somebody else."""
    return open_store(tmp_path / "other.duckdb")


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    return open_store(folder / "from.duckdb"), open_store(folder / "to.duckdb")


@pytest.fixture
def born(other):
    """The third of three generations in somebody else's store."""
    first = create_cell(GENOME, CANDLES, store=other, name="first")
    second = create_cell(GENOME.replace("20", "21"), CANDLES, store=other, parent=first.cell_id)
    third = GENOME.replace("20", "22")
    return create_cell(third, CANDLES, store=other, parent=second.cell_id, timeframes=("1h", "4h"))


def readable(**changes):
    """A sample cell whose genome goes by its id."""
    return cell(**{"genome": GENOME, "genome_id": as_genome(GENOME).id, **changes})


def sent(store, cell_id):
    return to_json(export_cell(store, cell_id))


@st.composite
def results(draw):
    """Any phenotype that an evotrade may have stored."""
    times_s = st.lists(st.integers(0, 4_000_000_000), min_size=4, max_size=4, unique=True)
    series_start_s, start_s, end_s, series_end_s = sorted(draw(times_s))
    values = draw(st.dictionaries(st.sampled_from(sorted(METRICS)), numbers))
    counts = draw(st.dictionaries(st.sampled_from(COUNTS), st.integers(0, 2**53 - 1).map(float)))
    return phenotype(
        timeframe=draw(st.sampled_from(("1h", "4h", "1d"))),
        split=draw(st.sampled_from(("train", "validation", "vault", "all"))),
        start_s=start_s,
        end_s=end_s,
        series_start_s=series_start_s,
        series_end_s=series_end_s,
        bars=draw(st.integers(1, 2**40)),
        metrics={name: value for name, value in values.items() if name not in COUNTS} | counts,
        base_timeframe=draw(st.sampled_from(("", "1h"))),
        data_hash=draw(st.sampled_from(("", "51bf01550cb109b3"))),
        execution=draw(st.sampled_from(({}, json.loads(json.dumps(TERMS.to_dict()))))),
        seed=draw(st.none() | st.integers(-(2**63) + 1, 2**63 - 1)),
        skipped=draw(st.none() | texts),
    )


@st.composite
def families(draw):
    """Cells 1 to n as placeholders, each with parents before it; the last has phenotypes."""
    family = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        genome = draw(genomes(max_rules=2))
        parents = st.none() | st.integers(-number + 1, -1) if number > 1 else st.none()
        words = {name: draw(texts) for name in ("name", "dish", "category", "hypothesis")}
        by_model = {name: draw(st.none() | texts) for name in ("llm_name", "llm_model", "llm_hypothesis")}
        family.append(
            cell(
                cell_id=-number,
                genome=str(genome),
                genome_id=genome.id,
                fitness=draw(st.floats(allow_infinity=False)),
                parent_id=draw(parents),
                second_parent_id=draw(parents),
                generation=draw(st.integers(0, 2**31 - 1)),
                reasons=tuple(draw(st.lists(texts, max_size=2))),
                **words,
                **by_model,
            )
        )
    return [*family[:-1], with_results(family[-1], draw(st.lists(results(), max_size=3)))]


def with_results(one, rows):
    """The cell with these results, and a fitness that they may make."""
    training = [row for row in rows if row.split in ("train", "all") and row.skipped is None]
    told = [row.metrics["return_pct"] for row in training if "return_pct" in row.metrics]
    finite = filter(math.isfinite, told)
    fitness = next(finite, math.nan) if told else one.fitness
    return replace(one, fitness=fitness, phenotypes=tuple(rows))


def lasting(document):
    """What an import must not change: all but numbers, and facts about the import itself."""
    cells = [*document["lineage"], document["cell"]]
    numbers = {one["cell_id"]: place for place, one in enumerate(cells)}
    kept = [{**one, "parents": _parents(one, numbers)} for one in cells]
    for one in kept:
        # numbered anew, and judged anew
        for name in ("cell_id", "parent_id", "second_parent_id", "origin", "dish", "status", "reasons"):
            del one[name]
    kept[-1]["phenotypes"] = [
        {name: value for name, value in row.items() if name not in ("recorded", "trials_at_export")}
        for row in kept[-1]["phenotypes"]
    ]
    return kept


def _parents(one, numbers):
    return [numbers.get(one[name]) for name in ("parent_id", "second_parent_id")]


@settings(max_examples=settings().max_examples // 4)  # four writes each
@given(family=families(), moment=st.integers(0, 2**31))
def test_a_cell_that_goes_on_from_an_import_is_the_one_that_came(stores, family, moment):
    sender, receiver = stores
    unheard_of = sender.count_cells() + 1  # so that each example brings new cells
    at = NOW + timedelta(seconds=moment, microseconds=unheard_of)
    numbers = sender.add_cells([replace(one, created_at=at) for one in family])
    first = export_cell(sender, numbers[-1])
    brought = import_cell(to_json(first), store=receiver)
    again = export_cell(receiver, brought.cell_id)
    assert to_json({"cells": lasting(again)}) == to_json({"cells": lasting(first)})


def test_the_same_store_gives_the_same_text_with_sorted_keys(other, born):
    text = sent(other, born.cell_id)
    assert text == sent(other, born.cell_id)
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_a_file_says_what_is_known_of_the_cell_and_where_it_comes_from(other, born):
    document = export_cell(other, born.cell_id)
    assert [one["name"] for one in document["lineage"]] == ["first", ""]
    assert document["cell"]["parent_id"] == document["lineage"][1]["cell_id"]
    assert document["cell"]["created_at"] == born.created_at.isoformat()
    assert [row["data_hash"] for row in document["cell"]["phenotypes"]] == [CANDLES.data_hash] * 2
    assert (document["format"], document["version"], document["dish"]) == ("evotrade cell", 1, None)


def test_a_file_says_how_many_trials_stood_behind_each_result(other, born):
    # two cells at 1h, one at 1h and 4h, and all on the same candles
    document = export_cell(other, born.cell_id)
    assert [row["trials_at_export"] for row in document["cell"]["phenotypes"]] == [4, 4]


def test_a_cell_of_a_dish_brings_its_settings(other):
    run = evolve("a dish", CANDLES, store=other, generations=1, population=12, executor="serial")
    document = export_cell(other, run.best.cell_id)
    assert document["dish"] == json.loads(json.dumps(run.dish.to_dict()))


def test_numbers_without_a_value_are_null_and_infinite_ones_have_a_name(other):
    metrics = {"sharpe": math.nan, "profit_factor": math.inf, "kelly": -math.inf, "omega": 0.1 + 0.2}
    (number,) = other.add_cells([cell(phenotypes=(phenotype(metrics=metrics),))])
    assert '"sharpe": null' in sent(other, number)
    (row,) = export_cell(other, number)["cell"]["phenotypes"]
    assert row["metrics"] == {
        "sharpe": None,
        "profit_factor": "Infinity",
        "kelly": "-Infinity",
        "omega": 0.30000000000000004,
    }


def test_a_parent_that_the_store_lacks_is_left_out(other):
    (number,) = other.add_cells([cell(parent_id=77)])
    assert export_cell(other, number)["cell"]["parent_id"] is None


def test_a_cell_that_is_not_there_cannot_be_exported(other):
    with pytest.raises(NotFound, match="there is no cell 5"):
        export_cell(other, 5)


def test_an_import_gives_new_numbers_and_links_the_parents_anew(store, other, born):
    create_cell("IF DELTA(0) > 1 THEN BUY", CANDLES, store=store)  # takes number 1
    brought = import_cell(sent(other, born.cell_id), store=store)
    assert brought.numbers == {1: 2, 2: 3, 3: 4}
    came = store.cell(brought.cell_id)
    assert (came.genome, came.fitness, came.created_at) == (born.genome, born.fitness, born.created_at)
    assert (came.parent_id, store.cell(3).parent_id, store.cell(2).parent_id) == (3, 2, None)
    assert {store.cell(number).origin for number in (2, 3, 4)} == {"import"}
    assert store.doctor().empty


def test_the_dish_of_an_import_says_where_its_cells_come_from(store, other, born):
    number = import_cell(sent(other, born.cell_id), store=store, name="cell-3.json").cell_id
    dish = store.cell(number).dish
    assert dish == "import of cell 3"
    facts = store.dish(dish)
    assert (facts["imported_from"], facts["cell_id"], facts["origin"]) == ("cell-3.json", 3, "person")


def test_two_imports_of_one_number_have_a_dish_each(store, other, tmp_path):
    third = open_store(tmp_path / "third.duckdb")
    for sender, window in ((other, "20"), (third, "21")):
        made = create_cell(GENOME.replace("20", window), CANDLES, store=sender)
        import_cell(sent(sender, made.cell_id), store=store)
    assert list(store.dishes()["name"]) == ["import of cell 1", "import of cell 1 (2)"]


def test_without_the_candles_numbers_stay_as_recorded(store, other, born):
    brought = import_cell(sent(other, born.cell_id), store=store)
    assert (brought.computed, len(brought.recorded)) == ((), 2)
    came = store.cell(brought.cell_id)
    assert came.phenotypes == tuple(replace(row, recorded=True) for row in born.phenotypes)


def test_on_the_very_candles_numbers_are_reproduced_and_count_as_evaluated_here(store, other, born):
    store.save_candles(CANDLES)
    brought = import_cell(sent(other, born.cell_id), store=store)
    assert [result.differing for result in brought.computed] == [(), ()]
    assert repr(store.cell(brought.cell_id).phenotypes) == repr(born.phenotypes)


def test_candles_given_are_kept_with_what_was_reproduced_on_them(store, other, born):
    import_cell(sent(other, born.cell_id), store=store, candles=replace(CANDLES, pair=""))
    assert store.load_candles(CANDLES.pair, "1h").data_hash == CANDLES.data_hash


def test_other_candles_reproduce_nothing(store, other, born):
    store.save_candles(replace(CANDLES, volume=CANDLES.volume + 1))
    assert import_cell(sent(other, born.cell_id), store=store).computed == ()


def test_what_was_imported_as_recorded_is_reproduced_when_its_candles_come(store, other, born):
    number = import_cell(sent(other, born.cell_id), store=store).cell_id
    assert [result.differing for result in reproduce(store, number, CANDLES)] == [(), ()]


def test_numbers_that_were_made_up_are_found_out_and_do_not_judge(store, other):
    made = create_cell("IF DELTA < 0 THEN BUY", CANDLES, store=other)  # never enters
    document = export_cell(other, made.cell_id)
    document["cell"]["phenotypes"][0]["metrics"] |= {"return_pct": 900.0, "trades": 50.0}
    store.save_candles(CANDLES)
    brought = import_cell(to_json(document), store=store)
    assert brought.computed[0].differing == ("return_pct", "trades")
    came = store.cell(brought.cell_id)
    assert [row.recorded for row in came.phenotypes] == [False, True]
    assert (came.status, came.phenotypes[0].metrics["trades"]) == ("dead", 0.0)


def test_a_made_up_fitness_gives_way_to_the_one_computed(store, other, born):
    document = export_cell(other, born.cell_id)
    document["cell"]["fitness"] = 1e6
    brought = import_cell(to_json(document), store=store, candles=CANDLES)
    assert [result.differing for result in brought.computed] == [("fitness",)] * 2
    assert store.cell(brought.cell_id).fitness == born.fitness


@pytest.mark.parametrize(("aggregate"), ["best", "mean", "worst"])
def test_the_fitness_of_a_dish_stands_when_it_is_computed_again(store, other, aggregate):
    settings = {"generations": 1, "population": 12, "executor": "serial", "timeframes": ("1h", "4h")}
    best = evolve("a dish", CANDLES, store=other, aggregate=aggregate, **settings).best
    brought = import_cell(sent(other, best.cell_id), store=store, candles=CANDLES)
    assert {result.differing for result in brought.computed} == {()}
    assert store.cell(brought.cell_id).fitness == best.fitness


@pytest.mark.parametrize(
    ("fitness", "message"),
    [
        (1e6, r"the fitness 1e\+06 of cell 3 in a\.json is none of its results', "),
        ("Infinity", r"the fitness inf of cell 3 in a\.json is infinite: export the cell again"),
    ],
)
def test_a_fitness_that_contradicts_its_own_results_is_refused(store, other, born, fitness, message):
    document = export_cell(other, born.cell_id)
    document["cell"]["fitness"] = fitness
    with pytest.raises(DataError, match=message):
        import_cell(to_json(document), store=store, name="a.json")
    assert store.dishes().empty


def test_an_ancestor_with_an_infinite_fitness_is_refused(store, other, born):
    document = export_cell(other, born.cell_id)
    document["lineage"][0]["fitness"] = "Infinity"
    with pytest.raises(DataError, match="of cell 1 in the file is infinite"):
        import_cell(to_json(document), store=store, candles=CANDLES)


def test_a_made_up_fitness_of_an_ancestor_gives_way_when_its_results_come(store, other, born):
    document = export_cell(other, born.cell_id)
    document["lineage"][1]["fitness"] = 1e6
    import_cell(to_json(document), store=store)
    import_cell(sent(other, born.parent_id), store=store, candles=CANDLES)
    assert store.cell(2).fitness == other.cell(born.parent_id).fitness


def test_results_without_metrics_reproduce_nothing(store, other, born):
    document = export_cell(other, born.cell_id)
    for row in document["cell"]["phenotypes"]:
        row["metrics"] = {}
    assert import_cell(to_json(document), store=store, candles=CANDLES).computed == ()


def test_a_made_up_number_of_bars_is_found_out(store, other, born):
    document = export_cell(other, born.cell_id)
    document["cell"]["phenotypes"][0]["bars"] += 1
    brought = import_cell(to_json(document), store=store, candles=CANDLES)
    assert [result.differing for result in brought.computed] == [("bars",), ()]


def test_a_series_behind_many_results_is_looked_up_once(store, other, born, monkeypatch):
    store.save_candles(CANDLES)
    looks, load = [], type(store).load_candles
    monkeypatch.setattr(type(store), "load_candles", lambda *of: looks.append(of) or load(*of))
    assert len(import_cell(sent(other, born.cell_id), store=store).computed) == 2
    assert len(looks) == 1


def test_ancestors_are_judged_by_the_rules_in_force_here(store, other):
    lost = readable(cell_id=-1, fitness=-50.0)
    killed = readable(cell_id=-2, parent_id=-1, status="dead", reasons=("never entered a trade",))
    numbers = other.add_cells([lost, killed, readable(cell_id=-3, parent_id=-2)])
    import_cell(sent(other, numbers[-1]), store=store)
    assert [store.cell(number).status for number in (1, 2, 3)] == ["dead", "dead", "alive"]
    assert store.cell(2).reasons == ("never entered a trade",)


def test_long_texts_and_odd_names_come_along(store, other):
    odd = cell(dish="two\nlines, " + "x" * 400, hypothesis="y" * 70_000, genome="Z" * 70_000, genome_id="")
    (number,) = other.add_cells([odd])
    came = store.cell(import_cell(sent(other, number), store=store).cell_id)
    assert (came.hypothesis, came.genome) == (odd.hypothesis, odd.genome)
    assert came.dish == "import of cell 1 from two lines, " + "x" * 49 + "…"


def test_the_name_of_an_import_does_not_grow_from_hop_to_hop(store, other, tmp_path):
    (number,) = other.add_cells([readable(dish="a dish")])
    first = import_cell(sent(other, number), store=store).cell_id
    third = open_store(tmp_path / "third.duckdb")
    second = import_cell(sent(store, first), store=third).cell_id
    assert third.cell(second).dish == "import of cell 1 from a dish"


def test_another_engine_s_numbers_stay_as_recorded(store, other, born):
    document = export_cell(other, born.cell_id)
    for row in document["cell"]["phenotypes"]:
        row["engine_version"] = "0.9"
    store.save_candles(CANDLES)
    assert import_cell(to_json(document), store=store).computed == ()


def test_each_result_counts_as_a_trial(store, other, born):
    import_cell(sent(other, born.cell_id), store=store)
    trials = store.trials()
    assert list(trials["outcome"]) == ["imported"] * 2
    assert list(trials["dish"]) == ["import of cell 3"] * 2
    assert store.count_trials(CANDLES.pair) == 2


def test_results_with_other_costs_or_another_combine_are_trials_of_their_own(store, other):
    rows = [phenotype(), phenotype(execution={"fee_bps": 5.0}), phenotype(combine="first"), phenotype()]
    (number,) = other.add_cells([readable(phenotypes=tuple(rows))])
    import_cell(sent(other, number), store=store)
    assert len(store.trials()) == 3


def test_the_trials_behind_a_result_are_not_forgotten_on_the_way(store, other, born):
    number = import_cell(sent(other, born.cell_id), store=store).cell_id
    document = export_cell(store, number)
    # the two that came, and the four that were behind them
    assert [row["trials_at_export"] for row in document["cell"]["phenotypes"]] == [6, 6]


def test_the_trials_behind_an_imported_parent_stand_behind_its_fork(store, other, born):
    number = import_cell(sent(other, born.cell_id), store=store).cell_id
    fork = create_cell(GENOME.replace("20", "23"), CANDLES, store=store, parent=number)
    (row,) = export_cell(store, fork.cell_id)["cell"]["phenotypes"]
    assert row["trials_at_export"] == 2 + 4 + 1


def test_the_cell_is_judged_by_the_rules_in_force_here(store, other, monkeypatch):
    rare = "IF DELTA > MAX(LAG(DELTA, 1), 700) THEN BUY"  # enters once, for it never sells
    made = create_cell(rare, CANDLES, store=other)
    assert made.status == "alive"
    monkeypatch.setenv("EVOTRADE_VIABILITY__STRICT", "true")
    number = import_cell(sent(other, made.cell_id), store=store).cell_id
    assert store.cell(number).status == "dead"


def test_a_file_imported_twice_is_recognised(store, other, born):
    text = sent(other, born.cell_id)
    import_cell(text, store=store)
    before = store.version()
    with pytest.raises(StoreError, match="cell 3 of a.json is in the store already, as cell 3: nothing"):
        import_cell(text, store=store, name="a.json")
    assert store.version() == before


def test_ancestors_that_came_before_are_not_doubled(store, other, born):
    import_cell(sent(other, born.cell_id), store=store)
    sister = create_cell(GENOME.replace("20", "30"), CANDLES, store=other, parent=born.parent_id)
    brought = import_cell(sent(other, sister.cell_id), store=store)
    assert brought.known == (1, 2)
    assert (store.count_cells(), store.cell(brought.cell_id).parent_id) == (4, 2)


def test_a_cell_that_came_as_an_ancestor_gets_its_results(store, other, born):
    import_cell(sent(other, born.cell_id), store=store)
    assert store.cell(2).phenotypes == ()
    brought = import_cell(sent(other, born.parent_id), store=store)
    assert (brought.cell_id, store.count_cells(), len(store.cell(2).phenotypes)) == (2, 3, 1)
    with pytest.raises(StoreError, match="already"):
        import_cell(sent(other, born.parent_id), store=store)


def test_what_was_recorded_is_evaluated_here_when_the_file_comes_again_with_candles(store, other, born):
    text = sent(other, born.cell_id)
    number = import_cell(text, store=store).cell_id
    assert import_cell(text, store=store, candles=CANDLES).cell_id == number
    assert [row.recorded for row in store.cell(number).phenotypes] == [True, True, False, False]
    with pytest.raises(StoreError, match="already"):
        import_cell(text, store=store)


def test_one_s_own_cell_that_comes_home_changes_nothing(other, born):
    text = sent(other, born.cell_id)
    other.save_candles(replace(CANDLES, volume=CANDLES.volume + 1))  # no more the very candles
    with pytest.raises(StoreError, match="is in the store already, as cell 3"):
        import_cell(text, store=other)
    assert other.cell(born.cell_id) == born


def test_recorded_numbers_are_not_put_beside_the_same_computed_here(store, other, born):
    text = sent(other, born.cell_id)
    number = import_cell(text, store=store, candles=CANDLES).cell_id
    store.save_candles(replace(CANDLES, volume=CANDLES.volume + 1))
    with pytest.raises(StoreError, match="already"):
        import_cell(text, store=store)
    assert len(store.cell(number).phenotypes) == 2


def test_a_genome_of_an_earlier_system_that_does_not_parse_comes_in_dead(store, other):
    (number,) = other.add_cells([cell(genome="ALPHA(0) $$$ > BETA(5)", genome_id="")])
    came = store.cell(import_cell(sent(other, number), store=store).cell_id)
    assert (came.status, came.genome_id) == ("dead", "")


def test_an_import_that_fails_at_the_end_leaves_nothing(store, other, born, monkeypatch):
    def full(*_):
        raise StoreError("the disk is full")

    monkeypatch.setattr(type(store), "enter_once", full)
    with pytest.raises(StoreError, match="full"):
        import_cell(sent(other, born.cell_id), store=store, candles=CANDLES)
    assert (store.count_cells(), len(store.dishes()), len(store.coverage())) == (0, 0, 0)


@pytest.mark.process
def test_an_import_that_is_killed_leaves_nothing(store, other, born, tmp_path):
    (tmp_path / "cell.json").write_text(sent(other, born.cell_id))
    code = """
import os, sys
from evotrade.lab.cell_import import import_cell
from evotrade.store import Store, open_store
Store.enter_once = lambda *_: os.kill(os.getpid(), 9)
import_cell(open(sys.argv[1]).read(), store=open_store(sys.argv[2]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "cell.json"), str(store.path)], env=os.environ
    )
    assert ran.returncode == -9
    assert (store.count_cells(), len(store.dishes())) == (0, 0)
    assert import_cell((tmp_path / "cell.json").read_text(), store=store).cell_id == 3


WRONG = [
    (("cell", "fitness"), "high", "cell.fitness should be a valid number, found 'high'"),
    (
        ("cell", "phenotypes", 1, "metrics", "sharpe"),
        "1.5",
        "cell.phenotypes[1].metrics.sharpe should be a valid number",
    ),
    (
        ("cell", "phenotypes", 0, "metrics", "luck"),
        1.0,
        "cell.phenotypes[0].metrics.luck: is no metric of evotrade",
    ),
    (
        ("cell", "phenotypes", 0, "metrics", "trades"),
        -1.0,
        "cell.phenotypes[0].metrics: trades should be a count, found -1.0",
    ),
    (("cell", "phenotypes", 0, "metrics", "trades"), "Infinity", "trades should be a count, found inf"),
    (
        ("cell", "phenotypes", 0, "metrics", "omega"),
        True,
        "cell.phenotypes[0].metrics.omega should be a valid number",
    ),
    (("cell", "phenotypes", 0, "metrics"), dict.fromkeys(map(str, range(999)), 1.0), "has 999 entries"),
    (
        ("cell", "phenotypes", 0, "bars"),
        -5,
        "cell.phenotypes[0].bars should be greater than or equal to 0, found -5",
    ),
    (("cell", "phenotypes", 0, "end_s"), 1, "cell.phenotypes[0].end_s: 1 is before start_s"),
    (("cell", "phenotypes", 0, "timeframe"), "7h", "cell.phenotypes[0].timeframe: unknown timeframe '7h'"),
    (("cell", "phenotypes", 0, "base_timeframe"), "1d", "base_timeframe: bars of 1d make none of 1h"),
    (("cell", "phenotypes", 0, "split"), "best", "cell.phenotypes[0].split should be 'train'"),
    (
        ("cell", "phenotypes", 0, "pair"),
        "BTC\nUSD",
        "cell.phenotypes[0].pair: has a character that is no part of a line",
    ),
    (
        ("cell", "phenotypes", 0, "execution", "fee_bps"),
        "40",
        "cell.phenotypes[0].execution: fee_bps should be a valid number",
    ),
    (
        ("cell", "phenotypes", 0, "execution", "fees"),
        40,
        "cell.phenotypes[0].execution: unknown Execution setting 'fees'",
    ),
    (("cell", "phenotypes", 0, "execution", "size"), 2, "size is 2.0: invest a share above 0 and at most 1"),
    (
        ("cell", "phenotypes", 0, "execution", "limits", "stop_loss_pct"),
        [],
        "limits.stop_loss_pct should be a valid number",
    ),
    (
        ("cell", "phenotypes", 0, "trials_at_export"),
        None,
        "trials_at_export should be a valid integer, found None",
    ),
    (
        ("cell", "genome"),
        "IF DELT(0) > 1 THEN BUY",
        "cell.genome: line 1, column 4: unknown symbol 'DELT'. Did you mean DELTA?",
    ),
    (("lineage", 0, "genome"), "IF DELTA(0) > 1 THEN BUY", "lineage[0].genome: its genome_id is '"),
    (("cell", "genome_id"), "", "cell.genome: its genome_id is '"),
    (("cell", "objective"), "luck", "cell.objective: unknown objective 'luck'"),
    (("cell", "combine"), "shout", "cell.combine should be 'votes'"),
    (("cell", "created_at"), "2024-05-01T12:30:00", "cell.created_at should have timezone info"),
    (("cell", "created_at"), "0001-01-01T00:00:00+14:00", "cell.created_at: is outside 1970 to 2199"),
    (("cell", "generation"), 2**31, "cell.generation should be less than 2147483648"),
    (("cell", "cell_id"), 10**30, "cell.cell_id should be less than or equal to"),
    (
        ("cell", "phenotypes", 0, "series_start_s"),
        4_000_000_000,
        "cell.phenotypes[0].series_end_s: ",
    ),
    (
        ("cell", "phenotypes", 0, "start_s"),
        0,
        "cell.phenotypes[0]: start_s to end_s is no span of its series",
    ),
    (("cell", "phenotypes", 0, "bars"), 0, "cell.phenotypes[0]: has metrics of no bars"),
    (("cell", "parent_id"), 77, "lineage lacks 77, a parent of cell 3"),
    (("cell", "parent_id"), None, "lineage has cell 1, no ancestor of cell 3"),
    (("lineage", 0, "parent_id"), 3, "lineage runs in a circle at cell"),
    (("lineage", 0, "cell_id"), 3, "lineage has two cells of one number"),
    (("lineage", 1, "reasons"), "none", "lineage[1].reasons should be a valid array, found 'none'"),
    (("lineage",), {}, "lineage should be a valid array, found {}"),
    (("dish",), [], "dish should be an object, found []"),
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A cell with a parent and its parent, as JSON."""
    store = open_store(tmp_path_factory.mktemp("exported") / "lab.duckdb")
    number = None
    for window in ("20", "21", "22"):
        genome = GENOME.replace("20", window)
        number = create_cell(genome, CANDLES, store=store, parent=number, timeframes=("1h", "4h")).cell_id
    return sent(store, number)


@pytest.mark.parametrize(("place", "value", "complaint"), WRONG)
def test_a_wrong_value_is_told_with_its_place(exported, place, value, complaint):
    document = inside = json.loads(exported)
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    with pytest.raises(DataError) as caught:
        read_cell_file(to_json(document), "cell.json")
    message = str(caught.value)
    assert message.startswith("cell.json cannot be imported (")
    assert complaint in message
    assert "\n" not in message
    assert len(message) < 500


def missing_fields():
    return [
        *((("cell", name), f"cell.{name}") for name in CellRecord.model_fields),
        *(
            (("cell", "phenotypes", 0, name), f"cell.phenotypes[0].{name}")
            for name in PhenotypeRecord.model_fields
        ),
        *(((name,), name) for name in ("cell", "lineage", "dish", "evotrade")),
    ]


@pytest.mark.parametrize(("place", "named"), missing_fields())
def test_a_missing_field_is_named(exported, place, named):
    document = inside = json.loads(exported)
    for step in place[:-1]:
        inside = inside[step]
    del inside[place[-1]]
    with pytest.raises(DataError, match=re.escape(f"({named} is missing)")):
        read_cell_file(to_json(document), "cell.json")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the file is no JSON (EOF while parsing a value at line 1 column 0)"),
        ("cell 29", "the file is no JSON (expected value at line 1 column 1)"),
        ('{"format": NaN}', "the file is no JSON"),
        pytest.param("[" * 100_000, "the file is no JSON (recursion limit exceeded", id="deep"),
        ('"\ud800"', "the file is no JSON"),
        (b"\xff\xfe", "the file is no JSON"),
        (b"SQLite format 3\0", "the file is no JSON"),
        ("[]", 'the file is no exported cell, it does not say "format": "evotrade cell"'),
        ('{"format": "other"}', "the file is no exported cell"),
        (
            '{"format": "evotrade cell", "version": 2}',
            "is of format version 2, this evotrade reads version 1: update",
        ),
        ('{"format": "evotrade cell", "version": "1"}', "has no format version that there ever was ('1')"),
        ('{"format": "evotrade cell", "version": 1}', "(evotrade is missing)"),
        pytest.param(
            " " * (16 * 2**20 + 1),
            "the file is larger than an exported cell can be, 16,777,216 bytes",
            id="large",
        ),
    ],
)
def test_what_is_no_exported_cell_is_refused_in_one_sentence(store, text, complaint):
    with pytest.raises(DataError) as caught:
        import_cell(text, store=store)
    assert complaint in str(caught.value)
    assert store.dishes().empty


def test_a_mistake_in_each_of_a_million_takes_no_longer_to_tell(exported):
    many = exported.replace('"lineage": [', '"lineage": [' + "1," * 1_000_000)
    with pytest.raises(DataError, match=re.escape("(lineage[0] should be an object, found 1)")):
        read_cell_file(many, "cell.json")


def test_a_cell_has_no_more_results_than_can_be_computed_again(exported):
    document = json.loads(exported)
    document["cell"]["phenotypes"] *= 501
    with pytest.raises(DataError, match=re.escape("(cell.phenotypes should have at most 1000 items")):
        read_cell_file(to_json(document), "cell.json")


def test_what_a_later_evotrade_adds_is_passed_over(exported):
    document = json.loads(exported)
    document["cell"]["mood"] = "sunny"
    assert read_cell_file(to_json(document), "cell.json").cell.cell_id == 3


def test_an_editor_s_byte_order_mark_does_no_harm(exported):
    assert read_cell_file("\ufeff" + exported, "cell.json").cell.cell_id == 3


def test_a_file_has_every_field_of_a_cell_and_of_its_phenotypes():
    assert {*CellRecord.model_fields, "phenotypes"} == {item.name for item in fields(Cell)}
    assert {*PhenotypeRecord.model_fields} == {item.name for item in fields(Phenotype)} | {"trials_at_export"}


def test_a_file_may_name_every_way_to_combine():
    assert get_args(Combine) == COMBINES
