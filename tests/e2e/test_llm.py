"""A language model in the lab as a person meets it: from the idea to the cell, and to its child."""

import json

import pytest

from evotrade.market import synthetic_candles
from tests.e2e.actions import IDLE, visit
from tests.llm.asks import WRONG
from tests.llm_server import GENOME, LlmServer, Reply, proposal
from tests.llm_server import serve as serve_model
from tests.ui.stores import HOSTILE, a_store

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
OTHER = GENOME.replace("20", "30")
EXPLANATION = {"summary": HOSTILE, "rules": [HOSTILE], "strengths": [HOSTILE], "weaknesses": [HOSTILE]}


@pytest.fixture
def store(tmp_path):
    """A store with a market."""
    made = a_store(tmp_path)
    made.save_candles(synthetic_candles(1_500, "1h", seed=4))
    return made


@pytest.fixture
def model(monkeypatch):
    """A scripted model that is set."""
    with serve_model(LlmServer()) as server:
        monkeypatch.setenv("EVOTRADE_LLM", f"{server.url}#scripted")
        yield server


def press(page, name):
    page.locator("button:not([disabled])", has_text=name).first.click()


def ask(page, url, idea):
    """Open Ask the LLM in the editor, and ask."""
    visit(page, f"{url}/editor")
    page.get_by_role("tab", name="Ask the LLM").click()
    page.get_by_label("Idea").fill(idea)
    page.get_by_role("tabpanel").get_by_role("button", name="Ask the LLM").click()


def test_an_idea_becomes_a_cell_and_the_cell_a_child(page, store, model, serve):
    written = json.dumps(proposal())
    model.says(proposal(WRONG), Reply(written, pieces=12, pause_s=0.2), proposal(OTHER, name="calmer"))
    with serve(store) as url:
        ask(page, url, "follow the trend")
        page.get_by_text("unknown symbol 'DELT'").wait_for()
        page.get_by_text("Answer 2 is coming").wait_for()
        page.get_by_role("button", name="Accept").click()
        page.locator("button:not([disabled])", has_text="Create cell").wait_for()
        assert page.get_by_label("Genome").input_value() == GENOME
        assert page.get_by_label("Name", exact=True).input_value() == "crossing"
        press(page, "Create cell")
        page.wait_for_url("**/?cell=1")
        press(page, "Fork with LLM")
        page.get_by_label("Change wished").fill("trade less")
        page.get_by_test_id("stMain").get_by_role("button", name="Fork", exact=True).click()
        page.wait_for_url("**/?cell=2")
        page.locator("h3", has_text="Cell 2 · calmer").wait_for()
        page.wait_for_selector(IDLE)
        page.close()  # before its server goes, for it would complain
    assert store.llm_asks()[["kind", "born_id"]].to_numpy().tolist() == [["fork", 2], ["try", 1]]
    assert store.cell(2).parent_id == 1


def test_hostile_words_of_a_model_are_text_wherever_they_are_shown(page, store, model, serve):
    hostile = proposal(name=HOSTILE[:80], hypothesis=HOSTILE)
    patterns = {"patterns": [{"name": HOSTILE[:80], "description": HOSTILE, "cell_ids": [1]}]}
    model.says(Reply(HOSTILE, pieces=3, pause_s=0.3), hostile, EXPLANATION, patterns)
    with serve(store) as url:
        ask(page, url, HOSTILE)
        page.get_by_role("button", name="Accept").click()
        press(page, "Create cell")
        page.wait_for_url("**/?cell=1")
        press(page, "Explain")
        page.get_by_text("Should fail").wait_for()
        safe(page)
        visit(page, f"{url}/llm?view=Patterns and names")
        press(page, "Find patterns")
        page.get_by_text("1 pattern found.").wait_for()
        safe(page)
        for address in ("llm", "llm?view=Asks&ask=1", "llm?view=Asks&ask=2", "lineage?cell=1", "?cell=1"):
            visit(page, f"{url}/{address}")
            page.wait_for_timeout(500)  # whatever wants to run has had its time
            safe(page)
        page.close()


def safe(page):
    """Nothing that a model wrote has run, or stands on the page as more than text."""
    assert [frame.evaluate("window.hacked") for frame in page.frames] == [None] * len(page.frames)
    assert (
        page.locator("[data-testid=stMain] img[onerror], [data-testid=stMain] a[href^=javascript]").count()
        == 0
    )
