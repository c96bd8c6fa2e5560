"""What models were asked and answered: kept as it happens, read back whole, and summed up per model."""

import math
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from evotrade.errors import NotFound, StoreError
from evotrade.store.llm import AskRow, AttemptRow, PatternRow, Words
from tests.store.samples import NOW, cell

AT = datetime(2026, 1, 1, tzinfo=UTC)


def ask(**changes):
    plain = {"kind": "create", "model": "openai:m", "instructions": "write", "prompt": "an idea"}
    return AskRow(**{**plain, "started_at": AT, "objective": "return_pct", "pair": "BTC/USD", **changes})


def attempt(number=1, **changes):
    plain = {"prompt": "an idea", "answer": "{}", "tokens_in": 100, "tokens_out": 50, "seconds": 2.0}
    return AttemptRow(**{"number": number, **plain, "started_at": AT, **changes})


def judged(number=1, **changes):
    genome = {"genome": "IF DELTA > 1 THEN BUY", "genome_id": "a", "status": "alive", "fitness": 2.0}
    expected = {"expected_trades": 40.0, "expected_win_rate_pct": 50.0, "expected_sharpe": 1.0}
    measured = {"trades": 30.0, "win_rate_pct": 60.0, "sharpe": 0.5}
    return attempt(number, **{**genome, **expected, **measured, **changes})


def test_an_ask_that_never_ended_leaves_what_was_kept(store):
    number = store.begin_ask(ask(cell_ids=(3, 4)))
    store.add_attempt(number, attempt())
    (row,) = store.llm_asks().to_dict("records")
    assert (row["ask_id"], row["attempts"], list(row["cell_ids"])) == (1, 1, [3, 4])
    assert (row["tokens_in"], row["finished_at"] is pd.NaT) == (100, True)


def test_an_attempt_comes_back_as_it_was(store):
    number = store.begin_ask(ask())
    metrics = {"1h": {"train": {"sharpe": 0.5}}}
    kept = judged(reasons=("few trades",), metrics=metrics, cost_usd=0.01)
    store.add_attempt(number, kept)
    (row,) = store.llm_attempts(number).to_dict("records")
    same = ("number", "prompt", "answer", "genome", "expected_sharpe", "fitness", "cost_usd", "seconds")
    assert [row[name] for name in same] == [getattr(kept, name) for name in same]
    assert (list(row["reasons"]), row["metrics"]) == (["few trades"], '{"1h": {"train": {"sharpe": 0.5}}}')


def test_the_end_of_an_ask_is_kept_and_one_that_never_began_is_told(store):
    number = store.begin_ask(ask())
    store.finish_ask(number, "done", "it serves", AT + timedelta(seconds=5), answer='{"a": 1}', born_id=7)
    row = store.llm_asks().iloc[0]
    assert (row["reason"], row["message"], row["answer"], row["born_id"]) == (
        "done",
        "it serves",
        '{"a": 1}',
        7,
    )
    for missing in (lambda: store.finish_ask(9, "done", "", AT), lambda: store.llm_attempts(9)):
        with pytest.raises(NotFound, match="no ask 9 in the store"):
            missing()


def test_a_try_that_became_a_cell_is_said_to_be_its_origin(store):
    number = store.begin_ask(ask(kind="try"))
    store.adopt(number, 12)
    assert store.llm_asks()["born_id"].tolist() == [12]
    assert store.llm_calibration()["cells"].tolist() == [1]


def test_asks_are_found_by_kind_and_model_newest_first(store):
    for kind, model in (("create", "a"), ("fork", "a"), ("fork", "b")):
        store.begin_ask(ask(kind=kind, model=model))
    assert store.llm_asks(kind="fork")["ask_id"].tolist() == [3, 2]
    assert store.llm_asks(model="a", limit=1)["ask_id"].tolist() == [2]


def test_a_time_without_a_zone_is_refused(store):
    with pytest.raises(StoreError, match="begin of an ask"):
        store.begin_ask(ask(started_at=AT.replace(tzinfo=None)))


def test_predictions_stand_beside_what_was_measured(store):
    number = store.begin_ask(ask())
    store.add_attempt(number, attempt(1, error="unknown symbol"))
    store.add_attempt(number, judged(2))
    (row,) = store.llm_predictions("openai:m").to_dict("records")
    assert (row["number"], row["expected_trades"], row["trades"]) == (2, 40.0, 30.0)
    assert store.llm_predictions("another").empty


