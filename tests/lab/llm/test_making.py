"""Strategies by a model, from the idea to the cell and its record, over real HTTP and in a real store."""

import json
from dataclasses import replace

import pytest

from evotrade.errors import DataError, LlmBusy, NotFound, StoreBusy
from evotrade.lab.bench import whole_bench
from evotrade.lab.cells import create_on
from evotrade.lab.llm import create, fork, try_idea
from evotrade.llm import Budget, Finished, Streamed, Waiting
from tests.llm.asks import WRONG
from tests.llm_server import GENOME, Reply, busy, proposal

NEVER = "IF DELTA < 0 THEN BUY"
OTHER = GENOME.replace("20", "30")


def test_an_idea_becomes_a_cell_of_the_model(server, llm, bench, store):
    server.says(proposal())
    asked = create("follow the trend", bench, store, llm)
    cell = store.cell(asked.cell.cell_id)
    assert (cell.origin, cell.llm_model, cell.llm_name) == ("llm", "compatible:scripted", "crossing")
    assert (cell.llm_category, cell.llm_hypothesis, cell.genome) == ("trend", "trends last", GENOME)
    assert (cell.parent_id, cell.generation, cell.operator, cell.name) == (None, 0, "", "")
    assert (asked.reason, asked.best.outcome.fitness) == ("done", cell.fitness)


def test_what_is_wrong_goes_back_until_it_serves_and_all_of_it_is_in_the_store(server, llm, bench, store):
    server.says(proposal(WRONG), proposal(NEVER), "nonsense", proposal())
    asked = create("follow the trend", bench, store, llm)
    assert "unknown symbol 'DELT'" in server.said(1)
    assert "never entered a trade on train" in server.said(2)
    rows = store.llm_attempts(asked.ask_id)
    assert rows["genome"].fillna("").tolist() == [WRONG, NEVER, "", GENOME]
    assert rows["error_column"].fillna(0).tolist() == [4, 0, 0, 0]
    assert rows["status"].fillna("").tolist() == ["", "dead", "", "alive"]
    assert rows["answer"].tolist()[2] == "nonsense"
    assert rows["prompt"].tolist()[1:] == [server.said(1), server.said(2), server.said(3)]
    assert rows["tokens_in"].tolist() == [100] * 4


def test_the_ask_is_in_the_store_with_its_question_and_its_end(server, llm, bench, store):
    server.says(proposal())
    asked = create("follow the trend", bench, store, llm)
    (row,) = store.llm_asks().to_dict("records")
    assert (row["kind"], row["model"], row["reason"]) == ("create", "compatible:scripted", "done")
    assert (row["born_id"], row["pair"], row["objective"]) == (asked.cell.cell_id, "SYN/USD", "return_pct")
    assert (row["prompt"], row["attempts"], row["tokens_out"]) == (server.said(0), 1, 50)
    assert server.said(0, 0).startswith(row["instructions"])
    assert row["finished_at"] >= row["started_at"]


def test_every_genome_that_was_judged_is_a_trial(server, llm, bench, store):
    server.says(proposal(WRONG), proposal(NEVER), proposal())
    create("x", bench, store, llm)
    trials = store.trials()
    assert set(trials["genome"]) == {"IF DELTA(0) < 0 THEN BUY", GENOME}
    assert dict(zip(trials["genome"], trials["outcome"], strict=True))[GENOME] == "born"


def test_the_result_told_is_that_of_train_and_validation(server, llm, bench, store):
    server.says(proposal(NEVER), proposal())
    create("x", bench, store, llm)
    numbers = json.loads(server.said(1).split("Results:\n")[1].split("\n")[0])
    assert {split for by_split in numbers.values() for split in by_split} == {"train", "validation"}


def test_a_poor_strategy_is_made_a_cell_where_the_budget_gives_no_better(server, llm, bench, store):
    server.says(proposal(NEVER))
    asked = create("x", bench, store, llm, budget=Budget(attempts=2))
    assert (asked.reason, asked.cell.status, len(asked.attempts)) == ("attempts", "dead", 2)
    assert store.llm_asks()["born_id"].tolist() == [asked.cell.cell_id]


def test_a_fork_is_its_parent_s_child_and_differs_from_it(server, llm, bench, store):
    parent = create_on(bench, GENOME, store)
    server.says(proposal(), proposal(OTHER))
    asked = fork(parent.cell_id, "use a longer window", bench, store, llm, name="longer")
    child = asked.cell
    assert "The genome is the parent's, unchanged" in server.said(1)
    assert (child.parent_id, child.generation, child.operator) == (parent.cell_id, 1, "llm")
    assert (child.genome, child.name, child.origin) == (OTHER, "longer", "llm")
    row = store.llm_asks().iloc[0]
    assert (row["kind"], list(row["cell_ids"])) == ("fork", [parent.cell_id])
    assert row["parent_fitness"] == parent.fitness


