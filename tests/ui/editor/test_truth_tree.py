import numpy as np
import pytest

from evotrade.engine.columns import Columns
from evotrade.engine.thought import explain
from evotrade.genome import parse
from evotrade.market.candles import Candles
from evotrade.ui.editor.truth_tree import node_row, number, percent, rule_row

START_S = 1_735_689_600  # 2025-01-01
CLOSES = np.array([9, 9, 9, 8, 7, 6, 4, 3, 5, 6, 7, 7], dtype=float)


def think(text):
    time_s = START_S + 3_600 * np.arange(len(CLOSES))
    series = Candles(time_s, CLOSES, CLOSES, CLOSES, CLOSES, CLOSES, CLOSES, "1h")
    return explain(parse(text), Columns(series), len(CLOSES) - 1)


def rows(condition, style="abstract"):
    return node_row(think(f"IF {condition} THEN BUY").rules[0].condition, style)


def texts(row):
    return "".join(piece for _, piece in row["text"])


def test_a_comparison_shows_both_values_and_how_far_it_is():
    row = rows("DELTA > 2 * AVG(DELTA, 2)")
    assert (texts(row), row["value"]) == ("DELTA(0) > 2 * AVG(DELTA, 2)", "7 > 14")
    assert (row["holds"], row["margin"]) == (False, "50.00 % to go")


def test_the_texts_follow_the_style():
    assert texts(rows("DELTA > 2", style="readable")) == "CLOSE(0) > 2"


def test_a_number_is_no_row_of_its_own():
    row = rows("DELTA > 2 * AVG(DELTA, 2)")
    assert [texts(each) for each in row["rows"]] == ["DELTA(0)", "2 * AVG(DELTA, 2)"]
    assert [texts(each) for each in row["rows"][1]["rows"]] == ["AVG(DELTA, 2)"]


def test_conditions_joined_alike_are_one_row():
    row = rows("DELTA > 1 AND DELTA > 2 AND (DELTA > 3 OR DELTA > 4 OR DELTA > 5)")
    assert [texts(row), row["note"]] == ["AND", "all must hold"]
    assert [texts(each) for each in row["rows"]] == ["DELTA(0) > 1", "DELTA(0) > 2", "OR"]
    assert [texts(each) for each in row["rows"][2]["rows"]] == [f"DELTA(0) > {n}" for n in (3, 4, 5)]


def test_a_not_is_a_row_above_what_it_denies():
    row = rows("NOT DELTA > 3.5")
    assert (texts(row), row["note"], row["holds"], row["margin"]) == (
        "NOT",
        "must not hold",
        False,
        "100.00 % to go",
    )
    assert (row["rows"][0]["holds"], row["rows"][0]["margin"]) == (True, "100.00 % to spare")


def test_a_condition_that_never_changes_says_so():
    assert rows("2 > 1")["margin"] == "never changes"


def test_where_there_is_no_percentage_the_difference_is_said():
    assert rows("DELTA > 0")["margin"] == "7 to spare"


def test_the_reason_of_a_missing_value_is_said_by_the_comparison_and_where_it_begins():
    row = rows("DELTA > 1 + 2 * AVG(DELTA, 99)")
    reason = "needs 99 bars, there are 12"
    total, product = row["rows"][1], row["rows"][1]["rows"][0]
    (average,) = product["rows"]
    assert [each["note"] for each in (row, total, product, average)] == [reason, "", "", reason]
    assert (row["value"], average["value"], row["margin"]) == ("7 > –", "–", "")


def test_a_higher_bar_is_named():
    (row,) = rows("DELTA_4H(0) > 1")["rows"]
    assert row["note"] == "4h bar 2025-01-01 08:00 to 2025-01-01 12:00 UTC"


def test_a_rule_says_its_branch_and_vote():
    rules = think("IF DELTA > AVG(DELTA, 3) THEN BUY; IF DELTA < 5 THEN SELL").rules
    first, second = (rule_row(place, rule, "abstract") for place, rule in enumerate(rules, 1))
    assert (first["branch"], first["vote"], first["then"]) == ("THEN", "BUY", "BUY")
    assert (second["branch"], second["vote"], second["otherwise"]) == ("ELSE", "HOLD", "HOLD")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (27431.5, "27,431.5"),
        (-0.00001234, "−1.234e−05"),
        (1 / 3, "0.33333333"),
        (float("nan"), "–"),
        (float("-inf"), "−∞"),
        (0.0, "0"),
    ],
)
def test_numbers_have_eight_digits(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00 %"),
        (0.001, "< 0.01 %"),
        (1.959, "1.96 %"),
        (12345.6, "12,346 %"),
        (2.5e9, "2.5e+09 %"),
    ],
)
def test_percentages_have_few_digits(value, text):
    assert percent(value) == text
