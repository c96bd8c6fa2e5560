"""Random values for property tests: genomes over the whole language, not only those that evolution makes,
and candles with few digits, so that ties, flat bars and exact sums happen, and gaps of any length.
"""

import numpy as np
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
from evotrade.market import Candles, bar_start_s
from evotrade.timeframes import SECONDS


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


_PRICES = st.integers(1, 400).map(lambda ticks: ticks / 4)  # dyadic: no sum or mean of them is rounded
_WHOLE = st.integers(0, 1_000).map(float)
_STEPS = st.one_of(st.just(1), st.just(1), st.integers(1, 40))
_BAR = st.tuples(_STEPS, _PRICES, _PRICES, _PRICES, _PRICES, _WHOLE, _WHOLE)


@st.composite
def candle_series(
    draw: st.DrawFn, timeframe: str = "1h", min_bars: int = 0, max_bars: int = 60, extras: bool | None = None
) -> Candles:
    """Candles of `timeframe`, with funding and open interest as `extras` says, or sometimes."""
    bars = draw(st.lists(_BAR, min_size=min_bars, max_size=max_bars))
    steps, *prices, volume, trades = np.array(bars, dtype=np.float64).reshape(len(bars), 7).T
    first = draw(st.integers(1_000_000_000, 2_000_000_000))
    length = SECONDS[timeframe]
    low, open_, close, high = np.sort(np.array(prices).reshape(4, len(bars)), axis=0)
    falls = np.array(draw(st.lists(st.booleans(), min_size=len(bars), max_size=len(bars))), dtype=bool)
    has_extras = draw(st.booleans()) if extras is None else extras
    return Candles(
        time_s=bar_start_s(first, timeframe) + length * np.cumsum(steps).astype(np.int64),
        open=np.where(falls, close, open_),
        high=high,
        low=low,
        close=np.where(falls, open_, close),
        volume=volume,
        trades=trades,
        timeframe=timeframe,
        pair="BTC/USD",
        funding_rate=(volume - 500) / 64 if has_extras else None,
        open_interest=trades * 8 if has_extras else None,
    )
