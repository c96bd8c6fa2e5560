"""What a strategy thinks, looked at in the editor: choose a bar in the picture, fold and unfold its rules."""

import re

import pytest

from tests.e2e.actions import IDLE
from tests.ui.stores import a_store, an_evaluated_cell

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
DRAWN = ".js-plotly-plot .nsewdrag"


@pytest.fixture(scope="module")
def thoughts(browser, tmp_path_factory, serve):
    """The editor on a fork of cell 1, with what it thinks at the last bar."""
    store = a_store(tmp_path_factory.mktemp("thoughts"))
    an_evaluated_cell(store)
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    with serve(store) as url:
        page.goto(f"{url}/editor?fork=1")
        page.get_by_role("tab", name="What it thinks").click()
        page.locator(DRAWN).wait_for()
        page.wait_for_selector(IDLE)
        yield page
        page.close()


def bar(page):
    said = page.get_by_text(re.compile(r"^bar \d+:.* trades")).inner_text()
    return re.search(r"bar (\d+): 20", said.replace("\u200c", ""))[1]


def press(page, button):
    before = bar(page)
    page.get_by_role("button", name=button).click()
    page.get_by_text(f"bar {before}:").wait_for(state="detached")
    page.wait_for_selector(IDLE)


def test_a_click_on_the_picture_chooses_that_bar(thoughts):
    picture = thoughts.locator(DRAWN).first
    place = {"x": picture.bounding_box()["width"] / 3, "y": 20}
    picture.hover(position=place)
    hovered = thoughts.locator(".hoverlayer .hovertext").text_content()
    picture.click(position=place)
    day, hour = re.search(r"(\d{4}-\d\d-\d\d) (\d\d):00", hovered).groups()
    thoughts.wait_for_url(re.compile(rf"bar={day}T{hour}(%3A|:)00"))
    thoughts.get_by_text(re.compile(rf"{day} {hour}:.?00 to ")).wait_for()


def test_rules_stay_folded_from_bar_to_bar(thoughts):
    press(thoughts, "Previous change")
    condition = thoughts.locator("details").first
    condition.locator("summary").first.click()
    press(thoughts, "chevron_left")
    assert condition.get_attribute("open") is None
    thoughts.get_by_role("button", name="Expand all").click()
    press(thoughts, "Previous change")
    assert thoughts.locator("details:not([open])").count() == 0
