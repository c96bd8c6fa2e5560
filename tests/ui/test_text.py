import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.ui.text import as_markdown, shortened

NON_JOINER = "\u200c"
UNSEEN = dict.fromkeys([0x200C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # they only join and turn


@given(st.text())
def test_all_that_is_taken_away_again_is_the_text_in_one_line(text):
    shown = re.sub(r"\\(.)", r"\1", as_markdown(text))
    assert shown.translate(UNSEEN) == " ".join(text.translate(UNSEEN).split())


@given(st.text("<>[]()*_`$#:~|\\ab\n"))
def test_no_mark_stands_without_a_backslash(text):
    inside = as_markdown(text).replace("\\\\", "")
    for mark in "<>[]()*_`$#:~|":
        assert inside.count(mark) == inside.count("\\" + mark)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("plain words", "plain words"),
        ("<b>", "\\<b\\>"),
        ("[a](b)", "\\[a\\]\\(b\\)"),
        ("1. one\n2. two", "1\\. one 2\\. two"),
        (":material/home:", f"\\:{NON_JOINER}material/home\\:{NON_JOINER}"),
        ("www.x.y", f"www{NON_JOINER}\\.x\\.y"),
    ],
)
def test_marks_of_markdown_and_of_streamlit_are_broken(text, markdown):
    assert as_markdown(text) == markdown


def test_words_from_right_to_left_turn_nothing_round_but_themselves():
    assert as_markdown("מחיר") == "\u2068מחיר\u2069"
    assert as_markdown("12\u202e34\u2069") == "1234"


@pytest.mark.parametrize(("text", "shown"), [("four", "four"), ("fives", "fiv…"), ("", "")])
def test_long_text_ends_where_it_is_cut(text, shown):
    assert shortened(text, most=4) == shown
