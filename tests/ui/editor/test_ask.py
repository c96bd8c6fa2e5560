"""Ask the LLM in the editor: what to set, how answers come, and what becomes of one."""

import pytest

from evotrade.lab.bench import bench_on
from evotrade.lab.cells import create_on
from evotrade.market import synthetic_candles
from tests.llm.asks import WRONG
from tests.llm_server import GENOME, Reply, busy, proposal
from tests.ui.stores import HOSTILE, a_store

PAGE = "../../pages/editor.py"
CANDLES = synthetic_candles(1_500, "1h", seed=4)
OTHER = GENOME.replace("20", "30")


@pytest.fixture
def store(tmp_path):
    made = a_store(tmp_path)
    made.save_candles(CANDLES)
    return made


@pytest.fixture
def open_panel(open_app, store):
    """The editor with Ask the LLM open."""

    def open_on(**address):
        app = open_app(store, **address).switch_page(PAGE)
        app.session_state["editor tabs"] = "Ask the LLM"
        return app.run()

    return open_on


def draft(app):
    return list(app.session_state["drafts of strategies"].values())[-1]


def said(app):
    texts = [each.value for each in (*app.caption, *app.markdown, *app.code, *app.text)]
    return " ".join(texts).replace("\\", "").replace("\u200c", "")


def button(app, label):
    return next((each for each in app.button if each.label == label), None)


def press(app, label):
    return button(app, label).click().run()


def ask(app, idea="follow the trend"):
    app.text_area(key=draft(app).key("idea")).set_value(idea)
    return press(app, "Ask the LLM")


def over(app):
    return button(app, "Discard") is not None


def test_without_a_model_the_panel_says_what_to_set_and_the_rest_works(no_model, open_panel):
    app = open_panel()
    assert "set EVOTRADE_LLM, or llm in evotrade.toml" in said(app)
    assert button(app, "Ask the LLM") is None
    assert button(app, "Test strategy") is not None
    assert not app.exception


def test_a_key_that_is_missing_is_named(no_model, open_panel, monkeypatch):
    monkeypatch.setenv("EVOTRADE_LLM", "anthropic:some")
    assert "ANTHROPIC_API_KEY" in said(open_panel())


def test_ask_without_a_word_asks_nothing(model, open_panel):
    app = press(open_panel(), "Ask the LLM")
    assert "Say first what the strategy is to do" in said(app)
    assert model.requests == []


def test_answers_come_with_their_error_at_its_place_or_their_score(model, open_panel, until):
    model.says(proposal(WRONG), proposal())
    app = until(ask(open_panel()), over)
    assert "line 1, column 4: unknown symbol 'DELT'. Did you mean DELTA?" in said(app)
    assert "IF DELT(0) > 1 THEN BUY\n   ^^^^" in [each.value for each in app.code]
    assert "The model's answer 2 of at most 4 serves" in said(app)
    assert "expected: 40 trades, 45.00 % won, Sharpe 0.80" in said(app)
    assert [each.label for each in app.button if each.label in ("Accept", "Edit")] == ["Accept", "Edit"]


def test_what_runs_is_shown_and_ends_when_it_is_stopped(model, open_panel, until, store):
    model.says(proposal(WRONG), Reply('{"name": "half', hang_after=4))
    app = until(ask(open_panel()), lambda app: button(app, "Stop") and '{"name"' in said(app))
    assert button(app, "Ask the LLM").disabled
    assert app.text_area(key=draft(app).key("idea")).value == "follow the trend"
    assert "Answer 2 of at most 4" in app.get("progress")[0].proto.text
    app = until(press(app, "Stop"), over)
    assert "Stopped by a person after 2 of at most 4 answers" in said(app)
    assert store.llm_asks()["reason"].tolist() == ["cancelled"]
    assert store.cells().empty