def test_a_fork_is_told_of_its_parent_its_ancestors_and_the_wish(server, llm, bench, store):
    grandparent = create_on(bench, OTHER, store, hypothesis="older thought")
    parent = create_on(bench, GENOME, store, hypothesis="newer thought", parent=grandparent.cell_id)
    server.says(proposal("IF RSI(DELTA, 14) < 30 THEN BUY ELSE SELL"))
    fork(parent.cell_id, "trade less", bench, store, llm, budget=Budget(attempts=1))
    said = server.said(0)
    assert said.index('"trade less"') < said.index("newer thought") < said.index("older thought")
    assert GENOME in said


def test_a_fork_s_rules_vote_as_its_parent_s_do(server, llm, bench, store):
    parent = create_on(bench.voting("first"), GENOME, store)
    server.says(proposal(OTHER))
    asked = fork(parent.cell_id, "x", bench, store, llm, budget=Budget(attempts=1))
    assert asked.cell.combine == "first"


def test_a_try_makes_no_cell_and_keeps_its_record(server, llm, bench, store):
    server.says(proposal())
    asked = try_idea("x", bench, store, llm)
    assert (asked.cell, asked.best.proposal.genome) == (None, GENOME)
    assert store.cells().empty
    assert store.llm_asks()[["kind", "reason"]].to_numpy().tolist() == [["try", "done"]]
    parent = create_on(bench, GENOME, store)
    server.says(proposal(OTHER))
    server.script.popleft()
    assert try_idea("x", bench, store, llm, parent=parent.cell_id).best.proposal.genome == OTHER


def test_later_asks_learn_of_earlier_failures_and_of_the_best(server, llm, bench, store):
    server.says(proposal(WRONG), proposal())
    create("x", bench, store, llm)
    create("y", bench, store, llm)
    said = server.said(2)
    assert WRONG in said.split("Attempts that failed before")[1]
    assert '"cell_id": 1' in said.split("Strategies that did well there")[1]


def test_a_stop_leaves_the_attempts_and_no_cell(server, llm, bench, store):
    server.says(proposal(NEVER), Reply('{"name"', hang_after=1))
    asked = create("x", bench, store, llm, stop=server.hanging.is_set)
    assert (asked.cell, asked.reason, len(asked.attempts)) == (None, "cancelled", 2)
    assert store.cells().empty
    assert store.llm_asks()["reason"].tolist() == ["cancelled"]
    assert store.llm_attempts(asked.ask_id)["error"].tolist()[1] == "it was stopped by a person"


def test_time_that_runs_out_is_in_the_record(server, llm, bench, store):
    server.says(Reply('{"name"', hang_after=1))
    asked = create("x", bench, store, llm, budget=Budget(time_s=2))
    row = store.llm_asks().iloc[0]
    assert (asked.cell, row["reason"], row["message"]) == (None, "time", asked.message)
    assert len(store.llm_attempts(asked.ask_id)) == 1


def test_a_busy_model_is_waited_for_and_a_too_busy_one_is_an_error_with_its_record(server, llm, bench, store):
    told = []
    server.says(busy(1), proposal(), busy(500))
    assert create("x", bench, store, llm, on_event=told.append).reason == "done"
    assert [event for event in told if isinstance(event, Waiting)] == [Waiting(1, 1.0)]
    with pytest.raises(LlmBusy, match="ask again in 500 s"):
        create("x", bench, store, llm)
    row = store.llm_asks().iloc[0]
    assert (row["reason"], row["message"]) == ("failed", "compatible:scripted is busy: ask again in 500 s")
    assert store.llm_attempts(row["ask_id"])["error"].tolist() == [row["message"]]


def test_attempts_are_in_the_store_before_the_watcher_hears_of_their_end(server, llm, bench, store):
    server.says(proposal(WRONG), proposal())
    stored = []

    def watch(event):
        if isinstance(event, Finished):
            stored.append(len(store.llm_attempts(1)))

    create("x", bench, store, llm, on_event=watch)
    assert stored == [1, 2]


def test_an_ask_that_dies_half_way_leaves_its_attempts(server, llm, bench, store):
    server.says(proposal(WRONG), Reply(json.dumps(proposal()), pieces=9))

    def die(event):
        if isinstance(event, Streamed) and event.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create("x", bench, store, llm, on_event=die)
    assert store.llm_asks()["reason"].tolist() == ["cancelled"]
    assert store.llm_attempts(1)["genome"].tolist() == [WRONG]


def test_an_error_of_the_store_is_the_ask_s_end(server, llm, bench, store, monkeypatch):
    server.says(proposal())

    def held(*_):
        raise StoreBusy("somebody holds the file")

    monkeypatch.setattr(store, "enter_once", held)
    with pytest.raises(StoreBusy):
        create("x", bench, store, llm)
    assert store.llm_asks()["message"].tolist() == ["somebody holds the file"]


def test_what_cannot_be_asked_is_refused_before_anything_is_kept(server, llm, bench, store, candles):
    with pytest.raises(NotFound, match="cell 77"):
        fork(77, "x", bench, store, llm)
    assert store.llm_asks().empty
    empty = replace(whole_bench(candles).candles, pair="")
    server.says(proposal())
    with pytest.raises(DataError, match="name no pair"):
        create("x", whole_bench(empty), store, llm)
    assert store.llm_asks()["reason"].tolist() == ["failed"]
