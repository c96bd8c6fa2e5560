"""The Strategy editor as a person meets it: from a cell to its child, through a mistake."""

import pytest

from evotrade.lab.bench import bench_of, bench_on
from evotrade.lab.cells import create_on
from evotrade.market import synthetic_candles
from tests.e2e.actions import IDLE, visit
from tests.ui.stores import GENOME, HOSTILE, a_store

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CANDLES = synthetic_candles(600, "1h", seed=1)
WRONG = GENOME.replace("DELTA(0)", "DELT(0)")
RIGHT = GENOME.replace("AVG(DELTA, 3)", "AVG(DELTA, 5)")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with a market."""
    store = a_store(tmp_path_factory.mktemp("store"))
    store.save_candles(CANDLES)
    return store


@pytest.fixture(scope="module")
def address(store, serve):
    with serve(store) as url:
        yield url


@pytest.fixture
def parent(store):
    """A cell of its own for each test, evaluated on the market."""
    return create_on(bench_on(CANDLES, store=store), GENOME, store, name="The parent")


def fork(page, address, parent):
    """Go from the cell's panel to the editor with its genome."""
    visit(page, f"{address}/?cell={parent.cell_id}")
    page.get_by_role("link", name="Fork by hand").click()
    page.wait_for_url(f"**/editor?fork={parent.cell_id}")
    page.get_by_text("no change yet").wait_for()


def born(page, parent):
    """Wait for the page of the child."""
    child = parent.cell_id + 1
    page.wait_for_url(f"**/?cell={child}")
    page.locator("h3", has_text=f"Cell {child}").wait_for()
    page.wait_for_selector(IDLE)


def write(page, text):
    page.get_by_label("Genome").fill(text)


def press(page, name):
    page.locator("button:not([disabled])", has_text=name).click()


def test_a_cell_is_forked_by_hand_through_a_mistake_to_its_child(page, address, parent):
    fork(page, address, parent)
    write(page, WRONG)
    page.get_by_text("1:4 unknown symbol 'DELT'. Did you mean DELTA?").wait_for()
    assert page.get_by_role("button", name="Create cell").is_disabled()
    write(page, RIGHT)
    page.get_by_text("1 change").wait_for()
    press(page, "Test strategy")
    page.get_by_text("Recorded as trials").wait_for()
    page.wait_for_selector(".js-plotly-plot .main-svg")
    page.get_by_label("Name", exact=True).fill("The child")
    press(page, "Create cell")
    born(page, parent)
    assert "The child" in page.inner_text("h3")
    page.get_by_role("button", name=f"Cell {parent.cell_id} · The parent").wait_for()


def test_lineage_shows_the_child_under_its_parent_and_what_changed(page, address, store, parent):
    child = create_on(bench_of(parent, store), RIGHT, store, name="The child", parent=parent.cell_id)
    visit(page, f"{address}/?cell={child.cell_id}")
    page.locator("[data-testid=stMain]").get_by_role("link", name="Lineage").click()
    page.wait_for_url(f"**/lineage?cell={child.cell_id}")
    page.get_by_role("button", name=f"Cell {parent.cell_id} · The parent").wait_for()
    page.get_by_text(f"Parent, cell {parent.cell_id}").wait_for()
    changes = page.locator("[data-testid=stTable] tbody tr")
    changes.first.wait_for()
    assert [row.split() for row in changes.all_inner_texts()] == [
        ["1", "Window", "AVG(DELTA,", "3)", "AVG(DELTA,", "5)"]
    ]


def test_a_draft_is_there_again_after_a_visit_to_another_page(page, address, parent):
    fork(page, address, parent)
    write(page, RIGHT)
    page.get_by_text("1 change").wait_for()
    page.get_by_role("link", name="Market data").click()
    page.wait_for_url("**/market")
    page.get_by_role("link", name="Strategy editor").click()
    page.wait_for_url(f"**/editor?fork={parent.cell_id}")
    page.get_by_text("1 change").wait_for()
    assert page.get_by_label("Genome").input_value() == RIGHT


def test_a_reload_keeps_the_parent(browser, address, parent):
    # without complaints: Streamlit itself looks for a server below the path first
    page = browser.new_page()
    fork(page, address, parent)
    page.reload()
    page.get_by_text("no change yet").wait_for()
    assert page.get_by_label("Genome").input_value() == GENOME
    page.close()


def test_ctrl_enter_in_the_text_tests_what_was_written_last(page, address, store, parent):
    fork(page, address, parent)
    write(page, GENOME.replace("3", "7"))
    page.get_by_label("Genome").press("Control+Enter")
    page.get_by_text("Recorded as trials").wait_for()
    assert store.trials()["genome"].iloc[-1] == GENOME.replace("3", "7")


def test_a_second_click_on_create_makes_no_second_cell(page, address, store, parent):
    fork(page, address, parent)
    write(page, RIGHT)
    page.get_by_text("1 change").wait_for()
    page.locator("button:not([disabled])", has_text="Create cell").dblclick()
    born(page, parent)
    assert store.count_cells() == parent.cell_id + 1


def test_hostile_words_become_a_cell_whose_words_are_text(page, address, parent):
    fork(page, address, parent)
    write(page, RIGHT)
    page.get_by_label("Name", exact=True).fill(HOSTILE)
    page.get_by_label("Hypothesis").fill(HOSTILE)
    page.get_by_label("Hypothesis").press("Tab")
    page.get_by_text("1 change").wait_for()
    press(page, "Create cell")
    born(page, parent)
    assert page.evaluate("window.hacked") is None
    shown = page.inner_text("[data-testid=stMain]").replace("\u200c", "")
    assert shown.count(HOSTILE) >= 2
