import pytest
from hypothesis import given
from streamlit.testing.v1 import AppTest

from evotrade.genome import parse
from evotrade.ui.genome_diff import mark
from tests.strategies import genomes
from tests.ui.stores import GENOME, HOSTILE


def texts(lines):
    return "\n".join("".join(piece.text for piece in line) for line in lines)


def marks(lines):
    return [piece.text for line in lines for piece in line if piece.kind.endswith(("removed", "added"))]


@given(genomes(), genomes())
def test_the_pieces_of_both_sides_are_both_genomes(parent, child):
    marked = mark(str(parent), str(child))
    assert (texts(marked.parent), texts(marked.child)) == (str(parent), str(child))


@given(genomes(), genomes())
def test_something_is_marked_exactly_when_they_differ(parent, child):
    marked = mark(str(parent), str(child))
    assert bool(marks(marked.parent) or marks(marked.child)) == (parent != child)


@given(genomes())
def test_an_added_rule_is_all_that_is_marked(genome):
    rule = "IF 0.123 > ZETA(4999) THEN BUY"
    marked = mark(str(genome), f"{genome}\n{rule}")
    assert (marks(marked.parent), "".join(marks(marked.child))) == ([], rule)


@pytest.mark.parametrize(
    ("child", "removed", "added"),
    [
        ("IF DELTA(0) > EMA(DELTA, 3) THEN BUY ELSE SELL", ["AVG"], ["EMA"]),
        ("IF DELTA(0) >= AVG(DELTA, 30) THEN BUY ELSE SELL", [">", "3"], [">=", "30"]),
        ("IF NOT DELTA(0) > AVG(DELTA, 3) THEN BUY ELSE SELL", [], ["NOT"]),
        ("IF DELTA(0) > AVG(DELTA, 3) THEN BUY", ["ELSE", " ", "SELL"], []),
    ],
)
def test_each_change_is_marked_at_its_place(child, removed, added):
    marked = mark(GENOME, child)
    assert (marks(marked.parent), marks(marked.child)) == (removed, added)


def shown(parent, child):
    def page(parent, child):
        from evotrade.ui.genome_diff import show_diff

        show_diff(parent, child, key="diff")

    app = AppTest.from_function(page, kwargs={"parent": parent, "child": child}).run()
    assert not app.exception
    return app


def test_changes_are_listed_node_by_node():
    table = shown(GENOME, GENOME.replace("3", "5")).table[0].value
    assert table.iloc[0].tolist() == ["1", "Window", "`AVG(DELTA, 3)`", "`AVG(DELTA, 5)`"]


def test_equal_genomes_have_no_change():
    assert "No change" in shown(GENOME, GENOME).caption[-1].value


def test_the_same_strategy_written_otherwise_is_said_to_be_the_same():
    app = shown("IF 1 < DELTA(0) THEN BUY", "IF DELTA(0) > 1 THEN BUY")
    assert parse("IF 1 < DELTA(0) THEN BUY").id == parse("IF DELTA(0) > 1 THEN BUY").id
    assert "same strategy" in app.caption[-1].value


@pytest.mark.parametrize("genomes_shown", [(HOSTILE, GENOME), (GENOME, HOSTILE), (HOSTILE, HOSTILE)])
def test_a_genome_that_does_not_parse_is_one_sentence(genomes_shown):
    app = shown(*genomes_shown)
    said = [caption.value for caption in app.caption]
    assert sum("Does not parse" in line for line in said) == genomes_shown.count(HOSTILE)
    assert "takes two genomes that parse" in said[-1]
