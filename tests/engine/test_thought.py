import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import COMBINES, decide, value
from evotrade.engine.thought import HigherBar, explain, turns
from evotrade.errors import GenomeError, SettingsError
from evotrade.genome import Genome, parse
from evotrade.genome.tree import Comparison, Condition, Logical, Not, Rule
from evotrade.market.candles import Candles
from tests.engine.naive import Naive, bits
from tests.engine.worlds import worlds

HOUR_S = 3_600
TOO_FEW = "needs "
ways = st.sampled_from(COMBINES)


def candles(closes, volumes=None):
    close = np.array(closes, dtype=float)
    volume = np.zeros(len(close)) if volumes is None else np.array(volumes, dtype=float)
    return Candles(np.arange(len(close)) * HOUR_S, close, close, close, close, volume, volume, "1h")


def think(text, closes, bar=-1, combine="votes"):
    return explain(parse(text), Columns(candles(closes)), bar % len(closes), combine)


def condition(text, closes, bar=-1):
    return think(f"IF {text} THEN BUY", closes, bar).rules[0].condition


def side(text, closes, bar=-1):
    return condition(f"{text} > 0", closes, bar).children[0]


def nodes(thought):
    return [node for rule in thought.rules for node in rule.condition.walk()]


@st.composite
def moments(draw):
    genome, series = draw(worlds())
    return genome, series, draw(st.integers(0, len(series) - 1))


@given(moments(), ways)
def test_the_decision_is_the_one_that_is_decided(moment, combine):
    genome, series, bar = moment
    columns = Columns(series)
    assert explain(genome, columns, bar, combine).decision == decide(genome, columns, combine)[bar]


@given(moments(), ways)
def test_the_votes_make_the_decision_as_the_text_of_the_language_says(moment, combine):
    genome, series, bar = moment
    thought = explain(genome, Columns(series), bar, combine)
    assert thought.decision == Naive(series).decision(genome, bar, combine)
    for rule in thought.rules:
        said = {"THEN": rule.rule.then, "ELSE": rule.rule.otherwise, "": None}[rule.branch]
        assert rule.vote == said
        assert (rule.branch == "") == (bar < genome.lookback(series.timeframe))


@given(moments())
def test_each_value_is_the_evaluators_to_the_last_bit(moment):
    genome, series, bar = moment
    columns = Columns(series)
    for node in nodes(explain(genome, columns, bar)):
        assert bits([node.value]) == bits([value(node.node, columns, node.inside)[bar]])


@given(moments())
def test_the_nodes_are_those_of_the_text_in_its_order(moment):
    genome, series, bar = moment
    for rule in explain(genome, Columns(series), bar).rules:
        for node in rule.condition.walk():
            assert tuple(child.node for child in node.children) == node.node.children
        assert rule.condition.node == rule.rule.condition


@given(moments(), ways)
def test_the_lookback_alone_is_enough_to_know_the_thought(moment, combine):
    genome, series, bar = moment
    lookback = genome.lookback(series.timeframe)
    whole = explain(genome, Columns(series), bar, combine)
    own = series[max(0, bar - lookback) : bar + 1]
    cut = explain(genome, Columns(own), len(own) - 1, combine)
    assert (cut.decision, cut.decides) == (whole.decision, whole.decides)
    for one, other in zip(nodes(whole), nodes(cut), strict=True):
        assert bits([one.value]) == bits([other.value])
        assert (one.undefined, one.higher_bar) == (other.undefined, other.higher_bar)
        assert one.margin_pct == other.margin_pct


@given(moments())
def test_what_has_no_value_says_why_and_nothing_else_does(moment):
    genome, series, bar = moment
    thought = explain(genome, Columns(series), bar)
    for node in nodes(thought):
        undefined = node if isinstance(node.node, Comparison) else None
        missing = any(math.isnan(child.value) for child in undefined.children) if undefined else False
        assert bool(node.undefined) == (missing or math.isnan(node.value))
        assert not (thought.decides and TOO_FEW in node.undefined)


@given(moments())
def test_a_margin_is_positive_where_a_condition_holds_and_negative_where_it_does_not(moment):
    genome, series, bar = moment
    for node in nodes(explain(genome, Columns(series), bar)):
        if node.margin_pct is None or node.margin_pct == 0:
            continue
        assert (node.margin_pct > 0) == node.value


