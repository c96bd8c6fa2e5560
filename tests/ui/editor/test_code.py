"""The code editor's side in Python: marks inside the text, and whose text it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from evotrade.genome import parse
from evotrade.genome.limits import MAX_TEXT_BYTES
from evotrade.ui.editor.code import EXAMPLE, Mark, check
from tests.genome import test_errors as errors
from tests.strategies import genomes

WRITTEN = "IF DELTA(0) > 1 THEN BUY"
TESTS = (errors.test_an_error_says_what_is_wrong_and_where, errors.test_an_error_suggests_what_was_meant)
EVERY_KIND = [case[0] for test in TESTS for case in test.pytestmark[0].args[1]]
LIMITS = [
    ";".join([WRITTEN] * 17),
    "IF " + " + ".join(["DELTA"] * 101) + " > 1 THEN BUY",
    f"IF {'NOT ' * 30}DELTA > 1 THEN BUY",
    f"IF {'(' * 101}",
    "🦊" * MAX_TEXT_BYTES,
]
PARTS = ("IF", "delta", "AVG(", ")", ",", "3", "THEN", "BUY", "_4H", "\n", "#", "🦊", ";")
NEARLY = st.lists(st.sampled_from(PARTS)).map(" ".join)


def lies_inside(mark: Mark, text: str) -> bool:
    """Whether all of the mark is in its row, or one past its end."""
    rows = text.split("\n")
    last = mark.column - 1 + mark.length
    return 1 <= mark.line <= len(rows) and mark.column >= 1 and last <= len(rows[mark.line - 1]) + 1


@pytest.mark.parametrize("text", [*EVERY_KIND, *LIMITS])
def test_an_error_of_any_kind_has_its_mark_inside_the_text(text):
    (mark,) = check(text)
    assert lies_inside(mark, text)


@given(st.one_of(st.text(), NEARLY))
def test_the_marks_of_any_text_lie_inside_it(text):
    assert all(lies_inside(mark, text) for mark in check(text))


@given(genomes())
def test_a_genome_has_no_marks(genome):
    assert check(str(genome)) == ()


def test_a_mark_says_what_the_error_says():
    (mark,) = check("IF 1 > 2 THEN BUY\n IF DELT > 1 THEN BUY")
    assert mark == Mark(2, 5, 4, "unknown symbol 'DELT'", "DELTA")


def test_the_example_of_an_empty_editor_is_a_genome():
    assert len(parse(EXAMPLE).rules) == 2


def an_app(value="", revision=0):
    """A page of its own for an editor; runs without the names around it."""
    import streamlit as st

    from evotrade.ui.editor.code import edit, written

    st.text(written(value, revision=revision))
    st.text(edit(value, revision=revision))


@pytest.fixture
def open_editor():
    """The page, with the text that the browser has sent, if any."""

    def open_with(draft=None, **arguments):
        app = AppTest.from_function(an_app, kwargs=arguments, default_timeout=30)
        if draft is not None:
            app.session_state["genome"] = {"draft": draft}
        return app.run()

    return open_with


def read(app):
    """The text, which can be read before the editor is drawn, too."""
    assert not app.exception
    early, text = (each.value for each in app.text)
    assert early == text
    return text


def test_the_editor_starts_with_the_text_it_is_given(open_editor):
    assert read(open_editor(value=WRITTEN)) == WRITTEN


def test_what_the_browser_sent_is_the_text(open_editor):
    assert read(open_editor({"text": WRITTEN, "sending": 3, "revision": 0}, value="before")) == WRITTEN


def test_an_emptied_editor_is_empty(open_editor):
    assert read(open_editor({"text": "", "sending": 3, "revision": 0}, value="before")) == ""


def test_another_revision_replaces_what_was_written(open_editor):
    draft = {"text": WRITTEN, "sending": 3, "revision": 0}
    assert read(open_editor(draft, value="after", revision="fork of 29")) == "after"


@pytest.mark.parametrize("draft", [None, 5, [], {"text": None}, {"text": 5, "sending": "x", "revision": 0}])
def test_what_no_editor_sends_is_ignored(open_editor, draft):
    assert read(open_editor(draft, value=WRITTEN)) == WRITTEN


def test_text_is_as_a_text_field_holds_it_and_utf_8_can_write_it(open_editor):
    half = {"text": "\ud83e, 🦊", "sending": 1, "revision": 0}
    assert read(open_editor(value="a\r\nb\rc")) == "a\nb\nc"
    assert read(open_editor(half)) == "\N{REPLACEMENT CHARACTER}, 🦊"
