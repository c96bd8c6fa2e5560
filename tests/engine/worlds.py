"""Genomes that look back little, over candles with gaps: small enough to be evaluated bar by bar."""

import numpy as np
from hypothesis import strategies as st

from evotrade import timeframes
from evotrade.genome import Genome
from evotrade.genome.tree import ACTIONS, RELATIONS, Comparison, Logical, Not, Rule, Window, walk
from evotrade.market.candles import Candles, bar_start_s
from tests.strategies import expressions

SUFFIXES = {"5m": ("5M", "15M", "30M"), "1h": ("1H", "4H", "1D"), "4h": ("4H", "1D"), "1d": ("1D", "1W")}


def candles(bars, timeframe, seed):
    """Bars of a coarse random walk (flat and equal prices are common, volume may be 0), every sixth after
    a gap."""
    rng = np.random.default_rng(seed)
    length_s = timeframes.length_s(timeframe)
    steps = rng.choice([1, 1, 1, 1, 1, 2, 3, 11], bars)
    time_s = bar_start_s(1_600_000_000, timeframe) + np.cumsum(steps) * length_s
    close = 50 + np.round(np.abs(np.cumsum(rng.normal(0, 0.5, bars))), 1)
    open_ = np.append(close[:1], close[:-1])
    high = np.maximum(open_, close) + np.round(rng.random(bars), 1)
    low = np.minimum(open_, close) - np.round(rng.random(bars), 1)
    volume, trades = np.round(3 * rng.random(bars)), rng.integers(0, 4, bars)
    funding = {"funding_rate": rng.normal(0, 1e-4, bars)} if seed % 2 else {}
    return Candles(time_s, open_, high, low, close, volume, trades, timeframe, **funding)


def conditions(suffixes):
    side = expressions(max_leaves=4, max_bars=6, timeframes=suffixes)
    unlike = st.builds(Comparison, st.sampled_from(RELATIONS), side, side)
    comparison = st.one_of(unlike, side.flatmap(with_its_own_past), side.flatmap(with_its_own_past))
    joined = st.builds(Logical, st.sampled_from(["AND", "OR"]), comparison, comparison)
    return st.one_of(comparison, st.builds(Not, comparison), joined, st.builds(Not, joined))


def with_its_own_past(side):
    """A comparison that is neither always true nor always false."""
    past = st.builds(Window, st.sampled_from(["AVG", "EMA", "LAG"]), st.just(side), st.integers(1, 4))
    return st.builds(Comparison, st.sampled_from(RELATIONS), st.just(side), past)


@st.composite
def worlds(draw, spare_bars=70, longest=400):
    """(genome, candles): the candles have `spare_bars` more than the genome's lookback."""
    timeframe = draw(st.sampled_from(sorted(SUFFIXES)))
    rule = st.builds(
        Rule, conditions(SUFFIXES[timeframe]), st.sampled_from(ACTIONS), st.sampled_from(ACTIONS)
    )
    genomes = st.lists(rule, min_size=1, max_size=3).map(lambda rules: Genome(tuple(rules)))
    genome = draw(genomes.filter(lambda genome: genome.lookback(timeframe) <= longest))
    bars = genome.lookback(timeframe) + spare_bars
    return genome, candles(bars, timeframe, draw(st.integers(0, 2**16)))


def sides(genome):
    """The two expressions of every comparison of a genome."""
    nodes = (node for rule in genome.rules for node in walk(rule.condition))
    return [side for node in nodes if isinstance(node, Comparison) for side in node.children]
