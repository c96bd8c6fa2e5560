"""Random genomes, mutation and crossover: everything they make is a genome within bounds, and a new one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import SettingsError
from evotrade.genome import OPERATORS, Genome, Palette, crossover, mutate, parse, random_genome
from evotrade.genome.edit import numbered_nodes, replace_node
from evotrade.genome.functions import SYMBOLS, TIMEFRAMES
from evotrade.genome.tree import Number, Symbol, Window
from tests.strategies import genomes

SMALL = Palette(symbols=("DELTA", "EPSILON"), functions=("AVG", "RSI"), timeframes=("4H",), max_window=30,
                max_lag=5, max_rules=3, max_size=20, max_lookback=120)  # fmt: skip
RULES = "IF DELTA(3) > 1.5 * AVG(DELTA, 20) THEN BUY\nIF NOT EPSILON(0) < DELTA(0) THEN SELL ELSE BUY"
seeds = st.integers(0, 2**32)


def words(genome: Genome) -> set[str]:
    """Symbols, functions and suffixes that a genome uses."""
    nodes = [node for _, node in numbered_nodes(genome.rules)]
    symbols = {node.name for node in nodes if isinstance(node, Symbol)}
    return symbols | {node.function for node in nodes if isinstance(node, Window)} | set(genome.timeframes)


@given(seeds, st.sampled_from((Palette(), SMALL, Palette(timeframes=("4H", "1D"), max_lookback=720))))
def test_a_random_genome_parses_keeps_its_palette_and_can_buy_and_sell(seed: int, palette: Palette) -> None:
    genome = random_genome(np.random.default_rng(seed), palette)
    assert parse(str(genome)) == genome
    assert palette.admits(genome)
    assert words(genome) <= {*palette.symbols, *palette.functions, *palette.timeframes}
    actions = {action for rule in genome.rules for action in (rule.then, rule.otherwise)}
    assert actions >= {"BUY", "SELL"}


@given(genomes(), seeds, st.sampled_from((None, *OPERATORS)))
def test_a_mutant_parses_is_within_limits_and_differs_from_its_parent(
    genome: Genome, seed: int, operator: str | None
) -> None:
    mutated = mutate(genome, np.random.default_rng(seed), operator=operator)
    if mutated is None:
        return
    child, made_by = mutated
    assert parse(str(child)) == child
    assert child.id != genome.id
    assert made_by == operator or (operator is None and made_by in OPERATORS)
    assert Palette().admits(child, genome)


@given(genomes(), genomes(), seeds)
def test_a_crossing_parses_is_within_limits_and_differs_from_both(
    one: Genome, other: Genome, seed: int
) -> None:
    child = crossover(one, other, np.random.default_rng(seed))
    if child is None:
        return
    assert parse(str(child)) == child
    assert child.id not in (one.id, other.id)
    assert Palette().admits(child, one)
    assert words(child) <= words(one) | words(other)


@given(seeds)
def test_what_a_palette_lacks_never_grows_in_a_line_of_mutants(seed: int) -> None:
    rng = np.random.default_rng(seed)
    genome = random_genome(rng, SMALL)
    for _ in range(40):
        mutated = mutate(genome, rng, SMALL)
        genome = mutated[0] if mutated else genome
        assert SMALL.admits(genome)
    assert words(genome) <= {"DELTA", "EPSILON", "AVG", "RSI", "4H"}


@given(seeds)
def test_the_same_seed_makes_the_same_genomes(seed: int) -> None:
    def line() -> list[str]:
        rng = np.random.default_rng(seed)
        one, other = random_genome(rng), random_genome(rng)
        mutated = mutate(one, rng)
        return [str(one), str(other), str(mutated and mutated[0]), str(crossover(one, other, rng))]

    assert line() == line()


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_finds_something_to_change(operator: str) -> None:
    rng = np.random.default_rng(3)
    children = [mutate(parse(RULES), rng, Palette(timeframes=("4H", "1D")), operator) for _ in range(40)]
    assert None not in children
    assert len({made[0].id for made in children if made}) > 1


@pytest.mark.parametrize(
    ("operator", "text"),
    [
        ("delete_rule", "IF DELTA(0) > ALPHA(0) THEN BUY"),
        ("constant", "IF DELTA(0) > ALPHA(0) THEN BUY"),
        ("hoist", "IF DELTA(0) > ALPHA(0) THEN BUY"),
        ("timeframe", "IF DELTA(0) > ALPHA(0) THEN BUY"),
    ],
)
def test_an_operator_without_anything_to_change_says_so(operator: str, text: str) -> None:
    assert mutate(parse(text), np.random.default_rng(1), Palette(), operator) is None


def test_a_whole_wrapped_in_not_loses_its_not_again() -> None:
    child = mutate(parse("IF NOT DELTA(0) > 1 THEN BUY"), np.random.default_rng(4), operator="wrap_not")
    assert child is not None
    assert str(child[0]) in ("IF DELTA(0) > 1 THEN BUY", "IF NOT NOT DELTA(0) > 1 THEN BUY")


def test_a_constant_moves_but_little() -> None:
    rng = np.random.default_rng(5)
    parent = parse("IF DELTA(0) > 100 * ALPHA(0) THEN BUY")
    for _ in range(100):
        child = mutate(parent, rng, operator="constant")
        assert child is not None
        (number,) = [node.value for _, node in numbered_nodes(child[0].rules) if isinstance(node, Number)]
        assert abs(math.log(number / 100)) < 1.6  # five times the widest spread


def test_rates_decide_which_operators_are_drawn() -> None:
    rng = np.random.default_rng(6)
    rates = {"action": 3.0, "symbol": 1.0, "hoist": 0.0}
    drawn = [made[1] for _ in range(400) if (made := mutate(parse(RULES), rng, rates=rates))]
    assert set(drawn) == {"action", "symbol"}
    assert 0.65 < drawn.count("action") / len(drawn) < 0.85


@pytest.mark.parametrize("rates", [{"flip": 1.0}, {"point": 0.0}, {}])
def test_rates_that_name_no_operator_are_refused(rates: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        mutate(parse(RULES), np.random.default_rng(1), rates=rates)


def test_a_large_parent_may_have_children_as_large_but_no_larger() -> None:
    rng = np.random.default_rng(7)
    parent = parse("\n".join([RULES] * 4))
    tight = Palette(max_size=10, max_rules=2)
    children = [made[0] for _ in range(100) if (made := mutate(parent, rng, tight))]
    assert children
    assert max(child.size for child in children) <= parent.size


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbols": ()},
        {"symbols": ("CLOSE",)},
        {"functions": ("SMA",)},
        {"timeframes": ("2H",)},
        {"timeframes": ("15M",), "timeframe": "1h"},
        {"max_window": 0},
        {"max_size": 201},
        {"max_rules": 17},
    ],
)
def test_a_palette_refuses_what_the_language_lacks(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        Palette(**wrong)  # type: ignore[arg-type]


def test_a_palette_of_columns_has_their_symbols_and_the_longer_timeframes() -> None:
    spot = Palette.for_columns(("open", "high", "low", "close", "volume", "trades"), "4h", max_lookback=500)
    assert set(SYMBOLS) - set(spot.symbols) == {"OMEGA", "PSI"}
    assert spot.timeframes == ("1D", "1W")
    assert (spot.timeframe, spot.max_lookback) == ("4h", 500)
    assert Palette.for_columns(("close",), "1m").symbols == ("DELTA",)
    assert Palette.for_columns(("close",), "1m").timeframes == TIMEFRAMES


def test_a_palette_without_room_for_a_genome_says_so() -> None:
    palette = Palette(symbols=("THETA",), max_lookback=0)
    with pytest.raises(SettingsError, match="max_lookback"):
        random_genome(np.random.default_rng(1), palette)


def test_a_node_is_replaced_by_its_number_in_the_order_of_the_text() -> None:
    rules = parse(RULES).rules
    names = [type(node).__name__ for _, node in numbered_nodes(rules)]
    assert names == ["Comparison", "Symbol", "Binary", "Number", "Window", "Symbol", "Not", "Comparison",
                     "Symbol", "Symbol"]  # fmt: skip
    replaced = replace_node(rules, 5, Symbol("ALPHA"))
    assert str(Genome(replaced)) == RULES.replace("AVG(DELTA", "AVG(ALPHA")
    assert str(Genome(replace_node(rules, 9, Number(2.0)))) == RULES.replace("< DELTA(0)", "< 2")


def test_at_the_limits_of_the_language_children_still_keep_them() -> None:
    rng = np.random.default_rng(8)
    roomy = Palette(max_size=200, max_rules=16)
    deep = "-" * 9 + "DELTA"  # 10 + 1 + 1 nodes with its comparison
    parent = parse(f"IF {deep} > 0 THEN BUY\n" * 16)
    for _ in range(100):
        for made in (mutate(parent, rng, roomy, "insert_rule"), mutate(parent, rng, roomy, "wrap_and")):
            assert made is None or made[0].size <= 200
        child = crossover(parent, parse(f"IF {'-' * 22}DELTA > 1 THEN SELL"), rng, roomy)
        assert child is None or (child.size <= 200 and child.depth <= 24 and len(child.rules) <= 16)
