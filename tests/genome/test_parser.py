"""The parser: what the language takes, whatever way it is written."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import GenomeError
from evotrade.genome import Genome, as_genome, parse
from evotrade.genome.tree import Binary, Comparison, Logical, Not, Number, Rule, Symbol, Unary, Window
from tests.paths import shared
from tests.strategies import genomes

DELTA = Symbol("DELTA")


def condition(text: str) -> object:
    """The condition of a genome of one rule."""
    return parse(f"IF {text} THEN BUY").rules[0].condition


def expression(text: str) -> object:
    """The left side of a comparison."""
    comparison = condition(f"{text} > 0")
    assert isinstance(comparison, Comparison)
    return comparison.left


@given(st.text() | st.text(alphabet="IFTHENBUYDELTA_4()<>=+-*/.,;# \n0159"))
def test_any_text_is_a_genome_or_a_genome_error_at_a_place_inside_it(text: str) -> None:
    try:
        parse(text)
    except GenomeError as error:
        found = error
    else:
        return
    lines = text.split("\n")
    assert 1 <= found.line <= len(lines)
    assert 1 <= found.column <= len(lines[found.line - 1]) + 1
    assert found.length >= 1


@given(genomes(), st.data())
def test_letter_case_and_white_space_mean_nothing(genome: Genome, data: st.DataObject) -> None:
    blanks = st.sampled_from((" ", "  ", "\t", " \r "))
    text = "".join(data.draw(blanks) if letter == " " else letter for letter in str(genome).lower())
    assert parse(text) == genome


def test_the_documented_example_is_two_rules() -> None:
    genome = parse(
        "IF DELTA(0) > AVG(DELTA, 20) AND EPSILON(0) > 1.5 * AVG(EPSILON, 48) THEN BUY\n"
        "IF DELTA(0) < MIN_4H(GAMMA, 12) THEN SELL                 # a missing ELSE means HOLD"
    )
    rising = Comparison(">", DELTA, Window("AVG", DELTA, 20))
    busy = Comparison(">", Symbol("EPSILON"), Binary("*", Number(1.5), Window("AVG", Symbol("EPSILON"), 48)))
    low = Comparison("<", DELTA, Window("MIN", Symbol("GAMMA"), 12, "4H"))
    assert genome.rules == (Rule(Logical("AND", rising, busy), "BUY"), Rule(low, "SELL"))


@pytest.mark.parametrize("text", ["DELTA", "DELTA()", "DELTA(0)", "delta", "Close( 0 )", "CLOSE"])
def test_a_symbol_without_a_lag_is_the_current_bar(text: str) -> None:
    assert expression(text) == DELTA


@pytest.mark.parametrize(
    ("text", "value"),
    [(".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1.5E-2", 0.015), ("007", 7.0), ("0", 0.0)],
)
def test_numbers_take_decimals_and_exponents(text: str, value: float) -> None:
    assert expression(text) == Number(value)


def test_the_minus_before_a_number_is_an_operator() -> None:
    assert expression("-5") == Unary("-", Number(5.0))
    assert expression("1 - -5") == Binary("-", Number(1.0), Unary("-", Number(5.0)))


def test_operators_bind_as_in_arithmetic_and_to_the_left() -> None:
    one, two, three = Number(1.0), Number(2.0), Number(3.0)
    assert expression("1 - 2 - 3") == Binary("-", Binary("-", one, two), three)
    assert expression("1 + 2 * 3") == Binary("+", one, Binary("*", two, three))
    assert expression("-1 * 2") == Binary("*", Unary("-", one), two)
    assert expression("1 / (2 / 3)") == Binary("/", one, Binary("/", two, three))


def test_not_binds_tighter_than_and_and_and_tighter_than_or() -> None:
    a, b, c = (Comparison(">", DELTA, Number(float(value))) for value in (1, 2, 3))
    text = "NOT DELTA > 1 AND DELTA > 2 OR DELTA > 3"
    assert condition(text) == Logical("OR", Logical("AND", Not(a), b), c)
    assert condition("DELTA > 1 AND (DELTA > 2 OR DELTA > 3)") == Logical("AND", a, Logical("OR", b, c))


def test_a_parenthesis_opens_a_condition_or_an_expression_without_help() -> None:
    change = Binary("-", DELTA, Symbol("DELTA", 1))
    assert condition("(DELTA(0) - DELTA(1)) > 0") == Comparison(">", change, Number(0.0))
    either = Logical(
        "OR", Comparison(">", DELTA, Number(1.0)), Comparison(">", Symbol("DELTA", 1), Number(1.0))
    )
    both = Logical("AND", either, Comparison(">", Symbol("DELTA", 2), Number(0.0)))
    assert condition("(DELTA(0) > 1 OR DELTA(1) > 1) AND DELTA(2) > 0") == both
    assert condition("(((DELTA)) > (1))") == Comparison(">", DELTA, Number(1.0))


def test_suffixes_and_pairs_are_read() -> None:
    assert expression("DELTA_4H(2)") == Symbol("DELTA", 2, "4H")
    assert expression("max_1d(close_1w, 3)") == Window("MAX", Symbol("DELTA", 0, "1W"), 3, "1D")
    assert expression("HIGHER(ABS(DELTA), 1)") == Binary("HIGHER", Unary("ABS", DELTA), Number(1.0))
    assert expression("HIGHER(1, 2)") == Binary("HIGHER", Number(1.0), Number(2.0))


@pytest.mark.parametrize("between", [" ", ";", "\n", " ;; \n\n ", " # a comment; IF\n"])
def test_rules_follow_each_other_with_and_without_separators(between: str) -> None:
    genome = parse(f"\n;IF DELTA > 1 THEN BUY{between}IF DELTA < 1 THEN SELL ELSE BUY; # end")
    assert [(rule.then, rule.otherwise) for rule in genome.rules] == [("BUY", "HOLD"), ("SELL", "BUY")]


def test_a_text_is_taken_where_a_genome_is() -> None:
    genome = parse("IF DELTA > 1 THEN BUY")
    assert as_genome(genome) is genome
    assert as_genome(str(genome)) == genome


@pytest.mark.parametrize(
    ("table", "column", "count"), [("cells", "dsl_genome", 100), ("failed_mutations", "attempted_genome", 1)]
)
def test_every_genome_of_the_earlier_system_parses_and_prints_back(
    table: str, column: str, count: int
) -> None:
    path = shared("data/origin/cells.db")
    origin = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    texts = [text for (text,) in origin.execute(f"SELECT {column} FROM {table}")]
    origin.close()
    assert len(texts) >= count
    assert all(str(parse(str(parse(text)))) == str(parse(text)) for text in texts)
