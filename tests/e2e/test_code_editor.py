"""The code editor under somebody's fingers, on a page of its own."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.ui import editor
from evotrade.ui.editor.code import check
from evotrade.ui.editor.words import suffixes, words
from evotrade.ui.genome import KINDS, TOKEN, pieces
from tests.e2e.actions import IDLE
from tests.ui.stores import HOSTILE, a_store

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ALONE = str(Path(__file__).with_name("code_editor_app.py"))
SCRIPT = Path(editor.__file__).with_name("code_language.js").read_text(encoding="utf-8")
LANGUAGE = json.dumps(
    {
        "token": TOKEN.pattern,
        "kinds": KINDS,
        "words": [word._asdict() for word in words()],
        "suffixes": [suffix._asdict() for suffix in suffixes()],
    }
)
RULE = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY"
ENDLESS_PAUSE = """
const later = window.setTimeout;
window.setTimeout = (act, ms, ...more) => later(act, ms === 250 ? 600_000 : ms, ...more);
"""
PARTS = ("delta_4H", "avg_", "DELT", "1.5e3", ".5", "5.", "(", ")", " ", "#", "🦊", "é", ";")
CODE = st.lists(st.sampled_from([*KINDS, *PARTS])).map("".join)
TEXT = st.one_of(CODE, st.text(), st.text("a🦊\n"))


@pytest.fixture(scope="module")
def script(browser):
    """Runs an expression on the editor's scripts that need no page, with an argument called `given`."""
    blank = browser.new_page()
    blank.add_script_tag(content=f"{SCRIPT}\nconst language = new Language({LANGUAGE});")
    yield lambda expression, given: blank.evaluate(f"(given) => {expression}", given)
    blank.close()


@given(text=CODE)
def test_the_browser_colours_any_text_as_python_does(script, text):
    cut = script("language.pieces(given).map((each) => [each.kind, given.slice(each.start, each.end)])", text)
    assert [tuple(piece) for piece in cut] == [tuple(piece) for piece in pieces(text)]


@given(data=st.data(), text=TEXT)
def test_a_place_of_python_is_the_same_place_in_the_browser(script, data, text):
    line = data.draw(st.integers(1, text.count("\n") + 1))
    row = text.split("\n")[line - 1]
    column = data.draw(st.integers(1, len(row) + 1))
    mark = {"line": line, "column": column, "length": data.draw(st.integers(0, len(row) + 1 - column))}
    expression = """((spot) => [given.text.slice(spot.start, spot.end), position(given.text, spot.start)])(
        placed(given.text, given.mark))"""
    covered, position = script(expression, {"text": text, "mark": mark})
    assert covered == row[column - 1 : column - 1 + mark["length"]]
    assert position == {"line": line, "column": column}


@given(before=TEXT, word=TEXT, after=TEXT, other=TEXT)
@pytest.mark.parametrize("edited", ["before", "after"])
def test_a_mark_stays_on_its_word_or_goes(script, edited, before, word, after, other):
    old = before + word + after
    new = other + word + after if edited == "before" else before + word + other
    expression = """moved([{ start: given.at, end: given.at + given.word.length }], given.old, given.new)
        .map((mark) => given.new.slice(mark.start, mark.end))"""
    at = script("given.length", before)
    assert script(expression, {"at": at, "word": word, "old": old, "new": new}) in ([word], [])


@pytest.mark.parametrize(
    ("before", "after", "start"),
    [
        ("IF DELT > 1", "\nIF DELT > 1", 4),
        ("IF DELT > 1", "IF DELT > 12", 3),
        ("IF DELT > 1", "IF DELT > 1", 3),
        ("IF DELT > 1", "IF DELTA > 1", None),
        ("IF DELT > 1", "IF DEL > 1", None),
    ],
)
def test_a_mark_waits_for_the_next_answer_where_its_word_is_and_goes_when_that_is_edited(
    script, before, after, start
):
    found = script("moved([{ start: 3, end: 7 }], ...given).map((mark) => mark.start)", [before, after])
    assert found == ([] if start is None else [start])


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("clo", ["DELTA"]),
        ("IF av", ["AVG"]),
        ("if d", ["DELTA"]),
        ("IF DELTA_", [suffix.name for suffix in suffixes()]),
        ("IF max_1", ["_15M", "_1H", "_1D", "_1W"]),
        ("HIGH", []),  # whole: Enter must begin a new row here
        ("DELTA_4H", []),
        ("ABS_", []),
        ("# av", []),
        ("1e", []),
        ("IF ", []),
        ("constructor", []),
    ],
)
def test_a_word_that_is_typed_finds_those_it_begins(script, row, found):
    word = script("language.wordAt(given, given.length)", row)
    offered = script("language.complete(given, false)", word) if word else []
    assert [each["name"] for each in offered] == found


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve):
    with serve(a_store(tmp_path_factory.mktemp("store")), ALONE) as url:
        yield url


