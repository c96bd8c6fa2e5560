"""The Lineage page as a person meets it: a canvas to point at, a graph in a frame, a store that grows."""

import math

import pytest

from tests.e2e.actions import IDLE, at_rest
from tests.ui.stores import HOSTILE, a_cell, a_store

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LONG = "long " * 400
RIGHT_TO_LEFT = "מחיר \u202e עולה 🧬"
LEFT, RIGHT, TOP, BOTTOM = 74, 12, 38, 40  # margins of the picture, in pixels
HEIGHTS = [math.log(1 + fitness) / math.log(41) for fitness in (0.0, 20.0, 40.0)]  # of the three cells


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve):
    """Address of an app on a founder, its child and its grandchild, 1 to 3; fitness 0, 20 and 40 %."""
    store = a_store(
        tmp_path_factory.mktemp("family"),
        a_cell(fitness=0.0, generation=0, origin="founder", name="Old one"),
        a_cell(fitness=20.0, generation=1, parent_id=1, name="Middle one"),
        a_cell(fitness=40.0, generation=2, parent_id=2, second_parent_id=1, name="Young one", status="dead"),
    )
    with serve(store) as url:
        yield url


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, serve):
    """Address of an app on cells whose every text is hostile, very long, or goes from right to left."""
    fields = ("name", "dish", "operator", "category", "hypothesis", "llm_name", "llm_hypothesis")
    cells = [
        a_cell(**dict.fromkeys(fields, text), parent_id=number or None, fitness=number)
        for number, text in enumerate((HOSTILE, LONG, RIGHT_TO_LEFT, HOSTILE))
    ]
    store = a_store(tmp_path_factory.mktemp("hostile"), *cells)
    store.save_dish(HOSTILE, {}, cells[0].created_at)
    with serve(store) as url:
        yield url


@pytest.fixture
def page(browser):
    """A page that fails its test when anything complains, but for the server that is not below /lineage."""
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    complaints = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert [complaint for complaint in complaints if "404" not in complaint] == []


def visit(page, url, query=""):
    page.goto(f"{url}/lineage{query}")
    shown(page)


def shown(page, count=None):
    """Wait until the picture shows cells, or so many of them."""
    page.wait_for_selector(f".plot[data-cells='{count}']" if count else ".plot[data-cells]")
    page.wait_for_selector(IDLE)


def place(page, birth, of=3, height=None):
    """Where a cell is on the screen: after how many others it was born, and how high it is from 0 to 1."""
    height = HEIGHTS[birth] if height is None else height
    box = at_rest(page, page.locator(".plot"))
    side = max(0.5, of / 100)
    across = (birth + side) / (of - 1 + 2 * side)
    room = 0.05
    up = (height + room) / (1 + 2 * room)
    x = box["x"] + LEFT + across * (box["width"] - LEFT - RIGHT)
    y = box["y"] + TOP + (1 - up) * (box["height"] - TOP - BOTTOM)
    return x, y


def heading(page, text):
    page.wait_for_function("text => document.querySelector('h3')?.innerText.startsWith(text)", arg=text)


def test_a_visit_shows_the_population_and_the_best_cell_among_its_relatives(page, address):
    visit(page, address)
    heading(page, "Cell 3 · Young one")
    page.get_by_role("application", name="Fitness of 3 cells").wait_for()
    assert "dead 1" in page.inner_text("ul.legend")
    assert "ancestors 2" in page.inner_text("ul.legend")
    page.frame_locator("iframe").locator("canvas").wait_for()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()


def test_pointing_at_a_cell_tells_who_it_is(page, address):
    visit(page, address)
    page.mouse.move(*place(page, 1))
    page.locator(".tip").wait_for()
    assert page.locator(".tip p").all_inner_texts() == [
        "Cell 2 · Middle one",
        "fitness 20 % · generation 1",
        "alive · evolution",
    ]


def test_clicking_a_cell_chooses_it_and_going_back_returns(page, address):
    visit(page, f"{address}", "?cell=3")
    page.mouse.click(*place(page, 0))
    page.wait_for_url("**cell=1")
    heading(page, "Cell 1")
    assert "descendants 2" in page.inner_text("ul.legend")
    page.go_back()
    heading(page, "Cell 3")


def test_a_click_beside_every_cell_chooses_none(page, address):
    visit(page, address, "?cell=3")
    x, y = place(page, 0)
    page.mouse.click(x + 60, y - 60)
    page.wait_for_timeout(1_000)
    assert page.url.endswith("?cell=3")


def pointed_at(page, x, y):
    """What the tip says at that place; empty where there is no cell."""
    page.mouse.move(x, y - 200)
    page.mouse.move(x, y)
    tip = page.locator(".tip")
    return tip.inner_text().split(" ·")[0] if tip.is_visible() else ""