def test_calibration_sums_up_each_model_by_hand(store):
    first = store.begin_ask(ask(kind="fork", parent_fitness=1.0))
    store.add_attempt(first, attempt(1, error="unknown symbol", cost_usd=0.01))
    store.add_attempt(first, judged(2, cost_usd=0.03))
    second = store.begin_ask(ask())
    nothing = {"trades": 0.0, "win_rate_pct": math.nan, "sharpe": math.nan}
    store.add_attempt(second, judged(1, status="dead", fitness=-20.0, **nothing))
    store.finish_ask(first, "done", "", AT, born_id=5)
    store.begin_ask(ask(kind="explain"))
    (row,) = store.llm_calibration().to_dict("records")
    counts = ("asks", "cells", "attempts", "judged")
    assert [row[name] for name in counts] == [2, 1, 3, 2]
    assert row["share_judged"] == pytest.approx(2 / 3)
    assert [row[f"share_{name}"] for name in ("alive", "trading", "paying")] == [0.5, 0.5, 0.5]
    assert (row["mean_gain"], row["median_fitness"]) == (1.0, -9.0)
    assert (row["trades_error"], row["trades_bias"]) == (25.0, 25.0)
    assert (row["win_rate_pct_error"], row["win_rate_pct_bias"]) == (10.0, -10.0)
    assert (row["sharpe_error"], row["sharpe_bias"]) == (0.5, 0.5)
    assert (row["tokens_in"], row["tokens_out"]) == (300, 150)
    assert row["cost_usd"] == row["cost_usd_per_cell"] == pytest.approx(0.04)


def test_a_model_that_answered_nothing_has_no_shares(store):
    store.begin_ask(ask())
    row = store.llm_calibration().iloc[0]
    assert (row["asks"], row["attempts"]) == (1, 0)
    assert math.isnan(row["share_judged"])
    assert math.isnan(row["cost_usd"])


def test_failures_of_a_market_are_told_once_each_the_latest_first(store):
    number = store.begin_ask(ask())
    later = AT + timedelta(hours=1)
    store.add_attempt(number, attempt(1, genome="bad", error="unknown symbol"))
    store.add_attempt(number, attempt(2, genome="bad", error="unknown symbol"))
    store.add_attempt(
        number, judged(3, genome="poor", status="dead", reasons=("never trades",), started_at=later)
    )
    store.add_attempt(number, judged(4))
    assert store.llm_failures("BTC/USD", "return_pct")["genome"].tolist() == ["poor", "bad"]
    assert store.llm_failures("ETH/USD", "return_pct").empty


def test_patterns_are_found_by_dish_newest_ask_first(store):
    store.add_patterns(
        1, "m", "a", [PatternRow("x", "about x", (1, 2)), PatternRow("y", "about y", (3,))], AT
    )
    assert store.add_patterns(2, "m", "b", [PatternRow("z", "about z", (4,))], AT) == [3]
    assert store.add_patterns(3, "m", "b", [], AT) == []
    assert store.llm_patterns()["name"].tolist() == ["z", "x", "y"]
    assert list(store.llm_patterns("a")["cell_ids"][0]) == [1, 2]


def test_a_model_s_words_take_the_place_of_earlier_ones(store):
    (number,) = store.add_cells([cell(created_at=NOW, llm_name="old")])
    store.set_words("m", [Words(number, "new", "trend", "why")])
    found = store.cell(number)
    assert (found.llm_name, found.llm_model) == ("new", "m")
    assert (found.llm_category, found.llm_hypothesis) == ("trend", "why")
    with pytest.raises(NotFound, match="no cell 99"):
        store.set_words("m", [Words(number, "newest", "", ""), Words(99, "x", "", "")])
    assert store.cell(number).llm_name == "new"


def test_the_latest_answer_about_a_cell_is_found(store):
    for cell_ids, answer in (((1, 2), '{"a": 1}'), ((1,), '{"a": 2}'), ((1,), None), ((2,), '{"a": 3}')):
        number = store.begin_ask(ask(kind="explain", cell_ids=cell_ids))
        store.finish_ask(number, "done", "", AT, answer=answer)
    found = store.llm_answer("explain", 1)
    assert (found["model"], found["answer"], found["finished_at"]) == ("openai:m", '{"a": 2}', AT)
    assert store.llm_answer("explain", 9) is None
    assert store.llm_answer("name", 1) is None
