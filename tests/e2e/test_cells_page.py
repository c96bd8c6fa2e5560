"""The app as a person meets it: `streamlit run app.py`, Chromium, a real store."""

import pytest

from tests.e2e.actions import IDLE, at_rest, click_row, visit
from tests.ui.stores import HOSTILE, a_cell, a_phenotype, a_store, an_evaluated_cell

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LIST = "Cells that match the filters"
CARDS = ("return_pct", "buy_hold_return_pct", "max_drawdown_pct", "sharpe", "trades")


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


@pytest.fixture(scope="module")
def long_list(tmp_path_factory, serve):
    """Address of an app on 250 cells, in three pages; every second one is called odd."""
    cells = [a_cell(fitness=float(-n), name="odd" if n % 2 else "even") for n in range(250)]
    with serve(a_store(tmp_path_factory.mktemp("long"), *cells)) as url:
        yield url


def test_the_first_visit_shows_the_list_and_the_best_cell_with_its_equity(page, address):
    visit(page, address)
    page.wait_for_selector(".js-plotly-plot .main-svg")
    assert "Evaluated here" in page.inner_text("h3")
    assert "synthetic market" in page.inner_text("[data-testid=stMain]")
    assert "3 of 3 cells" in page.inner_text("[data-testid=stMain]")


def test_choosing_a_row_shows_the_cell_and_puts_it_into_the_address(page, address):
    visit(page, address)
    click_row(page, LIST, 2)
    page.wait_for_url("**/?cell=3")
    page.wait_for_function("document.querySelector('h3').innerText.startsWith('Cell 3')")
    assert "💀 dead" in page.inner_text("[data-testid=stMain]")


def test_going_back_shows_the_cell_before(page, address):
    visit(page, f"{address}/?cell=2")
    click_row(page, LIST, 2)
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


def search(page, text, found):
    page.get_by_placeholder("Name, category").fill(text)
    page.get_by_text(f"{found} cells").wait_for()
    page.wait_for_selector(IDLE)


def test_a_search_without_results_can_be_changed_and_cleared(page, address):
    visit(page, address)
    search(page, "qqqqq", "0 of 3")
    search(page, "evaluated", "1 of 3")
    search(page, "qqqqq", "0 of 3")
    search(page, "", "3 of 3")
    assert page.locator("[data-testid=stException], [data-testid=stAlert]").count() == 0


@pytest.mark.parametrize(
    ("start", "text", "found", "end"),
    [
        ("page=3", "odd", "125 of 250", "?text=odd"),
        ("page=3", "nobody", "0 of 250", "?text=nobody"),
        ("page=2&text=odd", "even", "125 of 250", "?text=even"),
        ("page=2&text=odd", "", "250 of 250", ""),
    ],
)
def test_a_search_from_a_later_page_replaces_page_and_search_in_the_address(
    page, long_list, start, text, found, end
):
    visit(page, f"{long_list}/?{start}")
    search(page, text, found)
    page.wait_for_url(f"{long_list}/{end}")


def test_letters_typed_while_the_page_runs_stay(page, long_list):
    visit(page, f"{long_list}/?page=3")
    page.get_by_placeholder("Name, category").press_sequentially("evening", delay=430)
    page.get_by_text("0 of 250 cells").wait_for()
    assert page.get_by_placeholder("Name, category").input_value() == "evening"
    page.wait_for_url("**/?text=evening")


def test_going_from_one_page_back_to_several_leaves_the_log_empty(page, tmp_path, serve, capfd):
    cells = [a_cell(fitness=float(-n), name="odd" if n == 0 else "even") for n in range(210)]
    with serve(a_store(tmp_path, *cells)) as url:
        visit(page, f"{url}/?page=3")
        search(page, "even", "209 of 210")
        search(page, "odd", "1 of 210")
        search(page, "", "210 of 210")
        page.close()
    assert capfd.readouterr().err == ""


def test_the_status_filter_can_be_clicked_after_a_row(page, address):
    visit(page, address)
    click_row(page, LIST, 1)
    page.wait_for_url("**/?cell=2")
    page.get_by_role("radio", name="dead").click(timeout=5_000)
    page.wait_for_url("**status=dead**")
    page.get_by_text("2 of 3 cells").wait_for()


def marked(page):
    return page.locator("[role=row][aria-selected=true]").all_inner_texts()


def test_a_row_that_is_clicked_off_stays_marked_since_its_cell_stays_in_view(page, address):
    visit(page, f"{address}/?cell=3")
    click_row(page, LIST, 2)
    page.wait_for_timeout(1_500)
    page.locator("[role=row][aria-selected=true]", has_text="3").wait_for(state="attached")
    assert page.inner_text("h3").startswith("Cell 3")
    assert len(marked(page)) == 1


def test_an_error_nobody_expected_is_a_sentence_and_its_traceback_is_in_the_log(
    browser, tmp_path, serve, capfd
):
    store = a_store(tmp_path, a_cell())
    with store.write() as con:
        con.execute("UPDATE cells SET objective = 'no metric'")
    page = browser.new_page()
    with serve(store) as url:
        page.goto(url)
        page.get_by_text("This page failed (KeyError)").wait_for()
        assert page.locator("[data-testid=stException]").count() == 0
        page.close()
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_app_says_its_name(browser, address, theme):
    page = browser.new_page(color_scheme=theme)
    visit(page, address)
    logo = page.get_by_test_id("stSidebarLogo")
    assert logo.evaluate("image => image.complete && image.naturalWidth > 0")
    page.close()


def test_no_card_is_cut(page, tmp_path, serve):
    numbers = a_phenotype(metrics=dict.fromkeys(CARDS, -123_456.78))
    with serve(a_store(tmp_path, a_cell(phenotypes=(numbers,)))) as url:
        cards = page.locator("[data-testid=stMetricValue] [data-testid=stMarkdownContainer]")
        for width in (1400, 800):
            page.set_viewport_size({"width": width, "height": 900})
            visit(page, url)
            cards.nth(len(CARDS) - 1).wait_for()
            at_rest(page, cards.first)
            assert cards.evaluate_all("cards => cards.every(card => card.scrollWidth <= card.clientWidth)")
        page.close()


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
