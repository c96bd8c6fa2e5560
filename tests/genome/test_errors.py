"""Every way a text can be wrong: its exact place, what is said, and the word that was meant."""

import pytest

from evotrade.errors import GenomeError
from evotrade.genome import parse

RULE = "IF DELTA(0) > 1 THEN BUY"


def refusal(text: str) -> GenomeError:
    """The error that `text` ends in."""
    with pytest.raises(GenomeError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "column", "length", "message"),
    [
        ("", 1, 1, "expected IF, found end of text"),
        ("DELTA > 1 THEN BUY", 1, 5, "expected IF, found DELTA"),
        ("IF", 3, 1, "expected a condition, found end of rule"),
        ("IF DELTA THEN BUY", 10, 4, "expected a comparison, found THEN"),
        ("IF DELTA(0) > 1", 16, 1, "expected THEN, found end of rule"),
        ("IF DELTA(0) > 1  # why", 16, 1, "expected THEN, found end of rule"),
        ("IF DELTA(0) > 1 BUY", 17, 3, "expected THEN, found BUY"),
        ("IF DELTA(0) > 1 IF", 17, 2, "expected THEN, found IF"),
        ("IF DELTA(0) > THEN BUY", 15, 4, "expected an expression, found THEN"),
        ("IF DELTA > 1 > 2 THEN BUY", 14, 1, "expected THEN, found '>'"),
        ("IF (DELTA(0) > 1 THEN BUY", 18, 4, "expected ')', found THEN"),
        ("IF (DELTA THEN BUY", 11, 4, "expected a comparison or ')', found THEN"),
        ("IF DELTA > 1) THEN BUY", 13, 1, "expected THEN, found ')'"),
        ("IF AVG(DELTA) > 1 THEN BUY", 13, 1, "expected ',', found ')'"),
        ("IF AVG > 1 THEN BUY", 8, 1, "expected '(', found '>'"),
        ("IF AVG(DELTA, 1.5) > 1 THEN BUY", 15, 3, "expected a whole number, found 1.5"),
        ("IF AVG(DELTA, 1e1) > 1 THEN BUY", 15, 3, "expected a whole number, found 1e1"),
        ("IF AVG(DELTA, .5) > 1 THEN BUY", 15, 2, "expected a whole number, found .5"),
        ("IF AVG(DELTA, DELTA) > 1 THEN BUY", 15, 5, "expected a whole number, found DELTA"),
        ("IF DELTA(-1) > 1 THEN BUY", 10, 1, "expected ')' or a whole number, found '-'"),
        ("IF DELTA > 1 THEN 5", 19, 1, "expected BUY, SELL or HOLD, found 5"),
        (f"{RULE} SELL", 26, 4, "expected ELSE or end of rule, found SELL"),
        (f"{RULE} ELSE", 30, 1, "expected BUY, SELL or HOLD, found end of rule"),
        ("IF 5 5 > 1 THEN BUY", 6, 1, "expected a comparison, found 5"),
        ("IF 1e999 > 1 THEN BUY", 4, 5, "number is too large for a double"),
        ("IF AVG(DELTA, 0) > 1 THEN BUY", 15, 1, "window must be between 1 and 5000, found 0"),
        ("IF AVG(DELTA, 5001) > 1 THEN BUY", 15, 4, "window must be between 1 and 5000, found 5001"),
        ("IF LAG(DELTA, 0) > 1 THEN BUY", 15, 1, "lag must be between 1 and 5000, found 0"),
        ("IF DELTA(5001) > 1 THEN BUY", 10, 4, "lag must be between 0 and 5000, found 5001"),
        ("IF ALPHA(0) $$$ > BETA(5) THEN BUY", 13, 1, "unexpected character '$'"),
        ("IF DELTA > 1 THEN BUY €", 23, 1, "unexpected character '€'"),
        ("IF DELTA\x00 > 1 THEN BUY", 9, 1, "unexpected character '\\x00'"),
        ("IF FOO(0) > 1 THEN BUY", 4, 3, "unknown symbol or function 'FOO'"),
        (
            "IF DELTA_7X(0) > 1 THEN BUY",
            9,
            3,
            "unknown timeframe '_7X': use _5M, _15M, _30M, _1H, _4H, _1D, _1W",
        ),
        ("IF DELTA > 1 THEN MAYBE", 19, 5, "expected BUY, SELL or HOLD, found 'MAYBE'"),
    ],
)
def test_an_error_says_what_is_wrong_and_where(text: str, column: int, length: int, message: str) -> None:
    error = refusal(text)
    assert (error.line, error.column, error.length, error.message) == (1, column, length, message)
    assert error.suggestion is None


