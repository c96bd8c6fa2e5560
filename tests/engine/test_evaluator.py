import math

import numpy as np
import pytest

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import COMBINES, decide, value
from evotrade.errors import GenomeError, SettingsError
from evotrade.genome import parse
from evotrade.genome.tree import Comparison, Not, Number, Symbol, Window
from evotrade.market.candles import Candles

BUY, HOLD, SELL = 1, 0, -1


def columns(closes):
    close = np.array(closes, dtype=float)
    n = len(close)
    return Columns(Candles(np.arange(n) * 3_600, close, close, close, close, np.zeros(n), np.zeros(n), "1h"))


def decisions(text, closes, combine="votes"):
    return decide(parse(text), columns(closes), combine).tolist()


def values(expression, closes):
    condition = parse(f"IF {expression} > 0 THEN BUY").rules[0].condition
    return value(condition.left, columns(closes)).tolist()


def test_a_rule_decides_at_every_bar_from_its_lookback_on():
    assert decisions("IF DELTA > DELTA(2) THEN BUY ELSE SELL", [1, 2, 3, 2, 3, 4]) == [0, 0, 1, -1, -1, 1]


@pytest.mark.parametrize("closes", [[], [1], [1, 2]])
def test_a_series_no_longer_than_the_lookback_has_no_decision(closes):
    assert decisions("IF DELTA >= DELTA(2) THEN BUY ELSE BUY", closes) == [0] * len(closes)


def test_the_lookback_counts_all_rules_in_every_mode():
    text = "IF DELTA > 0 THEN BUY; IF DELTA(3) < 0 THEN SELL"
    assert decisions(text, [1] * 5, "first") == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    "zero", ["DELTA / EPSILON", "EPSILON / EPSILON", "DELTA / (0 - 0)", "1 / 0", "1 / -0"]
)
def test_division_by_zero_has_no_value(zero):
    assert np.isnan(values(zero, [1, 2])).all()


@pytest.mark.parametrize("relation", [">", "<", ">=", "<=", "==", "!="])
def test_a_comparison_with_a_value_that_is_not_there_is_false_and_not_of_it_true(relation):
    undefined = f"EPSILON / EPSILON {relation} DELTA"
    assert decisions(f"IF {undefined} THEN BUY ELSE SELL", [1, 2]) == [SELL, SELL]
    assert decisions(f"IF NOT {undefined} THEN BUY ELSE SELL", [1, 2]) == [BUY, BUY]


@pytest.mark.parametrize(
    ("relation", "bought"),
    [(">", "001"), ("<", "100"), (">=", "011"), ("<=", "110"), ("==", "010"), ("!=", "101")],
)
def test_comparisons_are_exact(relation, bought):
    assert decisions(f"IF DELTA {relation} 2 THEN BUY", [1, 2, 3]) == [int(buy) for buy in bought]


@pytest.mark.parametrize("function", ["HIGHER", "LOWER"])
def test_higher_and_lower_of_a_value_that_is_not_there_are_not_there(function):
    assert np.isnan(values(f"{function}(DELTA, 0 / 0)", [1, 2])).all()
    assert np.isnan(values(f"{function}(0 / 0, DELTA)", [1, 2])).all()


def test_arithmetic_is_ieee_double_with_infinities():
    assert values("1e308 * 10 - DELTA", [1, 2]) == [math.inf, math.inf]
    assert values("0.1 + 0.2", [1]) == [0.1 + 0.2]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("-DELTA", -3),
        ("ABS(DELTA - 5)", 2),
        ("HIGHER(DELTA, 4)", 4),
        ("LOWER(DELTA, 4)", 3),
        ("DELTA / 2", 1.5),
    ],
)
def test_worked_values(expression, expected):
    assert values(expression, [7, 3])[1] == expected


def test_a_window_of_a_constant_begins_with_the_first_whole_window():
    seen = values("SUM(2, 3)", [1] * 4)
    assert np.isnan(seen[:2]).all()
    assert seen[2:] == [6, 6]


def test_a_crossing_is_seen_at_its_bar_only():
    text = "IF DELTA > 2 AND LAG(DELTA - 2, 1) <= 0 THEN BUY"
    assert decisions(text, [1, 1, 3, 3, 2, 3]) == [0, 0, 1, 0, 0, 1]


def test_a_condition_without_data_holds_at_every_bar():
    assert decisions("IF 2 > 1 THEN BUY", [1, 2, 3]) == [1, 1, 1]
    condition = Comparison(">", Number(2.0), Number(1.0))
    assert value(condition, columns([1, 2, 3])).tolist() == [True, True, True]


RULES = {"B": "IF 1 > 0 THEN BUY", "S": "IF 1 > 0 THEN SELL", "H": "IF 1 > 0 THEN HOLD"}


@pytest.mark.parametrize(
    ("rules", "votes", "majority", "first", "unanimous"),
    [
        ("B", BUY, BUY, BUY, BUY),
        ("BS", HOLD, HOLD, BUY, HOLD),
        ("BH", BUY, HOLD, BUY, HOLD),
        ("HB", BUY, HOLD, HOLD, HOLD),
        ("BBH", BUY, BUY, BUY, HOLD),
        ("SSH", SELL, SELL, SELL, HOLD),
        ("BBSHH", BUY, HOLD, BUY, HOLD),
        ("SSSBBHH", SELL, SELL, SELL, HOLD),
        ("BBSS", HOLD, HOLD, BUY, HOLD),
        ("SS", SELL, SELL, SELL, SELL),
        ("HH", HOLD, HOLD, HOLD, HOLD),
    ],
)
def test_how_rules_become_one_decision(rules, votes, majority, first, unanimous):
    text = "\n".join(RULES[rule] for rule in rules)
    combined = [decisions(text, [1], combine) for combine in ("votes", "majority", "first", "unanimous")]
    assert combined == [[votes], [majority], [first], [unanimous]]


def test_an_unknown_way_to_combine_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match=", ".join(COMBINES)):
        decisions(RULES["B"], [1], "loudest")


def test_a_timeframe_that_the_bars_cannot_make_is_refused():
    with pytest.raises(GenomeError, match="15M"):
        decisions("IF DELTA_15M > 0 THEN BUY", [1, 2])


def test_a_tree_of_the_wrong_kind_is_refused():
    condition = Comparison(">", Number(2.0), Number(1.0))
    with pytest.raises(GenomeError, match="no expression"):
        value(Window("AVG", condition, 2), columns([1]))
    with pytest.raises(GenomeError, match="no condition"):
        value(Not(Symbol("DELTA")), columns([1]))
