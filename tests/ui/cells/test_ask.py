"""A model asked about the cell in the panel: forked by a wish, or explained."""

import pytest

from evotrade.lab.bench import bench_on
from evotrade.lab.cells import create_on
from evotrade.market import synthetic_candles
from tests.llm_server import GENOME, Reply, proposal
from tests.ui.stores import HOSTILE, a_cell, a_store

CANDLES = synthetic_candles(1_500, "1h", seed=4)
OTHER = GENOME.replace("20", "30")
EXPLANATION = {
    "summary": "It follows the trend.",
    "rules": ["Buys above the mean."],
    "strengths": ["Long trends."],
    "weaknesses": ["Quiet markets."],
}


@pytest.fixture
def store(tmp_path):
    """A store with a cell that was evaluated, and one that was brought from elsewhere."""
    made = a_store(tmp_path)
    create_on(bench_on(CANDLES, store=made), GENOME, made, name="The parent")
    made.add_cells([a_cell()])
    return made


def said(app):
    texts = [each.value for each in (*app.caption, *app.markdown, *app.code)]
    return " ".join(texts).replace("\\", "").replace("\u200c", "")


def button(app, label):
    return next((each for each in app.button if each.label == label), None)


def press(app, label):
    return button(app, label).click().run()


def fork(app, wish):
    app = press(app, "Fork with LLM")
    app.text_area(key="wish for cell 1").set_value(wish)
    return press(app, "Fork")


def test_without_a_model_both_say_what_to_set(no_model, open_app, store):
    for label in ("Fork with LLM", "Explain"):
        app = press(open_app(store, cell="1"), label)
        assert "set EVOTRADE_LLM" in said(app)
        assert not app.exception


def test_a_fork_opens_the_new_cell_once_it_is_born(model, open_app, store, until):
    model.says(proposal(OTHER))
    app = until(fork(open_app(store, cell="1"), "trade less"), lambda app: app.query_params["cell"] == "3")
    child = store.cell(3)
    assert (child.parent_id, child.origin, child.genome) == (1, "llm", OTHER)
    assert app.subheader[0].value.startswith("Cell 3 · crossing")
    assert "Cell 3 is born" in app.toast[0].value


def test_a_fork_that_runs_shows_its_answers_and_can_be_stopped(model, open_app, store, until):
    model.says(Reply('{"name": "half', hang_after=1))
    app = until(fork(open_app(store, cell="1"), "trade less"), lambda app: button(app, "Stop"))
    assert app.get("progress")
    until(press(app, "Stop"), lambda app: "Stopped by a person" in said(app))
    assert (store.count_cells(), app.query_params["cell"]) == (2, "1")


def test_a_cell_without_a_market_sends_to_the_editor(model, open_app, store):
    app = press(open_app(store, cell="2"), "Fork with LLM")
    assert "choose a market for its children" in said(app)
    assert "Ask the LLM in the editor, on another market" in [
        link.proto.label for link in app.get("page_link")
    ]


def test_an_explanation_is_asked_once_and_then_read_from_the_record(model, open_app, store, until):
    model.says(EXPLANATION)
    app = press(open_app(store, cell="1"), "Explain")
    app = until(app, lambda app: "It follows the trend." in said(app))
    assert "Quiet markets." in said(app)
    assert "By compatible:scripted" in said(app)
    assert "Quiet markets." in said(press(open_app(store, cell="1"), "Explain"))
    assert len(model.requests) == 1


def test_hostile_words_of_an_explanation_are_text(model, open_app, store, until):
    model.says({**EXPLANATION, "summary": HOSTILE, "rules": [HOSTILE]})
    app = press(open_app(store, cell="1"), "Explain")
    app = until(app, lambda app: "Should fail" in said(app))
    assert not [each for each in app.markdown if "<img" in each.value.replace("\\<img", "")]
    assert not app.exception


def test_an_explanation_that_fails_says_why_and_can_be_asked_again(model, open_app, store, until):
    model.says("nonsense")
    app = press(open_app(store, cell="1"), "Explain")
    app = until(app, lambda app: button(app, "Stop") is None)
    assert "none of the model's 4 answers serves" in said(app).replace("None", "none")
    assert len([each for each in app.button if each.label == "Explain"]) == 2


def test_cells_are_filtered_by_the_model_that_wrote_or_named_them(open_app, tmp_path):
    cells = a_cell(llm_model="openai:m", llm_name="x"), a_cell(llm_model="google:n"), a_cell()
    store = a_store(tmp_path, *cells)
    for asked_for, count in (("any", 2), ("none", 1), ("openai:m", 1)):
        app = open_app(store, model=asked_for)
        assert f"{count} of 3 cells" in said(app)
    assert {"hypothesis", "llm_model"} <= set(app.dataframe[0].value)
