"""The app as a person meets it: `streamlit run app.py`, Chromium, a real store."""

import pytest

from tests.ui.stores import HOSTILE, a_cell, a_store, an_evaluated_cell

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
ROW_PX = 35


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve):
    """Address of an app on a store with an evaluated, a hostile and a plain cell, 1 to 3."""
    store = a_store(tmp_path_factory.mktemp("store"))
    an_evaluated_cell(store)
    texts = dict.fromkeys(
        ("name", "dish", "operator", "category", "hypothesis", "genome", "llm_model"), HOSTILE
    )
    store.add_cells(
        [a_cell(fitness=-99.0, **texts, reasons=(HOSTILE,)), a_cell(fitness=-99.5, status="dead")]
    )
    with serve(store) as url:
        yield url


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
    # without complaints: Streamlit itself looks for a server below /cells first
    page = browser.new_page()
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


def test_cells_that_another_process_makes_appear_without_a_reload(page, tmp_path, serve):
    store = a_store(tmp_path)
    with serve(store) as url:
        page.goto(url)
        page.get_by_text("No cells yet").wait_for()
        store.add_cells([a_cell(), a_cell()])
        page.get_by_text("2 of 2 cells").wait_for()
        page.close()  # before its server goes, for it would complain
