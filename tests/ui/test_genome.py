from hypothesis import given
from hypothesis import strategies as st

from evotrade.ui.genome import Piece, pieces
from tests.strategies import genomes


@given(st.text())
def test_the_pieces_of_any_text_are_the_text(text):
    assert "".join(piece.text for piece in pieces(text)) == text


@given(genomes())
def test_every_word_and_number_of_a_genome_has_a_colour(genome):
    plain = "".join(piece.text for piece in pieces(str(genome)) if not piece.kind)
    assert not any(character.isalnum() for character in plain)


def test_each_kind_of_word_is_known():
    assert [piece for piece in pieces("IF avg_4H(CLOSE, 3) > .5e3 THEN BUY # dear") if piece.kind] == [
        Piece("keyword", "IF"),
        Piece("function", "avg_4H"),
        Piece("column", "CLOSE"),
        Piece("number", "3"),
        Piece("number", ".5e3"),
        Piece("keyword", "THEN"),
        Piece("buy", "BUY"),
        Piece("comment", "# dear"),
    ]


def test_an_unknown_word_has_no_colour():
    assert pieces("DELT") == [Piece("", "DELT")]
