"""Canonical form: one name for one strategy, and never the same name for two."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.genome import Genome, parse
from evotrade.genome.tree import Binary, Comparison, Logical, Node, Not, Number, Rule, Symbol, Unary, Window
from tests.strategies import genomes

NAN = math.nan


def shuffled(node: Node, rng: random.Random) -> Node:
    """`node` with operands swapped at random wherever that changes nothing."""
    node = node.with_children(*(shuffled(child, rng) for child in node.children))
    if isinstance(node, Binary | Logical | Comparison) and rng.random() < 0.5:
        mirror = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
        if isinstance(node, Comparison) or node.operator not in "-/":
            operator = mirror.get(node.operator, node.operator)
            return type(node)(operator, node.right, node.left)  # type: ignore[arg-type]
    return node


def value(node: Node, columns: dict[str, float]) -> float:
    """The meaning of `node` at one bar; a window stands for any function of its argument."""
    operands = [value(child, columns) for child in node.children]
    match node:
        case Number(number):
            return number
        case Symbol(name):
            return columns[name]
        case Window(_, _, bars):
            return operands[0] / (bars + 0.5)
        case Unary(operator):
            return -operands[0] if operator == "-" else abs(operands[0])
        case Not():
            return not operands[0]
        case Logical(operator):
            return all(operands) if operator == "AND" else any(operands)
    return pair(node.operator, *operands)  # type: ignore[attr-defined]


def pair(operator: str, a: float, b: float) -> float:
    """Two operands in IEEE arithmetic, with x/0 as NaN."""
    undefined = math.isnan(a) or math.isnan(b)
    if operator in ("HIGHER", "LOWER"):
        return NAN if undefined else max(a, b) if operator == "HIGHER" else min(a, b)
    if operator == "/":
        return NAN if b == 0 else a / b
    results = {"+": a + b, "-": a - b, "*": a * b, ">": a > b, "<": a < b, ">=": a >= b, "<=": a <= b}
    return {**results, "==": a == b, "!=": a != b and not undefined}[operator]


@given(genomes(), st.randoms(use_true_random=False))
def test_the_order_of_operands_makes_no_difference_to_the_id(genome: Genome, rng: random.Random) -> None:
    rules = (Rule(shuffled(r.condition, rng), r.then, r.otherwise) for r in genome.rules)  # type: ignore[arg-type]
    assert Genome(tuple(rules)).id == genome.id


@given(genomes())
def test_the_canonical_text_is_a_genome_with_the_same_id_and_size(genome: Genome) -> None:
    canonical = parse(genome.canonical)
    assert canonical.canonical == genome.canonical == str(canonical)
    assert (canonical.id, canonical.size) == (genome.id, genome.size)


@given(genomes(), st.lists(st.sampled_from((NAN, 0.0, 1.0, 2.5, 100.0)), min_size=9, max_size=9))
def test_canonical_form_keeps_the_meaning_with_nan_too(genome: Genome, values: list[float]) -> None:
    names = ("ALPHA", "BETA", "GAMMA", "DELTA", "EPSILON", "ZETA", "OMEGA", "PSI", "THETA")
    columns = dict(zip(names, values, strict=True))
    for written, ordered in zip(genome.rules, parse(genome.canonical).rules, strict=True):
        assert value(written.condition, columns) == value(ordered.condition, columns)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IF DELTA(0) > 1 THEN BUY", "if  (CLOSE) > 1.0 then buy else hold # same"),
        ("IF DELTA(0) < 1.50 THEN BUY", "IF 15e-1 > DELTA(0) THEN BUY"),
        ("IF DELTA(0) <= ALPHA(0) THEN BUY", "IF ALPHA(0) >= DELTA(0) THEN BUY"),
        ("IF DELTA(0) + ALPHA(0) == 1 THEN BUY", "IF 1 == ALPHA(0) + DELTA(0) THEN BUY"),
        ("IF HIGHER(1, DELTA(0)) > 1 THEN BUY", "IF 1 < HIGHER(DELTA(0), 1) THEN BUY"),
    ],
)
def test_two_ways_to_write_one_strategy_have_one_id(one: str, other: str) -> None:
    assert parse(one).id == parse(other).id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IF NOT DELTA(0) > 1 THEN BUY", "IF DELTA(0) <= 1 THEN BUY"),
        ("IF DELTA(0) - 1 > 0 THEN BUY", "IF 1 - DELTA(0) > 0 THEN BUY"),
        ("IF DELTA(0) + (1 + 2) > 0 THEN BUY", "IF DELTA(0) + 1 + 2 > 0 THEN BUY"),
        ("IF DELTA(0) > 1 + 1 THEN BUY", "IF DELTA(0) > 2 THEN BUY"),
        ("IF DELTA_1H(0) > 1 THEN BUY", "IF DELTA(0) > 1 THEN BUY"),
        ("IF DELTA(0) > 1 THEN BUY\nIF 1 > 0 THEN SELL", "IF 1 > 0 THEN SELL\nIF DELTA(0) > 1 THEN BUY"),
        ("IF DELTA(0) > 1 THEN BUY", "IF DELTA(0) > 1 THEN BUY ELSE SELL"),
    ],
)
def test_what_may_differ_in_meaning_differs_in_id(one: str, other: str) -> None:
    assert parse(one).id != parse(other).id


def test_the_id_is_the_beginning_of_the_hash_of_the_canonical_text() -> None:
    # printf 'IF 1.5 > DELTA(0) THEN BUY' | sha256sum
    genome = parse("IF CLOSE < 1.50 THEN BUY")
    assert genome.canonical == "IF 1.5 > DELTA(0) THEN BUY"
    assert genome.id == "d3e0175506a5"
