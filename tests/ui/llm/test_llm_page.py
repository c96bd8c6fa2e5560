"""The page Language model: calibration, the record, patterns and names."""

from datetime import UTC, datetime

import pytest

from evotrade.store.llm import AskRow, AttemptRow, PatternRow
from tests.llm_server import proposal
from tests.ui.stores import HOSTILE, a_cell, a_store

PAGE = "../../pages/llm.py"
AT = datetime(2026, 1, 1, tzinfo=UTC)
JUDGED = {
    **{"genome": "IF DELTA(0) > 1 THEN BUY", "genome_id": "a", "status": "alive", "fitness": 2.0},
    **{"expected_trades": 40.0, "expected_win_rate_pct": 50.0, "expected_sharpe": 1.0},
    **{"trades": 30.0, "win_rate_pct": 60.0, "sharpe": 0.5, "timeframe": "1h", "split": "train"},
}


@pytest.fixture
def store(tmp_path):
    return a_store(tmp_path, a_cell(), a_cell(name="Second"))


@pytest.fixture
def open_page(open_app):
    def open_on(store, **address):
        return open_app(store, **address).switch_page(PAGE).run()

    return open_on


def kept(store, *attempts, kind="create", model="openai:m", **end):
    """An ask with those attempts, that has ended."""
    number = store.begin_ask(
        AskRow(kind, model, "told so", "an idea", AT, pair="BTC/USD", objective="return_pct")
    )
    for place, one in enumerate(attempts, 1):
        facts = {"prompt": "p", "answer": "{}", "tokens_in": 100, "tokens_out": 50, "seconds": 2.0}
        store.add_attempt(number, AttemptRow(**{"number": place, **facts, "started_at": AT, **one}))
    store.finish_ask(number, "done", "it serves", AT, **end)
    return number


def said(app):
    texts = [each.value for each in (*app.caption, *app.markdown, *app.code, *app.text, *app.warning)]
    return " ".join(texts).replace("\\", "").replace("\u200c", "")


def press(app, label):
    return next(each for each in app.button if each.label == label).click().run()


def test_without_a_model_and_without_asks_it_says_what_to_do(no_model, open_page, store):
    for view in ("Calibration", "Asks", "Patterns and names"):
        app = open_page(store, view=view)
        assert "set EVOTRADE_LLM" in said(app)
        assert ("No model was asked yet" in said(app)) != (view == "Patterns and names")
        assert not app.exception


def test_what_was_expected_stands_beside_what_was_measured(no_model, open_page, store):
    kept(store, {**JUDGED, "cost_usd": 0.02}, {**JUDGED, "trades": 50.0, "sharpe": float("nan")}, born_id=1)
    models, expected = (frame.value for frame in open_page(store).dataframe)
    assert models[["Model", "Asks", "Cells", "Answers"]].to_numpy().tolist() == [["openai:m", 1, 1, 2]]
    assert models[["Alive", "Trading", "Paying"]].to_numpy().tolist() == [[100.0, 100.0, 100.0]]
    assert models["Cost, USD"].tolist() == [0.02]
    assert expected.to_numpy().tolist() == [
        ["openai:m", "Trades", 2, 40.0, 40.0, 10.0],
        ["openai:m", "Win rate, %", 2, 50.0, 60.0, 10.0],
        ["openai:m", "Sharpe", 1, 1.0, 0.5, 0.5],
    ]


def test_the_record_of_an_ask_shows_its_answers_with_error_or_score(no_model, open_page, store):
    wrong = {"genome": "IF DELT(0) > 1 THEN BUY", "error": "unknown symbol 'DELT'", "error_line": 1}
    wrong |= {"error_column": 4, "error_length": 4, "error_suggestion": "DELTA"}
    kept(store, wrong, {**JUDGED, "name": "crossing"}, born_id=2)
    app = open_page(store, ask="1")
    assert "line 1, column 4: unknown symbol 'DELT'. Did you mean DELTA?" in said(app)
    assert "🟢 alive · 2.00 % return" in said(app)
    assert "told so" in said(app)
    assert "🟢 Cell 2 · Second" in [link.proto.label for link in app.get("page_link")]


def test_an_ask_that_runs_or_was_killed_is_shown_so(no_model, open_page, store):
    store.begin_ask(AskRow("create", "openai:m", "told so", "an idea", AT))
    assert "It runs, or was killed" in said(open_page(store, ask="1"))


def test_an_ask_that_is_not_there_is_said(no_model, open_page, store):
    kept(store)
    for wrong in ("99", "abc", "-1", HOSTILE):
        app = open_page(store, ask=wrong)
        assert "99" in said(app) or "no number" in said(app)
        assert not app.exception


def test_patterns_are_found_kept_and_linked_to_the_cells_that_show_them(model, open_page, store, until):
    model.says({"patterns": [{"name": "Means", "description": "They cross means.", "cell_ids": [1, 2]}]})
    app = press(open_page(store, view="Patterns and names"), "Find patterns")
    app = until(app, lambda app: "1 pattern found." in said(app))
    assert "They cross means." in said(app)
    links = [link.proto.label for link in app.get("page_link")]
    assert [label for label in links if "Cell" in label and "·" in label] == [
        "🟢 Cell 1 · Quiet breakout",
        "🟢 Cell 2 · Second",
    ]


def test_cells_without_words_of_a_model_get_some(model, open_page, store, until):
    names = [
        {"cell_id": one, "name": f"by model {one}", "category": "trend", "hypothesis": "h"} for one in (1, 2)
    ]
    model.says({"cells": names})
    app = press(open_page(store, view="Patterns and names"), "Name cells")
    app = until(app, lambda app: "2 cells named." in said(app))
    assert store.cell(2).llm_name == "by model 2"
    assert "Every cell has a name by a model already" in said(app)


def test_what_cannot_be_found_says_why(model, open_page, store, until):
    model.says(proposal())  # no patterns
    app = press(open_page(store, view="Patterns and names"), "Find patterns")
    app = until(app, lambda app: "serves" in said(app))
    assert "None of the model's 4 answers serves" in said(app)
    assert "No patterns yet" in said(app)


def test_hostile_words_of_models_are_text(no_model, open_page, store):
    texts = dict.fromkeys(("name", "category", "hypothesis", "error", "answer", "genome"), HOSTILE)
    kept(store, texts, {**JUDGED, **texts}, model=HOSTILE, answer='{"a": "<img src=x>"}')
    store.add_patterns(1, HOSTILE, HOSTILE, [PatternRow(HOSTILE, HOSTILE, (1,))], AT)
    for view in ("Calibration", "Asks", "Patterns and names"):
        app = open_page(store, view=view)
        assert not [each for each in app.markdown if "<img" in each.value.replace("\\<img", "")]
        assert not app.exception
