"""The laws that make one evaluator serve past and present: nothing but a decision's own bars can move it."""

import sqlite3

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import COMBINES, decide, value
from evotrade.genome import parse
from evotrade.market.candles import Candles
from tests.engine.naive import Naive, bits
from tests.engine.worlds import sides, worlds
from tests.paths import shared

ways = st.sampled_from(COMBINES)


@given(worlds(), st.data())
def test_a_value_is_what_the_text_of_the_language_says_to_the_last_bit(world, data):
    genome, candles = world
    columns, naive = Columns(candles), Naive(candles)
    bars = data.draw(st.lists(st.integers(0, len(candles) - 1), min_size=20, max_size=20))
    for side in sides(genome):
        expected = [naive.number(side, candles.timeframe, bar) for bar in bars]
        assert bits(value(side, columns)[bars]) == bits(expected)


@given(worlds(), ways, st.data())
def test_a_decision_is_what_the_text_of_the_language_says(world, combine, data):
    genome, candles = world
    bars = data.draw(st.lists(st.integers(0, len(candles) - 1), min_size=20, max_size=20))
    naive = Naive(candles)
    expected = [naive.decision(genome, bar, combine) for bar in bars]
    assert decide(genome, Columns(candles), combine)[bars].tolist() == expected


@given(worlds(), ways, st.data())
def test_a_cut_of_the_history_changes_nothing_after_the_lookback(world, combine, data):
    genome, candles = world
    lookback = genome.lookback(candles.timeframe)
    start = data.draw(st.integers(0, 60))
    end = data.draw(st.integers(start + lookback + 1, len(candles)))
    whole, cut = Columns(candles), Columns(candles[start:end])
    shared = slice(start + lookback, end)
    assert bits(decide(genome, whole, combine)[shared]) == bits(decide(genome, cut, combine)[lookback:])
    for side in sides(genome):
        assert bits(value(side, whole)[shared]) == bits(value(side, cut)[lookback:])


@given(worlds(), ways, st.data())
def test_bar_by_bar_decides_as_the_batch_does(world, combine, data):
    genome, candles = world
    lookback = genome.lookback(candles.timeframe)
    batch = decide(genome, Columns(candles), combine)
    for bar in data.draw(st.lists(st.integers(lookback, len(candles) - 1), min_size=8, max_size=8)):
        live = decide(genome, Columns(candles[bar - lookback : bar + 1]), combine)
        assert (live[:-1] == 0).all()
        assert live[-1] == batch[bar]


@given(worlds())
def test_every_way_to_decide_leaves_the_lookback_alone(world):
    genome, candles = world
    lookback = genome.lookback(candles.timeframe)
    for combine in COMBINES:
        assert not decide(genome, Columns(candles), combine)[:lookback].any()
        assert not decide(genome, Columns(candles[:lookback]), combine).any()


@given(st.lists(worlds(), min_size=2, max_size=4), ways)
@settings(max_examples=20)
def test_what_other_genomes_left_in_the_cache_changes_nothing(several, combine):
    candles = several[0][1]
    genomes = [genome for genome, its in several if its.timeframe == candles.timeframe]
    together = Columns(candles, cache_bytes=40_000)
    for genome in genomes * 2:
        assert bits(decide(genome, together, combine)) == bits(decide(genome, Columns(candles), combine))


def read(name, timeframe):
    """A shared csv as candles; times are in seconds or milliseconds."""
    rows = pd.read_csv(shared(f"data/{name}"))
    unit_s = 1_000 if rows["timestamp"].iloc[0] > 1e11 else 1
    columns = {column: rows[column].to_numpy(float) for column in rows.columns[1:]}
    return Candles(rows["timestamp"].to_numpy() // unit_s, timeframe=timeframe, **columns)


REAL = parse("""
    IF DELTA > 1.02 * AVG(DELTA, 20) AND EPSILON > AVG(EPSILON, 48) + STD(EPSILON, 300) THEN BUY
    IF DELTA < MIN_4H(GAMMA, 12) OR RSI(DELTA_1D, 14) > 70 OR EMA(THETA, 9) / DELTA > 0.02 THEN SELL
""")


def test_years_of_hourly_bars_obey_the_law_of_cuts():
    candles = read("XBTUSD_60.csv", "1h")
    whole, lookback = decide(REAL, Columns(candles)), REAL.lookback("1h")
    assert set(whole.tolist()) == {-1, 0, 1}
    for start, end in [(0, 500), (17, 9_000), (31_003, 31_003 + lookback + 1), (52_111, 70_000)]:
        assert (decide(REAL, Columns(candles[start:end]))[lookback:] == whole[start + lookback : end]).all()


def test_all_cells_of_the_earlier_system_decide_and_obey_the_laws():
    candles = read("origin/PURR_60.csv", "1h")
    with sqlite3.connect(shared("data/origin/cells.db")) as cells:
        genomes = [parse(text) for (text,) in cells.execute("SELECT dsl_genome FROM cells")]
    whole, cut, naive = Columns(candles), Columns(candles[301:1_100]), Naive(candles)
    assert len(genomes) == 100
    for genome in genomes:
        lookback = genome.lookback("1h")
        decisions = decide(genome, whole, "majority")
        assert (decide(genome, cut, "majority")[lookback:] == decisions[301 + lookback : 1_100]).all()
        for bar in (199, 707, 1_440):
            assert decisions[bar] == naive.decision(genome, bar, "majority")
