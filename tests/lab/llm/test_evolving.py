"""Offspring by a model: asked of a scripted server over real HTTP, within a run and its store."""

import itertools
import json

import pytest

from evotrade.errors import LlmNotConfigured
from evotrade.evolution.executors import SerialExecutor
from evotrade.lab import evolution
from evotrade.lab.evolution import evolve
from evotrade.lab.stopping import StopRules
from evotrade.llm import Llm, llm_of
from evotrade.settings import Settings
from evotrade.store import open_store
from tests.llm.asks import WRONG, model_at
from tests.llm_server import GENOME, Reply, proposal, refusal, serve

DISH = {"population": 10, "seed": 5, "warmup_bars": 200, "min_trades": 3, "llm_share": 0.3}
COMPARED = ["cell_id", "genome", "fitness", "generation", "parent_id", "operator", "status", "llm_name"]
NEVER = "IF DELTA < {} THEN BUY"


@pytest.fixture
def run(candles, store, llm):
    """Evolves; further settings are those of `evolve`."""

    def run(generations=4, into=store, **more):
        settings = {} if more.get("resume") else DISH
        series = None if more.get("resume") else candles
        settings = {"executor": SerialExecutor(), "llm": llm, **settings, **more}
        return evolve("dish", series, store=into, generations=generations, **settings)

    return run


def answers(count=60, genome=GENOME):
    """Proposals, each of another genome."""
    return [proposal(genome.replace("20", str(21 + n)), name=f"idea {n}") for n in range(count)]


def of_model(store):
    cells = store.cells(order_by="cell_id", descending=False)
    return cells[cells["origin"] == "llm"]


def test_no_more_than_its_share_is_by_the_model_and_says_so(server, run, store):
    server.says(*answers())
    told = []
    run(on_generation=told.append)
    trials = store.trials(dish="dish").query("split == 'train'")
    by_model = trials[trials["operator"] == "llm"].groupby("generation").size().to_dict()
    assert 0 < max(by_model.values()) <= 3
    assert 0 not in by_model
    assert [step.by_model.asked if step.by_model else 0 for step in told] == [
        by_model.get(generation, 0) for generation in range(4)
    ]
    assert (trials.groupby("generation").size() == 10).all()


def test_a_cell_of_the_model_has_its_words_and_its_lineage(server, run, store):
    server.says(*answers())
    run()
    cell = store.cell(int(of_model(store)["cell_id"].iloc[0]))
    assert (cell.llm_model, cell.llm_category) == ("compatible:scripted", "trend")
    assert (cell.llm_name.split()[0], cell.llm_hypothesis) == ("idea", "trends last")
    assert (cell.operator, cell.dish, cell.status) == ("llm", "dish", "alive")
    assert store.cell(cell.parent_id).generation < cell.generation
    (ask,) = store.llm_asks(kind="evolve").query(f"born_id == {cell.cell_id}").to_dict("records")
    assert (ask["cell_ids"][0], ask["generation"]) == (cell.parent_id, cell.generation)


def test_what_was_measured_stands_beside_what_was_expected(server, run, store):
    server.says(*answers())
    run()
    rows = store.llm_predictions()
    assert len(rows) == len(store.llm_asks(kind="evolve"))
    assert (set(rows["split"]), set(rows["expected_trades"])) == ({"train"}, {40.0})
    for row in rows[rows["born_id"].notna()].to_dict("records"):
        cell = store.cell(int(row["born_id"]))
        assert (row["fitness"], row["trades"]) == (cell.fitness, cell.phenotypes[0].metrics["trades"])


def test_each_genome_of_the_model_is_evaluated_once(server, run, store):
    server.says(*answers())
    run()
    trials = store.trials(dish="dish").query("split == 'train'")
    assert not trials["genome_id"].duplicated().any()


def test_the_model_is_shown_the_parent_by_train_alone(server, run, store):
    server.says(*answers())
    run()
    run(generations=6, resume=True)  # whose population has finalists that were validated
    assert (store.trials(dish="dish")["split"] == "validation").any()
    for request in server.requests:
        shown = json.dumps(request["messages"])
        assert '\\"train\\"' in shown
        assert "vault" not in shown
        assert '\\"split\\": \\"validation\\"' not in shown


def test_an_answer_that_does_not_serve_goes_back_before_anything_is_evaluated(server, run, store):
    long = "IF DELTA(0) > AVG(DELTA, 500) THEN BUY"
    large = " OR ".join(f"DELTA(0) > {n}" for n in range(20))
    server.says(proposal(WRONG), proposal(long), proposal(f"IF {large} THEN BUY"), *answers())
    run(generations=2, llm_share=0.1)
    complaints = store.llm_attempts(1)["error"].dropna().tolist()
    assert "unknown symbol 'DELT'" in complaints[0]
    assert complaints[1:] == [
        "The genome looks back 499 bars of 1h, of at most 150: shorten it.",
        "The genome has 79 nodes of at most 40: make it smaller.",
    ]
    assert store.llm_asks()["reason"].tolist() == ["done"]


def test_a_genome_that_was_tried_is_refused(server, run, store):
    server.says(proposal(), proposal(), *answers())
    run(generations=2)
    assert "This genome was tried here before: change more of it." in set(
        store.llm_attempts(2)["error"].dropna()
    )


def test_children_that_came_to_nothing_are_told_of_later(server, run, store):
    server.says(*[proposal(NEVER.format(n)) for n in range(-60, 0)])
    run(generations=3)
    later = next(one for one in server.requests if "not born: never entered a trade" in json.dumps(one))
    assert NEVER.format(-60) in json.dumps(later)
    assert of_model(store).empty


