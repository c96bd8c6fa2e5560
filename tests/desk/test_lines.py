import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.desk.lines import Line, Member, joined
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.genome import as_genome
from evotrade.market.synthetic import synthetic_candles

CANDLES = synthetic_candles(400, "1h", seed=3)
GENOMES = [
    as_genome("IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"),
    as_genome("IF CLOSE > AVG(CLOSE_4H, 5) THEN BUY ELSE SELL"),
    as_genome("IF VOLUME > MAX(VOLUME(1), 3) THEN SELL ELSE HOLD"),
]


def lookback(number):
    return GENOMES[number].lookback("1h")


def joined_line(start, numbers, history=None):
    """A line that holds the bars before `start`, on which these genomes decide from there on."""
    line = Line(CANDLES[start - (history or 200) : start])
    for number in numbers:
        line.join(number, Member(GENOMES[number], "votes", line.next_start_s))
    return line


def decisions_of(told):
    rows = [one for bar in told for one in bar]
    return {number: [one.decision for one in rows if one.session_id == number] for number in range(3)}


@given(st.lists(st.integers(1, 7), min_size=1, max_size=30), st.integers(0, 3))
def test_decisions_are_the_backtests_in_whatever_pieces_bars_come(pieces, again):
    line, at, told = joined_line(200, range(3)), 200, []
    for piece in pieces:
        told += line.take(CANDLES[max(0, at - again) : at + piece], 0.0, late=False)
        at += piece
    for number, mine in decisions_of(told).items():
        expected = decide(GENOMES[number], Columns(CANDLES), "votes")[200:at]
        assert mine == expected.tolist()


@given(st.integers(201, 260), st.integers(0, 2))
def test_who_joins_later_decides_as_if_there_from_the_beginning(when, number):
    line = joined_line(200, {0, 1, 2} - {number})
    list(line.take(CANDLES[200:when], 0.0, late=False))
    start_s = int(CANDLES.time_s[230])
    line.join(number, Member(GENOMES[number], "votes", start_s))
    mine = [one.decision for one in line.catch_up(number, 0.0)]
    mine += decisions_of(line.take(CANDLES[when:280], 0.0, late=False))[number]
    assert mine == decide(GENOMES[number], Columns(CANDLES), "votes")[230:280].tolist()


def test_of_late_bars_only_the_newest_may_act_and_only_soon():
    end_s = int(CANDLES.end_s[209])
    soon = [bar[0].may_act for bar in joined_line(200, [0]).take(CANDLES[200:210], end_s + 359, late=True)]
    assert soon == [False] * 9 + [True]
    later = [bar[0].may_act for bar in joined_line(200, [0]).take(CANDLES[200:210], end_s + 361, late=True)]
    assert later == [False] * 10


def test_bars_seen_closing_may_act_whatever_the_clock_says():
    told = joined_line(200, [0]).take(CANDLES[200:202], 9e9, late=False)
    assert [bar[0].may_act for bar in told] == [True, True]


def test_a_line_forgets_bars_that_nobody_looks_at():
    line = joined_line(200, [0])
    list(line.take(CANDLES[200:400], 0.0, late=False))
    assert len(line.candles) < 2 * (lookback(0) + 66)


def test_older_bars_can_be_taken_for_a_longer_lookback():
    line = joined_line(200, [], history=10)
    line.extend_back(CANDLES[100:195])
    assert line.candles == CANDLES[100:200]


def test_a_bar_carries_its_numbers():
    (bar,), *_ = joined_line(200, [0]).take(CANDLES[200:201], 0.0, late=False)
    assert (bar.start_s, bar.close, bar.volume) == (
        CANDLES.time_s[200],
        CANDLES.close[200],
        CANDLES.volume[200],
    )
    assert bar.end_s - bar.start_s == 3_600


def test_joining_nothing_is_the_other_piece():
    assert joined(CANDLES[:0], CANDLES[:3]) == CANDLES[:3]
    assert joined(CANDLES[:3], CANDLES[3:3]) == CANDLES[:3]
    assert np.array_equal(joined(CANDLES[:3], CANDLES[3:5]).close, CANDLES.close[:5])


@pytest.mark.parametrize("number", range(3))
def test_who_left_is_told_nothing(number):
    line = joined_line(200, range(3))
    line.leave(number)
    assert decisions_of(line.take(CANDLES[200:205], 0.0, late=False))[number] == []