def open_editor(page, address, start="", pause=0):
    """The text field of an editor that starts with that text."""
    page.goto(f"{address}/?start={quote(start)}&pause={pause}")
    page.wait_for_selector(IDLE)
    page.get_by_text("Read: ").wait_for()
    field = page.get_by_label("Genome")
    field.click()
    page.keyboard.press("Control+End")
    return field


def wait_until_read(page, text):
    page.get_by_text(f"Read: {text!r}", exact=True).wait_for()


def words_on_offer(page):
    return page.get_by_role("option").locator("span:first-child").all_inner_texts()


def test_an_error_is_underlined_at_its_place_and_said_below(page, address):
    open_editor(page, address, f"{RULE} # 🦊\nIF DELT > 1 THEN BUY")
    page.get_by_text("2:4  unknown symbol 'DELT'. Did you mean DELTA?").wait_for()
    assert page.locator(".error").all_inner_texts() == ["DELT"]
    assert page.locator(".line.wrong").inner_text() == "IF DELT > 1 THEN BUY"


def test_an_error_that_is_corrected_is_gone_and_the_text_is_read(page, address):
    open_editor(page, address, "IF DELTA > 1 THEN")
    page.get_by_text("1:18  expected BUY, SELL or HOLD, found end of rule").wait_for()
    page.keyboard.type(" SELL")
    wait_until_read(page, "IF DELTA > 1 THEN SELL")
    page.get_by_text("expected BUY").wait_for(state="hidden")
    assert page.locator(".error").count() == 0


@pytest.mark.parametrize("how", ["click", "Alt+Enter"])
def test_a_suggestion_is_put_in_its_place(page, address, how):
    field = open_editor(page, address, "IF DELTA&&CLOSE THEN BUY")
    page.get_by_text("1:9  unexpected character '&&'. Did you mean AND?").wait_for()
    if how == "click":
        page.get_by_role("button", name="AND").click()
    else:
        page.keyboard.press(how)
    wait_until_read(page, "IF DELTA AND CLOSE THEN BUY")
    page.keyboard.press("Control+Z")
    assert field.input_value() == "IF DELTA&&CLOSE THEN BUY"


def test_words_are_offered_while_one_is_typed_and_go_in_by_key(page, address):
    field = open_editor(page, address)
    page.keyboard.type("if clo")
    page.get_by_role("option", name="DELTA CLOSE").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.type(" > av")
    page.keyboard.press("Tab")
    page.keyboard.type("gamma_4")
    page.keyboard.press("Enter")
    page.keyboard.type(", 3")
    assert field.input_value() == "if DELTA > AVG(gamma_4H, 3)"
    wait_until_read(page, "if DELTA > AVG(gamma_4H, 3)")


def test_undo_takes_a_word_back_as_it_was_typed(page, address):
    field = open_editor(page, address, "IF ")
    page.keyboard.type("clo")
    page.keyboard.press("Enter")
    assert field.input_value() == "IF DELTA"
    page.keyboard.press("Control+Z")
    assert field.input_value() == "IF clo"
    page.keyboard.press("Control+Shift+Z")
    assert field.input_value() == "IF DELTA"
    wait_until_read(page, "IF DELTA")


def test_all_words_are_offered_on_demand_and_go_in_by_mouse(page, address):
    field = open_editor(page, address)
    page.keyboard.press("Control+Space")
    assert words_on_offer(page) == [word.shown for word in words()]
    page.get_by_role("option", name="RSI(x, n)").click()
    page.keyboard.type("x")
    assert field.input_value() == "RSI(x)"


def test_arrows_choose_and_escape_ends_it(page, address):
    field = open_editor(page, address)
    page.keyboard.type("a")
    assert words_on_offer(page) == ["ALPHA", "AVG(x, n)", "ABS(a)", "AND"]
    page.keyboard.press("ArrowUp")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert chosen.inner_text().startswith("AND")
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    assert field.input_value() == "a\n"


