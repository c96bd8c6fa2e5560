"""Which cells the address compares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.ui.cells.compared import MOST, parse
from tests.ui.stores import HOSTILE


@given(st.text())
def test_any_text_is_numbers_and_mistakes(text):
    numbers, mistakes = parse(text)
    assert len(set(numbers)) == len(numbers) <= MOST
    assert all(isinstance(number, int) for number in numbers)
    assert all(len(mistake) < 300 for mistake in mistakes)


@given(st.lists(st.integers(0, 10**18 - 1), unique=True, max_size=MOST))
def test_what_is_right_is_read_as_it_is(numbers):
    assert parse(",".join(map(str, numbers))) == (tuple(numbers), ())


@pytest.mark.parametrize(
    ("text", "numbers", "mistake"),
    [
        ("3,abc,5", (3, 5), "the address compares 'abc', which is no number of a cell"),
        ("3,-1", (3,), "compares '-1'"),
        ("3,٣", (3,), "which is no number"),
        (f"3,{'9' * 40}", (3,), f"compares '{'9' * 19}…'"),
        ("3,5,3", (3, 5), "cell 3 is named twice, and compared once"),
        ("3,03", (3,), "cell 3 is named twice"),
        ("1,2,3,4,5,6,7", (1, 2, 3, 4, 5), "at most 5 cells are compared at once: cell 6 and more"),
        (HOSTILE, (), "no number of a cell"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_compared(text, numbers, mistake):
    found = parse(text)
    assert found.numbers == numbers
    assert mistake in found.mistakes[0]
    assert len(found.mistakes) == 1