@given(moments())
def test_only_conditions_have_a_margin_and_only_comparisons_a_difference(moment):
    genome, series, bar = moment
    for node in nodes(explain(genome, Columns(series), bar)):
        assert isinstance(node.node, Condition) or node.margin_pct is None
        assert isinstance(node.node, Comparison) or node.difference is None


def denied(node):
    """The negation of a condition by De Morgan's laws."""
    if isinstance(node, Logical):
        other = "OR" if node.operator == "AND" else "AND"
        return Logical(other, denied(node.left), denied(node.right))
    return Not(node)


@given(moments())
def test_margins_obey_de_morgan(moment):
    genome, series, bar = moment
    denial = Genome(tuple(Rule(denied(rule.condition), "BUY") for rule in genome.rules))
    columns = Columns(series)
    for rule, its_denial in zip(
        explain(genome, columns, bar).rules, explain(denial, columns, bar).rules, strict=True
    ):
        margin = rule.condition.margin_pct
        assert its_denial.condition.value != rule.condition.value
        assert its_denial.condition.margin_pct == (None if margin is None else -margin)


@given(moments())
def test_a_higher_bar_is_the_last_one_that_had_ended(moment):
    genome, series, bar = moment
    for node in nodes(explain(genome, Columns(series), bar)):
        if node.higher_bar:
            assert node.higher_bar.end_s <= series.end_s[bar]
            assert node.higher_bar.timeframe == node.node.timeframe.lower()


@pytest.mark.parametrize(
    ("text", "holds", "margin"),
    [
        ("DELTA > 200", False, -50.0),  # 100 misses 200 by half of it
        ("DELTA > 80", True, 25.0),  # and exceeds 80 by a quarter of it
        ("DELTA < 80", False, -25.0),
        ("DELTA <= 200", True, 50.0),
        ("DELTA == 80", False, -25.0),
        ("DELTA != 80", True, 25.0),
        ("-DELTA < -200", False, -50.0),
        ("DELTA > 100", False, 0.0),
        ("DELTA >= 100", True, 0.0),
        ("DELTA == 100", True, 0.0),
        ("DELTA != 100", False, 0.0),
        ("EPSILON >= 0", True, 0.0),
        ("DELTA > 0", True, None),  # a percentage of nothing
        ("DELTA > EPSILON / EPSILON", False, None),
        ("DELTA * 1e308 * 10 > 1", True, None),
        ("2 > 1", True, math.inf),
        ("1 > 2", False, -math.inf),
        ("1 > 1", False, -math.inf),
        ("0 / 0 > 1", False, None),
    ],
)
def test_how_far_a_comparison_is_from_changing_its_mind(text, holds, margin):
    found = condition(text, [100.0])
    assert (found.value, found.margin_pct) == (holds, margin)


MISSES_50, MISSES_20, HOLDS_25, UNKNOWN = "DELTA > 200", "DELTA > 125", "DELTA > 80", "DELTA > 0"
UNDEFINED = "DELTA > 0 / 0"


@pytest.mark.parametrize(
    ("text", "margin"),
    [
        (f"NOT {MISSES_50}", 50.0),
        (f"{MISSES_50} AND {MISSES_20}", -50.0),  # both must come: the farthest
        (f"{MISSES_50} OR {MISSES_20}", -20.0),  # one must come: the nearest
        (f"{MISSES_50} AND {HOLDS_25}", -50.0),
        (f"{MISSES_50} OR {HOLDS_25}", 25.0),
        (f"{HOLDS_25} AND DELTA > 50", 25.0),  # the first to go
        (f"{HOLDS_25} OR DELTA > 50", 100.0),  # the last to go
        (f"{MISSES_20} AND {UNKNOWN}", -20.0),  # what holds anyway is no obstacle
        (f"{HOLDS_25} AND {UNKNOWN}", None),
        (f"{MISSES_20} AND {UNDEFINED}", None),
        (f"{MISSES_20} OR {UNDEFINED}", None),
        (f"{HOLDS_25} OR {UNDEFINED}", 25.0),
        (f"{MISSES_20} AND 2 > 1", -20.0),
        (f"{MISSES_20} AND 1 > 2", -math.inf),
        (f"{HOLDS_25} AND 2 > 1", 25.0),
        (f"{MISSES_20} OR 1 > 2", -20.0),
        (f"NOT ({MISSES_20} OR 2 > 1)", -math.inf),
    ],
)
def test_how_far_conditions_together_are_from_changing_their_mind(text, margin):
    assert condition(text, [100.0]).margin_pct == margin


