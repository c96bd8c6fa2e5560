"""Comparing cells as a person does: choose one, press Compare, choose another."""

import pytest

from tests.e2e.actions import IDLE, click_row, visit
from tests.ui.stores import HOSTILE, a_cell, a_phenotype, a_store, an_evaluated_cell

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LIST = "Cells that match the filters"
CHART = "[data-testid=stPlotlyChart] .main-svg"


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve):
    """Address of an app on two evaluated cells, 1 and 2, and a hostile one that was only recorded."""
    store = a_store(tmp_path_factory.mktemp("store"))
    an_evaluated_cell(store)
    an_evaluated_cell(store)
    recorded = a_phenotype(pair=HOSTILE, split="all", recorded=True)
    texts = {"name": HOSTILE, "dish": HOSTILE, "genome": HOSTILE}
    store.add_cells([a_cell(fitness=-99.0, phenotypes=(recorded,), **texts)])
    with serve(store) as url:
        yield url


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def heading(page, text):
    page.locator("h3").filter(has_text=text).wait_for()
    page.wait_for_selector(IDLE)


def test_two_cells_are_set_aside_compared_and_closed(page, address):
    visit(page, f"{address}/?cell=1")
    press(page, "Compare")
    page.get_by_text("Cell 1 is set aside").wait_for()
    page.wait_for_selector(IDLE)
    click_row(page, LIST, 1)
    heading(page, "Cell 2")
    press(page, "Compare")
    heading(page, "2 cells compared")
    page.locator(CHART).first.wait_for()
    assert page.url.endswith("?compare=1%2C2")
    press(page, "Close")
    heading(page, "Cell 1")
    assert page.url == f"{address}/"


def test_a_row_of_the_list_leads_out_of_the_comparison_and_a_button_back(page, address):
    visit(page, f"{address}/?compare=1,2")
    click_row(page, LIST, 2)
    heading(page, "Cell 3")
    press(page, "Show comparison")
    heading(page, "2 cells compared")
    page.go_back()
    heading(page, "Cell 3")


def test_hostile_cells_are_compared_as_text(page, address):
    visit(page, f"{address}/?compare=1,3")
    page.get_by_text("Cell 3 is not drawn").wait_for()
    page.locator(CHART).first.wait_for()
    page.get_by_text("Does not parse").wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator("[data-testid=stMain] img").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_line_has_the_colour_of_its_cell_in_the_legend(browser, address, theme):
    page = browser.new_page(color_scheme=theme)
    visit(page, f"{address}/?compare=3,1")
    page.locator(CHART).first.wait_for()
    legend = page.locator("[data-testid=stHtml] span").nth(1)
    line = page.locator(".js-plotly-plot .scatterlayer .js-line").last
    colour = "element => getComputedStyle(element)"
    assert legend.evaluate(f"{colour}.color") == line.evaluate(f"{colour}.stroke")
    page.close()


def test_filters_are_cleared_from_the_list_and_the_address(page, address):
    visit(page, f"{address}/?text=evaluated&status=dead&generation_to=3&fitness_max=0")
    page.get_by_text("2 of 3 cells").wait_for()
    press(page, "Clear filters")
    page.get_by_text("3 of 3 cells").wait_for()
    page.wait_for_selector(IDLE)
    assert page.url == f"{address}/"
