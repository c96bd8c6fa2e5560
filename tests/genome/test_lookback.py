"""Lookback: worked out by hand from the rules of the language."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import GenomeError, SettingsError
from evotrade.genome import Genome, Palette, mutate, parse
from evotrade.genome.functions import FUNCTIONS
from evotrade.genome.printer import node_text
from evotrade.genome.tree import Comparison, Expression, Rule, Window
from tests.strategies import expressions, genomes

EXAMPLES = {
    "1": 0,
    "DELTA": 0,
    "DELTA(7)": 7,
    "THETA": 1,  # the previous close
    "THETA(3)": 4,
    "AVG(DELTA, 20)": 19,
    "AVG(1, 20)": 19,
    "SUM(DELTA(5), 3)": 7,
    "MAX(THETA, 10)": 10,
    "EMA(DELTA, 5)": 19,  # 4 · 5 bars
    "RSI(DELTA, 14)": 14,  # 14 changes need 15 values
    "LAG(DELTA, 9)": 9,
    "LAG(AVG(DELTA, 20), 1)": 20,
    "STD(AVG(MIN(DELTA, 4), 5), 6)": 3 + 4 + 5,
    "DELTA(3) + AVG(DELTA, 9)": 8,
    "HIGHER(DELTA(3), ABS(DELTA(11)))": 11,
    "DELTA_4H": 4 * (1 + 1) - 1,
    "DELTA_4H(2)": 4 * (3 + 1) - 1,
    "THETA_4H": 4 * (2 + 1) - 1,  # the 4-hour bar before it
    "AVG_4H(DELTA, 12)": 4 * (12 + 1) - 1,
    "MAX_4H(AVG(DELTA, 3), 4)": 4 * (6 + 1) - 1,
    "LAG_1D(DELTA, 1)": 24 * (2 + 1) - 1,
    "DELTA_1W": 168 * (1 + 1) - 1,
    "AVG(DELTA_4H, 3)": 2 + 4 * (1 + 1) - 1,
    "MAX_4H(DELTA_1D, 3)": 4 * (3 + 1) - 1 + 24 * (1 + 1) - 1,
    "MAX_1D(DELTA_4H(1), 2)": 24 * (2 + 1) - 1 + 4 * (2 + 1) - 1,
    "AVG_4H(DELTA_1H(2), 3)": 4 * (3 + 1) - 1 + 2,
    # the second operand needs more 4-hour bars, the first one more bars in all
    "MAX_4H(HIGHER(DELTA_1D, DELTA(5)), 3)": 62,
    "DELTA_1H(5)": 5,  # the base timeframe itself
    "AVG_1H(DELTA_1H(5), 3)": 7,
}


@pytest.mark.parametrize(("expression", "bars"), EXAMPLES.items())
def test_lookback_on_hourly_bars_is_as_worked_out_by_hand(expression: str, bars: int) -> None:
    assert parse(f"IF {expression} > 0 THEN BUY").lookback("1h") == bars


@pytest.mark.parametrize(
    ("timeframe", "bars"), [("5m", 48 * 3 - 1), ("15m", 16 * 3 - 1), ("4h", 1), ("1m", 719)]
)
def test_a_suffix_counts_in_bars_of_the_base_timeframe(timeframe: str, bars: int) -> None:
    assert parse("IF DELTA_4H(1) > 0 THEN BUY").lookback(timeframe) == bars


def test_the_lookback_is_that_of_the_rule_that_needs_most() -> None:
    assert parse("IF DELTA(3) > 0 THEN BUY\nIF NOT (1 > DELTA(9) OR 1 > 0) THEN SELL").lookback() == 9


@given(genomes(timeframes=()), st.sampled_from(("1m", "1h", "1w")))
def test_without_suffixes_the_base_timeframe_makes_no_difference(genome: Genome, timeframe: str) -> None:
    assert genome.lookback(timeframe) == genome.lookback("4h")


@given(genomes(timeframes=()))
def test_without_suffixes_the_lookback_is_how_far_the_conditions_reach(genome: Genome) -> None:
    assert genome.lookback() == max(rule.condition.reach for rule in genome.rules)


@given(genomes())
def test_a_node_knows_the_suffixes_below_it_in_written_order(genome: Genome) -> None:
    for rule in genome.rules:
        written = re.findall(r"_([0-9]+[MHDW])", node_text(rule.condition))
        assert rule.condition.suffixes == tuple(dict.fromkeys(written))


@given(expressions(timeframes=("1H", "4H", "1D")), st.integers(1, 50))
def test_what_is_read_some_bars_earlier_needs_as_many_bars_more(expression: Expression, bars: int) -> None:
    now = Genome((Rule(Comparison(">", expression, expression), "BUY"),))
    earlier = Genome((Rule(Comparison(">", Window("LAG", expression, bars), expression), "BUY"),))
    assert earlier.lookback() == now.lookback() + bars


@pytest.mark.parametrize(
    ("text", "timeframe", "place"),
    [
        ("IF DELTA_4H > 0 THEN BUY", "1d", (1, 4, 8)),
        ("# DELTA_4H\nIF DELTA > avg_4h(1, 2) THEN BUY", "12h", (2, 12, 6)),
        ("IF DELTA_1D(0) > 0 THEN BUY; IF MAX_1D(DELTA_15M, 3) > 0 THEN BUY", "1h", (1, 40, 9)),
        ("IF DELTA_1D(0) > 0 THEN BUY", "1w", (1, 4, 8)),
    ],
)
def test_a_suffix_that_the_base_cannot_serve_is_an_error_at_its_place(
    text: str, timeframe: str, place: tuple[int, int, int]
) -> None:
    with pytest.raises(GenomeError, match=f"cannot be made of {timeframe} bars") as caught:
        parse(text).lookback(timeframe)
    assert (caught.value.line, caught.value.column, caught.value.length) == place


def test_a_genome_without_a_source_has_its_places_in_its_printed_text() -> None:
    parent = parse("# a long comment\n\n\nIF DELTA(0)    >    DELTA_4H(0) THEN BUY")
    child = mutate(parent, np.random.default_rng(1), Palette(), "wrap_not")
    assert child is not None
    with pytest.raises(GenomeError) as caught:
        child[0].lookback("1d")
    assert (caught.value.line, caught.value.column) == (1, str(child[0]).index("DELTA_4H") + 1)


def test_an_unknown_base_timeframe_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="2h"):
        parse("IF DELTA > 0 THEN BUY").lookback("2h")


def test_every_function_says_what_it_looks_back() -> None:
    looks_back = {name: function.lookback(10) for name, function in FUNCTIONS.items()}
    assert looks_back == {
        **dict.fromkeys(("AVG", "SUM", "MAX", "MIN", "STD"), 9),
        **{"EMA": 39, "LAG": 10, "RSI": 10, "ABS": 0, "HIGHER": 0, "LOWER": 0},
    }
