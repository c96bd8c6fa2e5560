"""The reference for people says what the program does."""

import doctest

import pytest

from evotrade.genome import limits, parse
from evotrade.genome.functions import ALIASES, FUNCTIONS, SYMBOLS, TIMEFRAMES
from evotrade.genome.reference import functions_table, symbols_table
from evotrade.market.candles import OPTIONAL, REQUIRED
from evotrade.timeframes import SECONDS
from tests.paths import ROOT

REFERENCE = ROOT / "docs" / "dsl.md"


@pytest.mark.parametrize("table", [symbols_table, functions_table])
def test_the_tables_of_the_reference_are_those_of_the_program(table: object) -> None:
    assert callable(table)
    assert f"-->\n{table()}\n<!-- end -->" in REFERENCE.read_text(encoding="utf-8")


def test_the_examples_of_the_reference_run() -> None:
    failed, tried = doctest.testfile(str(REFERENCE), module_relative=False)
    assert (failed, tried > 5) == (0, True)


def test_the_rules_of_the_reference_parse() -> None:
    blocks = REFERENCE.read_text(encoding="utf-8").split("```")[1::2]
    genomes = [block for block in blocks if block.startswith("\nIF")]
    assert len(genomes) >= 2
    assert all(parse(block) for block in genomes)


@pytest.mark.parametrize(
    "name",
    ["MAX_TEXT_BYTES", "MAX_RULES", "MAX_NODES", "MAX_DEPTH", "MAX_PARENTHESES", "MAX_WINDOW", "MAX_LAG"],
)
def test_the_limits_of_the_reference_are_those_of_the_program(name: str) -> None:
    table = REFERENCE.read_text(encoding="utf-8").split("## Limits")[1]
    assert f" {getattr(limits, name)}" in table


def test_every_symbol_names_a_column_of_candles() -> None:
    columns = {column.column for column in SYMBOLS.values()}
    assert columns == {*REQUIRED, *OPTIONAL, "true_range"}


def test_no_word_means_two_things() -> None:
    words = [*SYMBOLS, *ALIASES, *FUNCTIONS]
    assert len(words) == len(set(words))


def test_every_suffix_is_a_timeframe_shortest_first() -> None:
    lengths = [SECONDS[suffix.lower()] for suffix in TIMEFRAMES]
    assert lengths == sorted(lengths)