def test_a_difference_is_left_less_right():
    assert condition("DELTA > 130", [100.0]).difference == -30.0
    assert condition("DELTA > 0 / 0", [100.0]).difference is None
    assert condition("NOT DELTA > 130", [100.0]).difference is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("AVG(DELTA, 20)", "needs 20 bars, there are 5"),
        ("DELTA(5)", "needs 6 bars, there are 5"),
        ("EMA(DELTA, 2)", "needs 8 bars, there are 5"),
        ("AVG(DELTA(4), 3)", "1 bar ago: needs 5 bars, there are 4"),
        ("DELTA_4H(0)", "needs 1 closed 4h bar, there are 0"),
        ("MAX_4H(AVG(DELTA, 3), 4)", "needs 4 closed 4h bars, there are 0"),
        ("1 / EPSILON", "division by zero"),
        ("ABS(1 / EPSILON + 1)", "division by zero"),
        ("SUM(1 / EPSILON, 2)", "division by zero"),
        ("LAG(1 / EPSILON, 2)", "2 bars ago: division by zero"),
        ("1e308 * 10 - 1e308 * 10", "infinite values cancel each other"),
        ("DELTA", ""),
    ],
)
def test_why_there_is_no_value(text, reason):
    assert side(text, [1, 2, 3, 4, 5]).undefined == reason


def test_the_newest_bar_without_a_value_is_named():
    series = candles([1] * 8, volumes=[0, 1, 0, 1, 1, 1, 1, 1])
    thought = explain(parse("IF SUM(1 / EPSILON, 7) > 0 THEN BUY"), Columns(series), 7)
    assert thought.rules[0].condition.undefined == "5 bars ago: division by zero"


def test_the_first_bar_has_no_true_range():
    assert side("THETA", [1, 2], bar=0).undefined == "needs 2 bars, there is 1"


def test_before_the_lookback_nobody_votes_and_what_is_known_is_shown():
    thought = think("IF DELTA > DELTA(3) THEN BUY ELSE SELL", [5, 6, 7, 8], bar=2)
    assert (thought.decides, thought.lookback, thought.decision) == (False, 3, 0)
    (rule,) = thought.rules
    assert (rule.vote, rule.branch) == (None, "")
    assert rule.condition.children[0].value == 7.0


def test_votes_are_counted_by_action():
    rules = "IF DELTA > 1 THEN BUY; IF DELTA > 2 THEN BUY ELSE SELL; IF DELTA > 9 THEN SELL"
    thought = think(rules, [2])
    assert [thought.votes(action) for action in ("BUY", "SELL", "HOLD")] == [1, 1, 1]
    assert [rule.branch for rule in thought.rules] == ["THEN", "ELSE", "ELSE"]


def test_a_suffix_names_the_higher_bar_that_it_reads():
    closes = list(range(1, 15))  # 14 hours from midnight: the day's first 4-hour bar is dropped
    now, before = (side(f"DELTA_4H({lag})", closes) for lag in (0, 1))
    assert (now.value, now.higher_bar) == (12.0, HigherBar("4h", 8 * HOUR_S, 12 * HOUR_S))
    assert (before.value, before.higher_bar) == (8.0, HigherBar("4h", 4 * HOUR_S, 8 * HOUR_S))
    window = side("AVG_4H(DELTA, 2)", closes)
    assert (window.value, window.higher_bar) == (10.0, HigherBar("4h", 8 * HOUR_S, 12 * HOUR_S))
    assert (window.children[0].value, window.children[0].inside) == (12.0, ("4H",))


def test_a_suffix_of_the_bars_themselves_is_no_higher_bar():
    assert side("DELTA_1H(0)", [1, 2]).higher_bar is None


@pytest.mark.parametrize("bar", [-1, 3])
def test_a_bar_that_is_not_there_is_refused(bar):
    with pytest.raises(SettingsError, match=f"no bar {bar}: the series has 3"):
        explain(parse("IF DELTA > 1 THEN BUY"), Columns(candles([1, 2, 3])), bar)


def test_a_timeframe_that_the_bars_cannot_make_is_refused():
    with pytest.raises(GenomeError, match="15M"):
        think("IF DELTA_15M > 0 THEN BUY", [1, 2])


def test_decisions_turn_where_they_are_not_those_of_the_bar_before():
    assert turns(np.array([0, 0, 1, 1, -1, 0], dtype=np.int8)).tolist() == [2, 4, 5]
    assert turns(np.zeros(0, dtype=np.int8)).tolist() == []
