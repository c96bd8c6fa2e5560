"""What holds on each page: a cold visit, an empty store, wrong numbers, hostile text, a busy store."""

import json
import os
import subprocess
import sys

import pytest

from evotrade.store.llm import AskRow, AttemptRow, PatternRow
from tests.candle_files import kraken_file
from tests.e2e.actions import IDLE
from tests.ui.stores import HOSTILE, a_cell, a_store, an_evaluated_cell

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
TITLES = {"cells": "Cells", "lineage": "Lineage", "editor": "Strategy editor", "market": "Market data"} | {
    "llm": "Language model",
    "live": "Live desk",
    "history": "History",
    "system": "System",
}
FAILED = "[data-testid=stException], [data-testid=stAlertContentError]"
VERY_LONG = "long " * 1_000
RIGHT_TO_LEFT = "מחיר \u202e עולה \u202c 🧬👩‍🔬🇺🇳"
TEXTS = ("name", "dish", "operator", "category", "hypothesis", "llm_name", "llm_model", "llm_category")


def open_page(page, url):
    """Visit and wait until the page has its title and rests; the text of the page."""
    page.goto(url)
    page.locator("h1").wait_for()
    page.wait_for_selector(IDLE)
    return page.inner_text("[data-testid=stMain]")


@pytest.fixture(scope="module")
def one_cell(tmp_path_factory, serve):
    with serve(a_store(tmp_path_factory.mktemp("one"), a_cell())) as url:
        yield url


@pytest.mark.parametrize("path", TITLES)
def test_a_direct_visit_comes_through_the_app(browser, one_cell, path):
    # without complaints: Streamlit itself looks for a server below the path first
    page = browser.new_page()
    shown = open_page(page, f"{one_cell}/{path}")
    assert TITLES[path] in shown
    assert "opens only inside the app" not in shown
    assert page.get_by_test_id("stSidebarLogo").count() == 1
    page.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory, serve):
    with serve(a_store(tmp_path_factory.mktemp("empty"))) as url:
        yield url


# Each page's own tests ask this of all of them without a browser.
@pytest.mark.parametrize(
    ("path", "next_step"), [("", "evotrade evolve"), ("editor", "Market data"), ("live", "evotrade daemon")]
)
def test_an_empty_store_says_what_to_do_next(page, empty, path, next_step):
    page.goto(f"{empty}/{path}")
    page.get_by_test_id("stMain").get_by_text(next_step).first.wait_for()
    page.wait_for_selector(IDLE)
    assert page.locator(FAILED).count() == 0


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, serve):
    """Address of an app on an evaluated cell 1, and cells 2 and 3 that are its hostile descendants."""
    store = a_store(tmp_path_factory.mktemp("hostile"))
    an_evaluated_cell(store)
    for parent, text in enumerate((HOSTILE, RIGHT_TO_LEFT + VERY_LONG), 1):
        texts = {**dict.fromkeys(TEXTS, text), "llm_hypothesis": text, "genome": text}
        store.add_cells([a_cell(parent_id=parent, reasons=(text,), **texts)])
        asked_of_a_model(store, text, cell_id=parent + 1)
    with serve(store) as url:
        yield url


def asked_of_a_model(store, text, cell_id):
    """Keep an ask whose words are all this text: an answer, an explanation of the cell, a pattern."""
    at = a_cell().created_at
    ask = store.begin_ask(AskRow("explain", text, text, text, at, pair=text, dish=text, cell_ids=(cell_id,)))
    words = dict.fromkeys(("name", "category", "hypothesis", "genome", "error", "error_suggestion"), text)
    judged = {"genome_id": "a", "status": "alive", "fitness": 1.0, "trades": 5.0, "expected_trades": 4.0}
    store.add_attempt(ask, AttemptRow(1, text, text, 1, 1, at, 1.0, **words, **judged, reasons=(text,)))
    answer = json.dumps({"summary": text, "rules": [text], "strengths": [text], "weaknesses": [text]})
    store.finish_ask(ask, "done", text, at, answer=answer, born_id=cell_id)
    store.finish_ask(store.begin_ask(AskRow("create", text, text, text, at)), "failed", text, at)
    store.add_attempt(ask + 1, AttemptRow(1, text, text, 1, 1, at, 1.0, **words, **judged))
    store.add_patterns(ask, text, text, [PatternRow(text, text, (cell_id,))], at)


@pytest.mark.parametrize(
    "address",
    ["?cell=", "lineage?cell=", "editor?fork=", "?compare=1,", "market?pair=", "live?start=", "llm?ask="],
)
def test_what_is_not_there_is_said_in_a_sentence(page, hostile, address):
    shown = open_page(page, f"{hostile}/{address}<img src=x onerror='window.hacked=1'>")
    assert "<im" in shown
    assert page.locator(FAILED).count() == 0
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    "address",
    [
        *("?cell=2", "lineage?cell=2", "editor?fork=2", "?compare=1,2", "market", "live?start=2"),
        *("llm", "llm?view=Asks&ask=2", "llm?view=Patterns and names"),
        *("?cell=3", "lineage?cell=3", "editor?fork=3"),
    ],
)
def test_hostile_text_is_text_on_every_page(page, hostile, address):
    open_page(page, f"{hostile}/{address}")
    page.wait_for_timeout(1_000)  # whatever wants to run has had its time
    assert [frame.evaluate("window.hacked") for frame in page.frames] == [None] * len(page.frames)
    assert page.locator("[data-testid=stMain] img[onerror]").count() == 0
    assert page.locator(FAILED).count() == 0


def test_five_open_pages_stay_whole_while_a_dish_evolves(browser, tmp_path, serve):
    store = a_store(tmp_path)
    an_evaluated_cell(store)
    complaints = []
    with serve(store) as url:
        pages = [browser.new_page() for _ in range(5)]
        for page, path in zip(pages, ("", "lineage", "editor", "market", "?cell=1"), strict=True):
            page.on("pageerror", lambda error: complaints.append(str(error)))
            open_page(page, f"{url}/{path}")
        with evolution(tmp_path, store) as running:
            while running.poll() is None:
                for page in pages:
                    page.wait_for_timeout(200)
                    complaints += page.locator(FAILED).all_inner_texts()
        pages[0].get_by_text(f"{store.count_cells():,} cells").wait_for()
        for page in pages:
            page.close()
    assert running.returncode == 0
    assert complaints == []


def evolution(folder, store):
    """The command evolving a dish in a process of its own."""
    options = ["--dish", "busy", "--data", str(kraken_file(folder, 4_000)), "--executor", "serial"]
    return subprocess.Popen(
        [sys.executable, "-m", "evotrade", "evolve", *options, "--generations", "4", "--population", "40"],
        env=os.environ | {"EVOTRADE_STORE": str(store.path)},
        stdout=subprocess.DEVNULL,
    )
