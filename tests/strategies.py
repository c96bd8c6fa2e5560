"""Random values for property tests: genomes over the whole language, not only those that evolution makes."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from evotrade.genome import Genome
from evotrade.genome.functions import SYMBOLS, TIMEFRAMES, WINDOWS
from evotrade.genome.tree import (
    ACTIONS,
    ARITHMETIC,
    RELATIONS,
    Binary,
    Comparison,
    Condition,
    Expression,
    Logical,
    Not,
    Number,
    Rule,
    Symbol,
    Unary,
    Window,
)


def expressions(
    *, max_leaves: int = 6, max_bars: int = 40, timeframes: tuple[str, ...] = TIMEFRAMES
) -> SearchStrategy[Expression]:
    """Expressions; suffixes only from `timeframes`, windows and lags up to `max_bars`."""
    suffixes = st.none() | st.sampled_from(timeframes) if timeframes else st.none()
    numbers = st.floats(min_value=0.0, allow_nan=False, allow_infinity=False)
    leaves = st.builds(Number, numbers) | st.builds(
        Symbol, st.sampled_from(sorted(SYMBOLS)), st.integers(0, max_bars), suffixes
    )

    def grown(inner: SearchStrategy[Expression]) -> SearchStrategy[Expression]:
        bars = st.integers(1, max_bars)
        return (
            st.builds(Window, st.sampled_from(sorted(WINDOWS)), inner, bars, suffixes)
            | st.builds(Binary, st.sampled_from(ARITHMETIC), inner, inner)
            | st.builds(Unary, st.sampled_from(("-", "ABS")), inner)
        )

    return st.recursive(leaves, grown, max_leaves=max_leaves)


def conditions(
    *, max_leaves: int = 3, max_bars: int = 40, timeframes: tuple[str, ...] = TIMEFRAMES
) -> SearchStrategy[Condition]:
    """Conditions over `expressions` with the same bounds."""
    inner = expressions(max_bars=max_bars, timeframes=timeframes)
    comparisons = st.builds(Comparison, st.sampled_from(RELATIONS), inner, inner)
    return st.recursive(
        comparisons,
        lambda nested: (
            st.builds(Logical, st.sampled_from(("AND", "OR")), nested, nested) | st.builds(Not, nested)
        ),
        max_leaves=max_leaves,
    )


def genomes(
    *, max_rules: int = 3, max_bars: int = 40, timeframes: tuple[str, ...] = TIMEFRAMES
) -> SearchStrategy[Genome]:
    """Genomes of 1 to `max_rules` rules, within the language's limits."""
    actions = st.sampled_from(ACTIONS)
    rules = st.builds(Rule, conditions(max_bars=max_bars, timeframes=timeframes), actions, actions)
    many = st.lists(rules, min_size=1, max_size=max_rules)
    small = many.filter(lambda made: sum(rule.condition.size for rule in made) <= 200)
    return small.map(lambda made: Genome(tuple(made)))