def test_tab_leaves_the_text_when_nothing_is_offered(page, address):
    field = open_editor(page, address, RULE)
    page.keyboard.press("Tab")
    assert not field.evaluate("field => field.getRootNode().activeElement === field")
    assert field.input_value() == RULE


def test_the_list_stays_inside_the_window(page, address):
    page.set_viewport_size({"width": 500, "height": 360})
    open_editor(page, address, "IF " + "9 + " * 10)
    page.keyboard.press("Control+Space")
    box = page.get_by_role("listbox").bounding_box()
    assert box["height"] > 60
    assert (box["x"], box["y"]) >= (0, 0)
    assert box["x"] + box["width"] <= 500
    assert box["y"] + box["height"] <= 360


def test_letters_typed_while_the_page_runs_stay_and_the_caret_too(page, address):
    field = open_editor(page, address, "IF  > 1 THEN BUY", pause=1.5)
    field.evaluate("field => field.setSelectionRange(3, 3)")
    field.press_sequentially("gamma + delta", delay=350)
    wait_until_read(page, "IF gamma + delta > 1 THEN BUY")
    assert field.input_value() == "IF gamma + delta > 1 THEN BUY"
    assert field.evaluate("field => field.selectionStart") == len("IF gamma + delta")


@pytest.mark.parametrize("key", ["Control+Enter", "Tab"])
def test_the_text_is_read_at_once_when_it_is_finished(page, address, key):
    page.add_init_script(ENDLESS_PAUSE)
    open_editor(page, address)
    page.keyboard.type("IF 1 > 2 THEN BUY ")
    page.keyboard.press(key)
    wait_until_read(page, "IF 1 > 2 THEN BUY ")


def test_text_that_came_is_told(page, address):
    open_editor(page, address)
    page.get_by_text("Heard: None").wait_for()
    page.keyboard.type("IF 1")
    page.get_by_text("Heard: 'IF 1'", exact=True).wait_for()


def test_python_replaces_the_text_and_undo_brings_it_back(page, address):
    field = open_editor(page, address, RULE)
    page.keyboard.type(" # mine")
    page.get_by_role("button", name="Replace").click()
    wait_until_read(page, "IF CLOSE > 1 THEN BUY")
    assert field.input_value() == "IF CLOSE > 1 THEN BUY"
    field.click()
    page.keyboard.press("Control+Z")
    wait_until_read(page, f"{RULE} # mine")


def test_hostile_text_is_text(page, address):
    row = HOSTILE.split("\n")[0]
    open_editor(page, address, f"# {row}\nIF {row}")
    assert page.locator(".line").all_inner_texts() == [f"# {row}", f"IF {row}"]
    assert page.evaluate("window.hacked") is None
    assert page.locator("[data-testid=stMain] img").count() == 0


def test_a_text_that_is_far_too_long_is_taken_and_refused(page, address):
    field = open_editor(page, address)
    text = f"{RULE}\n" * 3_000
    field.evaluate("(field, text) => { field.value = text; field.select(); }", text)
    page.keyboard.press("Control+X")
    page.keyboard.press("Control+V")
    page.keyboard.type("x")
    page.get_by_text(f"1:1  {check(text + 'x')[0].message}").wait_for()
    page.keyboard.press("Control+A")
    page.keyboard.type(RULE)
    wait_until_read(page, RULE)
    assert page.locator(".line").all_inner_texts() == [RULE]


@pytest.mark.parametrize("width", [420, 800, 1400])
def test_the_colours_lie_on_the_letters(page, address, width):
    page.set_viewport_size({"width": width, "height": 900})
    rule = " AND ".join(f"AVG(DELTA, {n}) > {n}.5 * MAX_4H(GAMMA - EPSILON, {n})" for n in range(1, 30))
    field = open_editor(page, address, f"# 🦊 é שלום\t{'x' * 300}\n\nIF {rule} THEN BUY   {' ' * 200}end")
    needed = """field => { field.style.cssText = 'height: 0; align-self: start';
        const height = field.scrollHeight; field.style.cssText = ''; return height; }"""
    painted = page.locator(".paint").evaluate("paint => paint.scrollHeight")
    assert field.evaluate(needed) == pytest.approx(painted, abs=1)
