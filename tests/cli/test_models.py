"""`evotrade llm report`, `name` and `patterns`, over real HTTP to a scripted model."""

import json

import pytest

from evotrade.lab.cells import create_on
from tests.cli.test_asking import CANDLES, GENOME, WRONG, bench_on, model, proposal, store

__all__ = ["model", "store"]  # fixtures


def named(cell_id):
    return {"cell_id": cell_id, "name": f"riser {cell_id}", "category": "trend", "hypothesis": "trends last"}


def seen(*cell_ids):
    return {"patterns": [{"name": "means", "description": "compares with a mean", "cell_ids": cell_ids}]}


def test_the_report_sets_what_was_expected_against_what_was_measured(evotrade, model, store):
    model.says(proposal(WRONG), proposal())
    evotrade("ask", "follow the trend")
    (row,) = json.loads(evotrade("llm", "report", "--json").out)
    (proposed,) = json.loads(evotrade("llm", "report", "--each", "--json").out)
    assert (row["model"], row["asks"], row["cells"], row["share_judged"]) == (
        *("compatible:scripted", 1),
        *(1, 0.5),
    )
    measured = store.cell(2).phenotypes[0].metrics
    assert (proposed["expected_trades"], proposed["trades"]) == (40, measured["trades"])
    assert row["trades_bias"] == pytest.approx(40 - measured["trades"])
    assert row["sharpe_error"] == pytest.approx(abs(0.8 - measured["sharpe"]))


def test_the_report_is_a_table_for_people(evotrade, model, store):
    model.says(proposal())
    evotrade("ask", "follow the trend")
    ran = evotrade("llm", "report")
    assert [line.split()[0] for line in ran.out.splitlines()[1:]] == ["model", "compatible:scripted"]
    assert "Bias: expected less measured" in ran.err
    assert "crossing" in evotrade("llm", "report", "--each").out


def test_a_report_needs_no_model_and_says_where_there_is_nothing(evotrade, store, monkeypatch):
    monkeypatch.delenv("EVOTRADE_LLM", raising=False)
    ran = evotrade("llm", "report")
    assert (ran.code, ran.out) == (0, "")
    assert "No model was asked yet" in ran.err
    assert json.loads(evotrade("llm", "report", "--json").out) == []
    assert json.loads(evotrade("llm", "patterns", "--stored", "--json").out) == []


def test_the_best_cells_without_a_name_are_named(evotrade, model, store):
    create_on(bench_on(CANDLES, store=store), GENOME, store, llm_name="has one")
    model.says({"cells": [named(1)]})
    ran = evotrade("llm", "name")
    assert (ran.code, ran.out.split()[:5]) == (0, ["cell", "name", "category", "hypothesis", "1"])
    assert [store.cell(one).llm_name for one in (1, 2)] == ["riser 1", "has one"]
    assert "All cells have a model's name already." in evotrade("llm", "name").err


def test_cells_are_named_by_number(evotrade, model, store):
    model.says({"cells": [named(1)]})
    assert json.loads(evotrade("llm", "name", "1", "--json").out) == [named(1)]
    assert evotrade("llm", "name", "1", "--dish", "x").code == 2
    assert "there is no cell 77" in evotrade("llm", "name", "77").err


def test_patterns_are_found_kept_and_shown_again(evotrade, model, store):
    model.says(seen(1))
    told = "means (compatible:scripted)\n  compares with a mean\n  cells 1\n"
    assert evotrade("llm", "patterns").out == told
    assert evotrade("llm", "patterns", "--stored").out == told
    assert len(model.requests) == 1
    assert evotrade("llm", "patterns", "no such dish").code == 1
