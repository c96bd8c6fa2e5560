"""Diff: what changed, node by node."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.genome import OPERATORS, Genome, diff, mutate, parse
from tests.strategies import genomes

PARENT = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY\nIF DELTA(0) < 1.5 THEN SELL"
FIRST, SECOND = PARENT.splitlines()


@given(genomes())
def test_a_genome_does_not_differ_from_itself(genome: Genome) -> None:
    assert not diff(genome, genome)
    assert str(diff(genome, genome)) == "no change"


@given(genomes(), genomes())
def test_genomes_differ_exactly_when_they_have_a_change(parent: Genome, child: Genome) -> None:
    changes = diff(parent, child)
    assert bool(changes) == (parent != child)
    assert all(change.before != change.after for change in changes)


@given(genomes(), st.sampled_from(sorted(OPERATORS)), st.integers(0, 99))
def test_every_mutation_shows(genome: Genome, operator: str, seed: int) -> None:
    mutated = mutate(genome, np.random.default_rng(seed), operator=operator)
    assert mutated is None or len(diff(genome, mutated[0])) >= 1


@pytest.mark.parametrize(
    ("child", "line"),
    [
        (f"{FIRST.replace('20', '24')}\n{SECOND}", "rule 1, window: AVG(DELTA, 20) → AVG(DELTA, 24)"),
        (f"{FIRST.replace('AVG', 'EMA')}\n{SECOND}", "rule 1, function: AVG(DELTA, 20) → EMA(DELTA, 20)"),
        (f"{FIRST.replace('DELTA(0)', 'DELTA(3)')}\n{SECOND}", "rule 1, lag: DELTA(0) → DELTA(3)"),
        (f"{FIRST.replace('DELTA(0)', 'BETA(0)')}\n{SECOND}", "rule 1, symbol: DELTA(0) → BETA(0)"),
        (
            f"{FIRST.replace('AVG', 'AVG_4H')}\n{SECOND}",
            "rule 1, timeframe: AVG(DELTA, 20) → AVG_4H(DELTA, 20)",
        ),
        (f"{FIRST}\n{SECOND.replace('1.5', '1.6')}", "rule 2, number: 1.5 → 1.6"),
        (f"{FIRST}\n{SECOND.replace('<', '>=')}", "rule 2, operator: DELTA(0) < 1.5 → DELTA(0) >= 1.5"),
        (f"{FIRST}\n{SECOND.replace('1.5', 'RSI(DELTA, 2)')}", "rule 2, replaced: 1.5 → RSI(DELTA, 2)"),
        (
            f"{FIRST}\n{SECOND.replace('IF', 'IF NOT')}",
            "rule 2, wrapped: DELTA(0) < 1.5 → NOT DELTA(0) < 1.5",
        ),
        (f"{FIRST}\n{SECOND.replace('SELL', 'BUY')}", "rule 2, then: SELL → BUY"),
        (f"{FIRST}\n{SECOND} ELSE BUY", "rule 2, else: HOLD → BUY"),
        (f"{FIRST}\nIF 1 > 2 THEN BUY\n{SECOND}", "rule 2, rule added: IF 1 > 2 THEN BUY"),
        (SECOND, "rule 1, rule removed: IF DELTA(0) > AVG(DELTA, 20) THEN BUY"),
    ],
)
def test_each_kind_of_change_prints_as_one_line(child: str, line: str) -> None:
    assert str(diff(PARENT, child)) == line


def test_the_part_that_is_left_shows_the_whole_it_was_taken_from() -> None:
    (change,) = diff("IF DELTA(0) > 1 AND DELTA(0) > 2 THEN BUY", "IF DELTA(0) > 2 THEN BUY")
    assert (change.kind, change.before, change.after) == (
        "unwrapped",
        "DELTA(0) > 1 AND DELTA(0) > 2",
        "DELTA(0) > 2",
    )


def test_several_changes_come_in_the_order_of_the_text() -> None:
    changes = diff(PARENT, PARENT.replace("20", "24").replace("1.5", "1.6").replace("SELL", "BUY"))
    assert [(change.rule, change.kind) for change in changes] == [(1, "window"), (2, "number"), (2, "then")]


def test_a_diff_can_be_read_with_aliases() -> None:
    assert str(diff(PARENT, parse(PARENT.replace("20", "24")), "readable")) == (
        "rule 1, window: AVG(CLOSE, 20) → AVG(CLOSE, 24)"
    )


def test_a_rule_put_in_front_of_one_that_changed_does_not_take_its_place():
    before = "IF DELTA(0) > 1.5 * AVG(DELTA, 9) THEN SELL"
    after = "IF EPSILON(0) < 3 THEN BUY\nIF DELTA(0) > 1.6 * AVG(DELTA, 9) THEN SELL"
    assert [(change.rule, change.kind) for change in diff(before, after)] == [
        (1, "rule added"),
        (2, "number"),
    ]