@pytest.mark.parametrize(
    ("text", "column", "length", "message", "suggestion"),
    [
        ("IF DELT > 1 THEN BUY", 4, 4, "unknown symbol 'DELT'", "DELTA"),
        ("IF clos(3) > 1 THEN BUY", 4, 4, "unknown symbol 'clos'", "CLOSE"),
        ("IF STDEV(DELTA, 3) > 1 THEN BUY", 4, 5, "unknown function 'STDEV'", "STD"),
        ("IF HIGHEST(1, 2) > 1 THEN BUY", 4, 7, "unknown function 'HIGHEST'", "HIGHER"),
        ("IF DELTA_4HR > 1 THEN BUY", 9, 4, "unknown timeframe '_4HR'", "_4H"),
        ("IF MAX_1DAY(DELTA, 3) > 1 THEN BUY", 7, 5, "unknown timeframe '_1DAY'", "_1D"),
        ("IF DELTA > 1 THAN BUY", 14, 4, "expected THEN, found 'THAN'", "THEN"),
        ("IF DELTA > 1 THEN BYU", 19, 3, "expected BUY, SELL or HOLD, found 'BYU'", None),
        ("IF DELTA > 1 THEN SEL", 19, 3, "expected BUY, SELL or HOLD, found 'SEL'", "SELL"),
        ("IFF DELTA > 1 THEN SELL", 1, 3, "expected IF, found 'IFF'", "IF"),
        ("IF DELTA = 1 THEN BUY", 10, 1, "unexpected character '='", "=="),
        ("IF DELTA => 1 THEN BUY", 10, 2, "unexpected character '=>'", ">="),
        ("IF DELTA > 1 && DELTA > 2 THEN BUY", 14, 2, "unexpected character '&&'", "AND"),
        ("IF !(DELTA > 1) THEN BUY", 4, 1, "unexpected character '!'", "NOT"),
        ("IF DELTA ≥ 1 THEN BUY", 10, 1, "unexpected character '≥'", ">="),
    ],
)
def test_an_error_suggests_what_was_meant(
    text: str, column: int, length: int, message: str, suggestion: str | None
) -> None:
    error = refusal(text)
    assert (error.column, error.length, error.message, error.suggestion) == (
        column,
        length,
        message,
        suggestion,
    )


def test_putting_the_suggestion_in_its_place_repairs_the_text() -> None:
    text = "IF DELTA_4HR => STDEV(CLOSE, 3) THAN BUY"
    for _ in range(4):
        error = refusal(text)
        start = error.column - 1
        text = text[:start] + str(error.suggestion) + text[start + error.length :]
    assert str(parse(text)) == "IF DELTA_4H(0) >= STD(DELTA, 3) THEN BUY"


def test_places_count_lines_and_columns_from_one() -> None:
    error = refusal(f"{RULE}\n# a comment\n\n   IF DELT > 1 THEN BUY")
    assert str(error) == "line 4, column 7: unknown symbol 'DELT'. Did you mean DELTA?"


def test_the_end_of_a_rule_lies_one_past_its_last_character() -> None:
    assert str(refusal(f"{RULE}\nIF DELTA(0) > AVG(DELTA, 20) \n{RULE}")) == (
        "line 2, column 29: expected THEN, found end of rule"
    )


@pytest.mark.parametrize("end", ["\n", ";"])
def test_a_rule_ends_inside_a_parenthesis_too(end: str) -> None:
    error = refusal(f"IF AVG(DELTA,{end} 20) > 1 THEN BUY")
    assert (error.line, error.column, error.message) == (1, 14, "expected a whole number, found end of rule")


def test_an_else_on_a_line_of_its_own_belongs_to_no_rule() -> None:
    assert str(refusal(f"{RULE}\nELSE SELL")) == "line 2, column 1: expected IF, found ELSE"


def test_a_text_of_nothing_but_separators_is_no_genome() -> None:
    assert str(refusal(";\n\n # nothing")) == "line 3, column 2: expected IF, found end of text"