def drawn(page):
    """Let the browser draw what was asked for."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_the_wheel_zooms_where_the_pointer_is_and_a_double_click_shows_all(page, address):
    visit(page, address)
    middle, first = place(page, 1), place(page, 0)
    page.mouse.move(*middle)
    for _ in range(4):
        page.mouse.wheel(0, -200)
    drawn(page)
    assert pointed_at(page, *middle) == "Cell 2"
    assert pointed_at(page, *first) == ""
    page.mouse.dblclick(middle[0] + 60, middle[1] + 60)
    drawn(page)
    assert pointed_at(page, *first) == "Cell 1"


def test_dragging_moves_the_part_in_view_and_chooses_nothing(page, address):
    visit(page, address, "?cell=3")
    x, y = place(page, 1)
    page.locator("button.in").click(click_count=2)
    page.mouse.move(x + 40, y + 40)
    page.mouse.down()
    page.mouse.move(x + 10, y + 40, steps=5)
    page.mouse.up()
    drawn(page)
    assert pointed_at(page, x, y) == ""
    assert page.url.endswith("?cell=3")


def test_keys_zoom_and_show_all(page, address):
    visit(page, address)
    first = place(page, 0)
    picture = page.get_by_role("application")
    picture.press("+")
    picture.press("+")
    picture.press("ArrowRight")
    drawn(page)
    assert pointed_at(page, *first) == ""
    picture.press("0")
    drawn(page)
    assert pointed_at(page, *first) == "Cell 1"


def test_the_wheel_scrolls_the_page_on_where_all_is_in_view(page, address):
    page.set_viewport_size({"width": 1400, "height": 600})
    visit(page, address)
    page.mouse.move(*place(page, 1))
    page.mouse.wheel(0, 300)
    page.wait_for_function("document.querySelector('.stMain').scrollTop > 0")


def test_a_click_on_a_relative_in_the_graph_chooses_it_in_the_same_frame(page, address):
    visit(page, address, "?cell=2")
    page.frame_locator("iframe").locator("canvas").wait_for()
    page.evaluate("document.querySelector('iframe').dataset.kept = 'yes'")
    box = at_rest(page, page.locator("iframe"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scale = min(box["width"] / 560, box["height"] / 440) / 1.1
    page.mouse.click(x + 170 * scale, y)
    heading(page, "Cell 3")
    page.wait_for_url("**cell=3")
    assert page.locator("iframe").get_attribute("data-kept") == "yes"


def test_the_part_in_view_stays_while_the_population_grows(page, tmp_path, serve):
    store = a_store(tmp_path, *(a_cell(fitness=value) for value in (0.0, 20.0, 40.0)))
    with serve(store) as url:
        visit(page, url)
        middle = place(page, 1)
        page.mouse.move(*middle)
        page.mouse.wheel(0, -400)
        drawn(page)
        store.add_cells([a_cell(fitness=30.0) for _ in range(5)])
        shown(page, 8)
        assert pointed_at(page, *middle) == "Cell 2"
        page.close()  # before its server goes, for it would complain


def test_all_cells_stay_in_view_while_the_population_grows(page, tmp_path, serve):
    store = a_store(tmp_path, a_cell(), a_cell())
    with serve(store) as url:
        visit(page, url)
        store.add_cells([a_cell(), a_cell()])
        shown(page, 4)
        last = place(page, 3, of=4, height=0.5)
        drawn(page)
        assert pointed_at(page, *last) == "Cell 4"
        page.close()


def test_hostile_text_is_text_on_the_canvas_in_the_graph_and_beside_them(page, hostile):
    visit(page, hostile, "?cell=3")
    page.frame_locator("iframe").locator("canvas").wait_for()
    page.mouse.move(*place(page, 0, of=4, height=0.0))
    page.locator(".tip").wait_for()
    assert HOSTILE[:70] in page.inner_text(".tip")
    page.locator(".scatterlayer .point").first.hover(force=True)
    page.locator(".hoverlayer text").first.wait_for()
    assert [frame.evaluate("window.hacked") for frame in page.frames] == [None] * len(page.frames)
    assert page.locator("[data-testid=stMain] img, .tip img, ul.legend img").count() == 0
    assert page.frame_locator("iframe").locator("img").count() == 0


def test_a_dish_with_a_hostile_name_can_be_chosen(page, hostile):
    visit(page, hostile)
    page.get_by_role("combobox", name="Dish").click()
    page.get_by_role("option").first.click()
    page.wait_for_url("**dish=**")
    shown(page, 2)
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_has_the_colours_of_the_theme(browser, address, theme):
    page = browser.new_page(color_scheme=theme)
    visit(page, address)
    swatch = page.locator("ul.legend i").first.evaluate("mark => mark.style.background")
    assert swatch == {"light": "rgb(5, 150, 105)", "dark": "rgb(52, 211, 153)"}[theme]
    page.close()
