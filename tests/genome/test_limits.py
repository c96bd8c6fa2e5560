"""The limits: each with its own message, at its place, and soon enough for hostile text."""

import time

import pytest

from evotrade.errors import GenomeError
from evotrade.genome import Genome, parse
from evotrade.genome.tree import (
    Binary,
    Comparison,
    Expression,
    Node,
    Not,
    Number,
    Rule,
    Symbol,
    Unary,
    Window,
)

RULE = "IF DELTA(0) > 1 THEN BUY\n"


def refusal(text: str) -> tuple[int, int, str]:
    """Line, column and message of the error that `text` ends in."""
    with pytest.raises(GenomeError) as caught:
        parse(text)
    return caught.value.line, caught.value.column, caught.value.message


def test_a_genome_has_at_most_16_rules() -> None:
    assert len(parse(RULE * 16).rules) == 16
    assert refusal(RULE * 17) == (17, 1, "a genome has at most 16 rules")


def balanced(depth: int) -> str:
    """A sum of 2 ** depth symbols, which has 2 ** (depth + 1) - 1 nodes."""
    return "DELTA" if depth == 0 else f"({balanced(depth - 1)} + {balanced(depth - 1)})"


def test_a_genome_has_at_most_200_nodes() -> None:
    wide = f"IF {balanced(5)} > {balanced(5)} THEN BUY\n"  # 63 + 63 + 1 nodes
    rest = f"IF {balanced(4)} > {balanced(4)} THEN BUY\n"  # 31 + 31 + 1
    small = f"IF {balanced(1)} > {balanced(1)} THEN BUY\n"  # 3 + 3 + 1
    assert parse(wide + rest + small + "IF 1 > 0 THEN BUY").size == 200
    message = "a genome has at most 200 nodes"
    assert refusal(wide + rest + small + small) == (4, 1, message)
    assert refusal(f"IF {balanced(7)} > 0 THEN BUY")[2] == message


def test_a_rule_nests_at_most_24_levels_deep() -> None:
    message = "a rule nests at most 24 levels deep"
    assert parse(f"IF {'-' * 22}DELTA > 0 THEN BUY").depth == 24
    assert refusal(f"IF {'-' * 23}DELTA > 0 THEN BUY") == (1, 33, message)
    assert refusal(f"IF {'-' * 24}DELTA > 0 THEN BUY") == (1, 27, message)
    assert parse(f"IF {'NOT ' * 22}DELTA > 0 THEN BUY").depth == 24
    assert refusal(f"IF {'NOT ' * 23}DELTA > 0 THEN BUY") == (1, 4, message)


def test_redundant_parentheses_add_no_depth_but_nest_at_most_100_deep() -> None:
    assert parse(f"IF {'(' * 100}DELTA{')' * 100} > 0 THEN BUY").depth == 2
    assert refusal(f"IF {'(' * 101}DELTA{')' * 101} > 0 THEN BUY") == (
        1, 104, "at most 100 parentheses may be open at once"
    )  # fmt: skip


def test_a_text_has_at_most_16384_bytes_of_utf8() -> None:
    assert parse(RULE + "#" * (16_384 - len(RULE)))
    assert parse(RULE + "#" + "é" * ((16_384 - len(RULE) - 1) // 2))
    message = "the text has 16386 bytes, a genome has at most 16384"
    assert refusal(RULE + "#" + "é" * ((16_386 - len(RULE)) // 2)) == (1, 1, message)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "IF " + "(" * 16_000,
        "IF " + "-" * 16_000,
        "IF " + "NOT " * 4_000,
        "IF " + "(-" * 8_000,
        "IF " + "MAX(" * 4_000,
        "IF " + "HIGHER(1," * 1_700,
        "IF " + "1+" * 8_000,
        "IF " + "1>1 AND " * 2_000,
        "IF 1>1THEN BUY " * 1_000,
        ";" * 16_384,
        "IF " + "9" * 16_000,
        "IF DELTA(" + "9" * 16_000,
        "IF " + "a" * 16_000,
        "\ud800",
    ],
    ids=lambda text: f"{text[:10]!r}…",
)
def test_hostile_text_ends_in_a_genome_error_at_once(text: str) -> None:
    parse(RULE)  # the parser's tables are built on first use
    started = time.process_time()
    with pytest.raises(GenomeError):
        parse(text)
    assert time.process_time() - started < 0.05


@pytest.mark.parametrize(
    "make",
    [
        lambda: Number(float("nan")),
        lambda: Number(float("inf")),
        lambda: Number(-1.0),
        lambda: Number(-0.0),
        lambda: Symbol("SIGMA"),
        lambda: Symbol("DELTA", -1),
        lambda: Symbol("DELTA", 0, "4h"),
        lambda: Window("ABS", Symbol("DELTA"), 3),
        lambda: Window("AVG", Symbol("DELTA"), 0),
        lambda: Window("AVG", Symbol("DELTA"), 5001),
        lambda: Genome(()),
    ],
)
def test_a_node_refuses_to_be_wrong_at_birth(make: object) -> None:
    assert callable(make)
    with pytest.raises(GenomeError):
        make()


def test_a_tree_of_conditions_takes_only_conditions() -> None:
    comparison = Comparison(">", Symbol("DELTA"), Number(1.0))
    with pytest.raises(GenomeError, match="expected a condition, found Number"):
        Not(comparison).with_children(Number(1.0))
    with pytest.raises(GenomeError, match="expected an expression, found Comparison"):
        Unary("-", Number(1.0)).with_children(comparison)


def test_a_tree_knows_its_size_and_refuses_to_grow_too_deep() -> None:
    node: Expression = Symbol("DELTA")
    for _ in range(23):
        node = Binary("+", node, Number(1.0))
    assert (node.size, node.depth) == (47, 24)
    with pytest.raises(GenomeError, match="24 levels"):
        Unary("-", node)


def test_a_genome_made_of_trees_keeps_the_limits_too() -> None:
    rule = Rule(Comparison(">", Symbol("DELTA"), Number(1.0)), "BUY")
    with pytest.raises(GenomeError, match="at most 16 rules"):
        Genome((rule,) * 17)
    big: Node = parse(f"IF {balanced(5)} > {balanced(5)} THEN BUY").rules[0].condition
    with pytest.raises(GenomeError, match="at most 200 nodes"):
        Genome((Rule(big, "BUY"),) * 2)  # type: ignore[arg-type]
