"""Explanations, names, patterns and suggestions: asked for over real HTTP, kept, checked for strangers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from evotrade.errors import LlmAnswerUnusable, NotFound
from evotrade.lab.cells import create_on
from evotrade.lab.llm import explain, find_patterns, name_cells, suggest
from evotrade.llm import Budget
from evotrade.store.records import Entry
from tests.llm_server import GENOME
from tests.store.records import session, trade

TOLD = {"summary": "buys above the mean", "rules": ["one"], "strengths": [], "weaknesses": []}


def named(cell_id, name="riser"):
    return {"cell_id": cell_id, "name": name, "category": "trend", "hypothesis": "trends last"}


def pattern(*cell_ids):
    return {"name": "means", "description": "compares with a mean", "cell_ids": list(cell_ids)}


@pytest.fixture
def cells(bench, store):
    return [create_on(bench, GENOME.replace("20", str(n)), store).cell_id for n in (20, 30, 40)]


def test_a_cell_is_explained_from_its_genome_and_results(server, llm, store, cells):
    server.says(TOLD)
    told = explain(cells[0], store, llm)
    assert told.summary == "buys above the mean"
    assert GENOME in server.said()
    row = store.llm_asks().iloc[0]
    assert (row["kind"], row["reason"], list(row["cell_ids"])) == ("explain", "done", cells[:1])
    assert "buys above the mean" in row["answer"]


def test_cells_get_the_model_s_words_and_keep_their_own(server, llm, store, cells):
    server.says({"cells": [named(cells[0], "one"), named(cells[1], "two")]})
    name_cells(cells[:2], store, llm)
    first = store.cell(cells[0])
    assert (first.llm_name, first.llm_category, first.llm_model) == ("one", "trend", "compatible:scripted")
    assert (first.name, first.origin, store.cell(cells[1]).llm_name) == ("", "person", "two")
    assert store.cell(cells[2]).llm_name is None


def test_many_cells_are_named_in_batches(server, llm, store, cells, monkeypatch):
    monkeypatch.setattr("evotrade.lab.llm.reading._BATCH", 2)
    server.says({"cells": [named(one) for one in cells[:2]]}, {"cells": [named(cells[2], "last")]})
    assert [one.cell_id for one in name_cells(cells, store, llm)] == cells
    assert store.llm_asks()["kind"].tolist() == ["name", "name"]


def test_a_name_for_a_cell_that_was_not_asked_for_is_sent_back(server, llm, store, cells):
    server.says({"cells": [named(cells[1])]}, {"cells": [named(cells[0])]})
    name_cells(cells[:1], store, llm)
    assert f"Answer for each of these cell_id once, and for no other: {cells[0]}." in server.said(1)
    assert store.cell(cells[1]).llm_name is None


def test_patterns_are_kept_with_the_cells_that_show_them(server, llm, store, cells):
    server.says({"patterns": [pattern(999)]}, {"patterns": [pattern(*cells[:2])]})
    found = find_patterns(None, store, llm)
    assert "There are no strategies 999 among those given" in server.said(1)
    assert found["name"].tolist() == ["means"]
    assert list(found["cell_ids"][0]) == cells[:2]
    assert store.llm_patterns().equals(found)
    assert store.llm_patterns("another dish").empty


def test_of_many_cells_the_best_and_a_spread_of_the_others_are_shown(server, llm, store, bench, monkeypatch):
    monkeypatch.setattr("evotrade.lab.llm.reading._BEST_SHOWN", 2)
    monkeypatch.setattr("evotrade.lab.llm.reading._REST_SHOWN", 2)
    made = [create_on(bench, GENOME.replace("20", str(n)), store) for n in range(20, 27)]
    server.says({"patterns": []})
    find_patterns(None, store, llm)
    ranked = [cell.cell_id for cell in sorted(made, key=lambda cell: -cell.fitness)]
    assert sorted(store.llm_asks()["cell_ids"][0]) == sorted([*ranked[:2], ranked[2], ranked[5]])


def test_patterns_of_nothing_are_not_asked_for(server, llm, store):
    with pytest.raises(NotFound, match="there are no cells in dish 'x': evolve some first"):
        find_patterns("x", store, llm)
    assert server.requests == []


def test_a_session_is_looked_at_with_its_trades_and_its_divergence(server, llm, store, cells):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    row = session(session_id=5, cell_id=cells[0], final_pnl=Decimal("-12.5"))
    told = {"assessment": "slips", "actions": ["widen it"], "fork_instruction": "use a longer mean"}
    server.says(told)
    store.deliver([Entry(1, row), Entry(2, trade(session_id=5, exit_at=at, exit_reason="signal"))])
    suggestion = suggest(5, store, llm, divergence={"signal": 0, "fee": -1.25})
    assert suggestion.fork_instruction == "use a longer mean"
    assert '"fee": -1.25' in server.said()
    assert '"pnl": -12.5' in server.said()
    assert store.llm_asks()["session_id"].tolist() == [5]


def test_an_answer_that_never_serves_is_an_error_with_its_record(server, llm, store, cells):
    server.says("nonsense")
    with pytest.raises(LlmAnswerUnusable):
        explain(cells[0], store, llm, budget=Budget(attempts=2))
    row = store.llm_asks().iloc[0]
    assert (row["reason"], row["attempts"]) == ("attempts", 2)
    assert "none of the model's 2 answers serves" in row["message"]


def test_what_is_not_there_is_not_asked_about(server, llm, store):
    for question in (lambda: explain(9, store, llm), lambda: name_cells([9], store, llm)):
        with pytest.raises(NotFound, match="no cell 9"):
            question()
    with pytest.raises(NotFound, match="no session 9"):
        suggest(9, store, llm)
    assert store.llm_asks().empty
