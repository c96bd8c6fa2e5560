"""The panel of one cell as a person uses it."""

import json
from urllib.parse import parse_qs, urlparse

import pytest

from evotrade.lab.cells import create_cell
from evotrade.market.synthetic import synthetic_candles
from tests.e2e.actions import IDLE, click_row, visit
from tests.ui.stores import GENOME, HOSTILE, a_cell, a_store, an_evaluated_cell

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
TRADES = "The trades with entry"
NEXT = ".st-key-next-trade button"
MARKERS = ".js-plotly-plot .scatterlayer .point"


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve):
    """Address of an app on an evaluated cell, its child, and one on a market with a hostile name, 1 to 3."""
    store = a_store(tmp_path_factory.mktemp("store"))
    an_evaluated_cell(store)
    store.add_cells([a_cell(parent_id=1, name="Offspring")])
    market = synthetic_candles(300, "1h", seed=2, pair=f"BTC/{HOSTILE}")
    create_cell(GENOME, market, store=store, name=HOSTILE, hypothesis=HOSTILE, category=HOSTILE, parent=1)
    with serve(store) as url:
        yield url


def in_address(page, name):
    return parse_qs(urlparse(page.url).query).get(name, [None])[0]


def wait_for_trade(page, number):
    page.get_by_text(f"Trade {number} of").wait_for()
    page.wait_for_selector(IDLE)


def test_trades_are_drawn_on_candles_and_steps_lead_from_one_to_the_next(page, address):
    visit(page, f"{address}/?cell=1")
    page.get_by_role("radio", name="Trades").click()
    page.locator(MARKERS).first.wait_for()
    page.locator(NEXT).click()
    wait_for_trade(page, 2)
    page.wait_for_url("**window=one**")
    assert (in_address(page, "view"), in_address(page, "trade")) == ("Trades", "2")


def test_a_click_on_a_trade_in_the_table_shows_it(page, address):
    visit(page, f"{address}/?cell=1&view=Trades")
    page.get_by_role("region", name=TRADES).scroll_into_view_if_needed()
    click_row(page, TRADES, 3, row_px=28)
    wait_for_trade(page, 4)
    assert in_address(page, "window") == "one"
    page.get_by_role("radio", name="All", exact=True).click()
    page.wait_for_url("**window=all**")
    wait_for_trade(page, 4)


def test_trades_and_cell_can_be_saved_also_after_a_step(page, address):
    visit(page, f"{address}/?cell=1&view=Trades")
    page.locator(NEXT).click()
    wait_for_trade(page, 2)
    with page.expect_download() as csv:
        page.get_by_role("button", name="Download trades").click()
    assert csv.value.suggested_filename == "cell-1-SYN-USD-1h-all-trades.csv"
    assert csv.value.path().read_text().startswith("trade,entry_time_utc,")
    with page.expect_download() as exported:
        page.get_by_role("button", name="Export").click()
    assert exported.value.suggested_filename == "cell-1.json"
    assert json.loads(exported.value.path().read_text())["cell"]["name"] == "Evaluated here"


def test_parents_and_children_are_a_click_away_and_the_filters_stay(page, address):
    visit(page, f"{address}/?cell=2&status=alive")
    page.get_by_role("button", name="Cell 1 · Evaluated here").click()
    page.wait_for_url("**cell=1**")
    page.wait_for_function("document.querySelector('h3').innerText.startsWith('Cell 1')")
    page.get_by_role("button", name="2 children").click()
    page.get_by_role("button", name="Cell 2 · Offspring").click()
    page.wait_for_url("**cell=2**")
    assert in_address(page, "status") == "alive"


def test_a_hostile_market_is_text_in_charts_tables_and_names_of_files(page, address):
    visit(page, f"{address}/?cell=3&view=Trades")
    markers = page.locator(MARKERS)
    markers.first.wait_for()
    markers.first.hover(force=True)
    page.locator(".hoverlayer .hovertext").first.wait_for()
    assert "<img src=x" in page.text_content(".hoverlayer")
    assert page.evaluate("window.hacked") is None
    assert page.locator("[data-testid=stMain] img").count() == 0
    with page.expect_download() as csv:
        page.get_by_role("button", name="Download trades").click()
    assert "<" not in csv.value.suggested_filename
