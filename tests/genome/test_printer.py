"""The printer: what it writes reads back as the same tree, in few words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.genome import Genome, parse
from evotrade.genome.printer import node_text, number_text
from evotrade.genome.tree import Node
from tests.strategies import expressions, genomes


@given(genomes())
def test_what_is_printed_reads_back_as_the_same_genome_in_both_styles(genome: Genome) -> None:
    assert parse(genome.render("abstract")) == genome
    assert parse(genome.render("readable")) == genome


@given(genomes())
def test_printing_what_was_printed_changes_nothing(genome: Genome) -> None:
    assert str(parse(str(genome))) == str(genome)


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_a_number_is_printed_so_that_it_reads_back_exactly(value: float) -> None:
    text = number_text(value)
    assert float(text) == value
    assert len(text) <= len(repr(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20.0, "20"),
        (0.5, "0.5"),
        (1e300, "1e300"),
        (1e-7, "1e-7"),
        (1e16, "1e16"),
        (2 / 3, "0.6666666666666666"),
    ],
)
def test_a_number_is_printed_as_short_as_it_can_be(value: float, text: str) -> None:
    assert number_text(value) == text


@given(expressions())
def test_an_expression_has_as_many_parentheses_open_as_closed(expression: Node) -> None:
    text = node_text(expression)
    assert text.count("(") == text.count(")")


@pytest.mark.parametrize(
    "text",
    [
        "IF DELTA(0) > AVG(DELTA, 20) AND EPSILON(0) > 1.5 * AVG(EPSILON, 48) THEN BUY",
        "IF DELTA(0) > AVG(DELTA, 20) AND LAG(DELTA - AVG(DELTA, 20), 1) <= 0 THEN BUY ELSE SELL",
        "IF DELTA(0) < MIN_4H(GAMMA, 12) THEN SELL",
        "IF NOT (DELTA(1) > 1 OR DELTA_1D(2) != 2) THEN HOLD ELSE BUY",
        "IF (1 - (2 - 3)) / 4 - -5 > ABS(-6) THEN BUY",
        "IF DELTA(0) > 1 AND (DELTA(0) > 2 AND DELTA(0) > 3) OR NOT NOT DELTA(0) > 4 THEN BUY",
    ],
)
def test_a_tidy_text_is_printed_as_it_was_written(text: str) -> None:
    assert str(parse(text)) == text


def test_parentheses_that_change_nothing_are_not_printed() -> None:
    text = "IF ((DELTA(0)) - (1 * 2)) > (0) AND (NOT (DELTA(0) > 1)) THEN BUY ELSE HOLD"
    assert str(parse(text)) == "IF DELTA(0) - 1 * 2 > 0 AND NOT DELTA(0) > 1 THEN BUY"


def test_the_readable_style_uses_aliases() -> None:
    text = parse("IF ALPHA_4H(1) > AVG(THETA, 3) THEN BUY").render("readable")
    assert text == "IF OPEN_4H(1) > AVG(TRUERANGE, 3) THEN BUY"
