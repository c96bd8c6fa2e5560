"""The app as a person meets it: `streamlit run app.py`, Chromium, a real store."""

import os
import shutil
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest

from tests.paths import ROOT
from tests.ui.stores import HOSTILE, a_cell, a_store, an_evaluated_cell

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
ROW_PX = 35


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Address of an app on a store with an evaluated, a hostile and a plain cell, 1 to 3."""
    store = a_store(tmp_path_factory.mktemp("store"))
    an_evaluated_cell(store)
    texts = dict.fromkeys(
        ("name", "dish", "operator", "category", "hypothesis", "genome", "llm_model"), HOSTILE
    )
    store.add_cells(
        [a_cell(fitness=-99.0, **texts, reasons=(HOSTILE,)), a_cell(fitness=-99.5, status="dead")]
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.headless=true",
        f"--server.port={port}",
    ]
    environment = {**os.environ, "EVOTRADE_STORE": str(store.path)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def wait_for(url):
    for _ in range(150):
        try:
            with urlopen(url, timeout=1) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"nothing answers at {url}")


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser):
    """A page that fails its test when anything complains or leaves this machine."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    complaints = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: abroad(request.url) and complaints.append(request.url))
    yield page
    page.close()
    assert complaints == []


def abroad(url):
    return url.startswith(("http", "ws")) and "//127.0.0.1:" not in url


def visit(page, url):
    page.goto(url)
    page.wait_for_selector("h3")
    page.wait_for_selector(IDLE)


def click_row(page, row):
    box = page.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + ROW_PX * (row + 1.5))


def test_the_first_visit_shows_the_list_and_the_best_cell_with_its_equity(page, address):
    visit(page, address)
    page.wait_for_selector(".js-plotly-plot .main-svg")
    assert "Evaluated here" in page.inner_text("h3")
    assert "synthetic market" in page.inner_text("[data-testid=stMain]")
    assert "3 of 3 cells" in page.inner_text("[data-testid=stMain]")


def test_choosing_a_row_shows_the_cell_and_puts_it_into_the_address(page, address):
    visit(page, address)
    click_row(page, 2)
    page.wait_for_url("**/?cell=3")
    page.wait_for_function("document.querySelector('h3').innerText.startsWith('Cell 3')")
    assert "💀 dead" in page.inner_text("[data-testid=stMain]")


def test_going_back_shows_the_cell_before(page, address):
    visit(page, f"{address}/?cell=2")
    click_row(page, 2)
    page.wait_for_url("**/?cell=3")
    page.go_back()
    page.wait_for_function("document.querySelector('h3').innerText.startsWith('Cell 2')")


def test_a_search_goes_into_the_address_and_comes_back_from_it(page, address):
    visit(page, address)
    page.get_by_placeholder("Name, category").fill("evaluated")
    page.wait_for_url("**text=evaluated**")
    page.get_by_text("1 of 3 cells").wait_for()
    visit(page, page.url)
    page.get_by_text("1 of 3 cells").wait_for()


def test_a_direct_visit_to_the_page_comes_through_the_app(browser, address):
    page = (
        browser.new_page()
    )  # without its complaints: Streamlit itself looks for a server below /cells first
    visit(page, f"{address}/cells?cell=3")
    assert page.inner_text("h3").startswith("Cell 3")


def test_hostile_text_is_text(page, address):
    visit(page, f"{address}/?cell=2")
    page.get_by_text("Genome id").wait_for()
    shown = page.inner_text("[data-testid=stMain]").replace("\u200c", "")
    assert page.evaluate("window.hacked") is None
    assert page.locator("[data-testid=stMain] img").count() == 0
    assert shown.count(HOSTILE) >= len(
        ("name", "dish", "operator", "reason", "hypothesis", "category", "model")
    )
    assert page.locator("ol > li").inner_text() == HOSTILE