def test_a_model_that_does_not_pay_is_asked_less(server, run, store):
    server.says(*[proposal(NEVER.format(n)) for n in range(-900, 0)])
    run(generations=9)
    asked = store.generations("dish")["llm_asked"].tolist()
    assert asked[1] == 3
    assert sum(asked[-3:]) < 3 * 3
    assert store.last_run("dish").checkpoint["rates"]["model_payoff"] == pytest.approx(0.8**8)


def test_a_model_that_is_not_there_leaves_its_place_to_the_operators(run, store):
    with serve() as gone:
        nobody = model_at(gone)
    told = []
    run(llm=nobody, on_generation=told.append)
    assert store.generations("dish")["evaluated"].tolist() == [10] * 4
    assert "cannot be reached" in told[1].by_model.warning
    assert set(store.llm_asks()["reason"]) == {"failed"}
    asked = store.generations("dish")["llm_asked"].tolist()
    assert asked == [0, 1, 1, 0]  # after two failures in a row it is left alone for a while
    assert "failed 2 times in a row: generation 5 asks it again" in told[3].by_model.warning


def test_a_model_that_fails_half_way_keeps_what_it_gave(server, run, store):
    server.says(answers()[0], refusal(500, "out of order"))
    told = []
    run(generations=2, on_generation=told.append)
    assert store.generations("dish")["evaluated"].tolist() == [10, 10]
    assert (told[1].by_model.asked, "out of order" in told[1].by_model.warning) == (2, True)
    assert (store.trials(dish="dish")["operator"] == "llm").sum() == 1


def test_money_of_a_run_is_limited_and_shown(server, run, store):
    server.says(*answers())
    dear = model_at(server, llm_price_in_usd_per_mtok=1.0, llm_price_out_usd_per_mtok=10.0)
    told = []
    run(llm=dear, settings=Settings(llm_run_max_cost_usd=0.0075), on_generation=told.append)
    spent = store.generations("dish")["llm_cost_usd"]
    assert spent.sum() == pytest.approx(sum(step.by_model.cost_usd for step in told if step.by_model))
    assert 0.0006 <= spent.sum() <= 0.0075  # an answer of 100 tokens in and 50 out costs 0.0006
    warnings = [step.by_model.warning for step in told if step.by_model]
    assert any("would exceed the 0.00" in one for one in warnings)


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("at", [2, *(pytest.param(at, marks=pytest.mark.soak) for at in (1, 3))])
def test_a_run_killed_and_resumed_reads_what_was_answered_and_ends_as_one_that_was_not(
    server, run, store, tmp_path, monkeypatch, at
):
    server.says(*answers())
    undisturbed = open_store(tmp_path / "undisturbed.duckdb")
    run(into=undisturbed)
    with serve() as again:
        again.says(*answers())
        calls, deliver = itertools.count(), evolution.deliver
        with monkeypatch.context() as killed:
            killed.setattr(
                evolution, "deliver", lambda *a: interrupted() if next(calls) == at else deliver(*a)
            )
            with pytest.raises(KeyboardInterrupt):
                run(llm=model_at(again))
        run(llm=model_at(again), resume=True)
        assert len(again.requests) == len(server.requests)
    assert ended(undisturbed) == ended(store)
    assert not of_model(store).empty


def ended(store):
    cells = store.cells(order_by="cell_id", descending=False)[COMPARED]
    return cells.astype(str).to_dict("records"), store.last_run("dish").checkpoint


def test_a_failure_that_was_recorded_is_not_asked_again_either(server, run, store, monkeypatch):
    server.says(answers()[0], refusal(500, "out of order"), *answers()[1:])
    with monkeypatch.context() as killed:
        killed.setattr(evolution, "deliver", interrupted_from(1))
        with pytest.raises(KeyboardInterrupt):
            run(generations=2)
    asked = len(server.requests)
    run(generations=2, resume=True)
    assert len(server.requests) == asked
    assert (store.trials(dish="dish")["operator"] == "llm").sum() == 1


def interrupted_from(generation):
    calls, deliver = itertools.count(), evolution.deliver
    return lambda *a: interrupted() if next(calls) >= generation else deliver(*a)


def test_a_dish_without_a_share_asks_nobody_and_evolves_as_ever(server, run, store, tmp_path):
    server.says(*answers())
    run(llm_share=0.0)
    plain = open_store(tmp_path / "plain.duckdb")
    run(into=plain, llm_share=0.0, llm=None)
    assert ended(store) == ended(plain)
    assert not server.requests
    assert store.generations("dish")["llm_cost_usd"].tolist() == [0.0] * 4


def test_a_new_dish_is_not_begun_without_a_model(run, store):
    with pytest.raises(LlmNotConfigured, match="set EVOTRADE_LLM"):
        run(llm=None)
    assert store.dishes().empty


def test_a_dish_that_is_resumed_without_a_model_goes_on_without_it(server, run, store):
    server.says(*answers())
    run(generations=2)
    told = []
    run(generations=3, llm=None, resume=True, on_generation=told.append)
    assert "no language model is set" in told[0].by_model.warning


def test_a_person_who_stops_does_not_wait_for_the_model(server, run, store):
    server.says(Reply("never complete", hang_after=1))
    ended = run(limits=StopRules(stop=server.hanging.is_set))
    assert ended.reason == "stopped by a person"
    assert store.llm_asks()["reason"].tolist() == ["cancelled"]
    assert store.generations("dish")["evaluated"].tolist() == [10, 10]


def test_the_model_of_the_settings_is_asked_where_none_is_given(server, run, store):
    server.says(*answers())
    settings = Settings(llm=f"{server.url}#scripted")
    assert isinstance(llm_of(settings), Llm)
    run(generations=2, llm=None, settings=settings)
    assert set(store.llm_asks()["model"]) == {"compatible:scripted"}
