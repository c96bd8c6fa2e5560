"""The names of a genome's columns, exchanged in its text."""

from hypothesis import given

from evotrade.genome import Genome, parse
from evotrade.ui.editor.spelling import respelled
from tests.strategies import genomes


@given(genomes())
def test_a_respelled_genome_is_the_same_genome(genome: Genome) -> None:
    assert respelled(str(genome), "readable") == genome.render("readable")
    assert respelled(genome.render("readable"), "abstract") == str(genome)
    assert parse(respelled(str(genome), "readable")) == genome


def test_comments_layout_and_mistakes_stay() -> None:
    text = "if close_4h(0)>\n  foo THEN  BUY # close is DELTA"
    assert respelled(text, "abstract") == "if DELTA_4h(0)>\n  foo THEN  BUY # close is DELTA"


def test_a_text_in_those_names_already_stays() -> None:
    text = "IF delta > AVG(Delta, 3) THEN BUY"
    assert respelled(text, "abstract") == text