def test_a_model_that_cannot_be_asked_is_said_and_can_be_asked_again(model, open_panel, until):
    model.says(busy(500), proposal())
    app = until(ask(open_panel()), over)
    assert "is busy: ask again in 500 s" in said(app)
    app = until(ask(app), lambda app: button(app, "Accept"))
    assert "busy" not in said(app)


def test_an_accepted_answer_becomes_a_cell_of_the_model_and_its_ask(model, open_panel, until, store):
    model.says(proposal())
    app = press(until(ask(open_panel()), over), "Accept")
    key = draft(app).key
    assert (draft(app).text, app.text_input(key=key("name")).value) == (GENOME, "crossing")
    assert app.text_area(key=key("hypothesis")).value == "trends last"
    assert "compatible:scripted" in said(app)
    press(app, "Create cell")
    cell = store.cell(1)
    assert (cell.origin, cell.llm_model, cell.llm_name) == ("llm", "compatible:scripted", "crossing")
    assert (cell.llm_category, cell.llm_hypothesis) == ("trend", "trends last")
    assert (cell.name, cell.category, cell.hypothesis) == ("", "", "")  # the person added nothing
    assert store.llm_asks()["born_id"].tolist() == [1]


def test_what_a_person_changed_of_an_answer_is_the_person_s(model, open_panel, until, store):
    model.says(proposal())
    app = press(until(ask(open_panel()), over), "Accept")
    app.text_input(key=draft(app).key("name")).set_value("mine").run()
    press(app, "Create cell")
    cell = store.cell(1)
    assert (cell.name, cell.llm_name, cell.hypothesis) == ("mine", "crossing", "")


def test_an_answer_with_a_mistake_can_be_edited(model, open_panel, until, monkeypatch):
    monkeypatch.setenv("EVOTRADE_LLM_ATTEMPTS", "1")
    model.says(proposal(WRONG))
    app = press(until(ask(open_panel()), over), "Edit")
    assert draft(app).text == WRONG
    assert "line 1, column 4" in button(app, "Create cell").help.replace("\\", "")


def test_a_discarded_ask_leaves_the_draft_and_its_record(model, open_panel, until, store):
    model.says(proposal())
    app = press(until(ask(open_panel()), over), "Discard")
    assert (draft(app).text, draft(app).asking, button(app, "Accept")) == ("", None, None)
    assert len(store.llm_asks()) == 1


def test_a_fork_asks_for_a_change_of_the_parent(model, open_panel, until, store):
    parent = create_on(bench_on(CANDLES, store=store), GENOME, store)
    model.says(proposal(OTHER))
    until(ask(open_panel(fork=str(parent.cell_id)), "trade less"), over)
    assert '"trade less"' in model.said(0)
    assert list(store.llm_asks()["cell_ids"][0]) == [parent.cell_id]


def test_the_text_in_the_editor_goes_along_where_it_is_to_start_from(model, open_panel, until):
    model.says(proposal())
    app = open_panel()
    app.session_state[draft(app).key("genome")] = {"draft": {"text": OTHER, "sending": 1, "revision": 0}}
    until(ask(app.run()), over)
    assert f"Start from this strategy:\\n{OTHER}" in model.said(0)


def test_starting_over_stops_what_is_asked(model, open_panel, until, store):
    model.says(Reply('{"name": "half', hang_after=1))
    app = until(ask(open_panel()), lambda app: button(app, "Stop"))
    run = draft(app).asking
    press(app, "Start over")
    run._thread.join(20)
    assert store.llm_asks()["reason"].tolist() == ["cancelled"]


def test_hostile_words_of_a_model_are_text(model, open_panel, until):
    model.says(proposal(WRONG, name=HOSTILE[:80], hypothesis=HOSTILE), HOSTILE, proposal(hypothesis=HOSTILE))
    app = until(ask(open_panel()), over)
    assert not [each for each in app.markdown if "<img" in each.value.replace("\\<img", "")]
    assert HOSTILE in [each.value for each in app.text]
    assert not app.exception
