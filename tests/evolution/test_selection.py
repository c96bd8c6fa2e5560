"""Who stays and who has offspring."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evotrade.evolution.selection import Member, double_tournament, survivors
from evotrade.genome import as_genome

SMALL = as_genome("IF DELTA(0) > DELTA(1) THEN BUY ELSE SELL")
LARGE = as_genome("IF DELTA(0) + DELTA(2) > DELTA(1) + DELTA(3) THEN BUY ELSE SELL")


def member(cell_id: int, fitness: float, trades: int = 20, fingerprint: str = "", genome=SMALL) -> Member:
    return Member(cell_id, genome, fitness, trades, fingerprint or f"behaviour {cell_id}")


MEMBERS = st.lists(
    st.builds(member, st.integers(1, 99), st.floats(-50, 50), st.integers(0, 30), st.sampled_from("abcdef")),
    max_size=30,
)


@given(MEMBERS, st.integers(1, 10))
def test_survivors_are_unlike_each_other_and_no_one_better_was_left_out(members, count):
    kept = survivors(members, count, min_trades=10)
    prints = [one.fingerprint for one in kept]
    assert len(kept) == min(count, len({one.fingerprint for one in members})) == len(set(prints))
    for other in members:
        if other.fingerprint not in prints:
            assert all(one.rank(10) <= other.rank(10) for one in kept)


def test_enough_trades_come_before_fitness_and_fitness_before_size():
    lucky, solid, poor = member(1, 900, trades=1), member(2, 5), member(3, 4, genome=LARGE)
    same_as_poor_but_smaller = member(4, 4)
    ranked = survivors([lucky, poor, solid, same_as_poor_but_smaller], 4, min_trades=10)
    assert [one.cell_id for one in ranked] == [2, 4, 3, 1]


def test_of_two_that_decide_alike_the_smaller_stays():
    ranked = survivors([member(1, 5, fingerprint="x", genome=LARGE), member(2, 5, fingerprint="x")], 9, 10)
    assert [one.cell_id for one in ranked] == [2]


def test_of_two_that_are_worth_the_same_the_older_stays():
    stored, first_born, second_born = (member(number, 5, fingerprint="x") for number in (12, -1, -2))
    assert survivors([second_born, first_born, stored], 9, 10) == [stored]
    assert survivors([second_born, first_born], 9, 10) == [first_born]


def test_a_better_rank_wins_more_tournaments():
    ranked = [member(place, -place) for place in range(10)]
    rng = np.random.default_rng(1)
    wins = Counter(double_tournament(ranked, 4, rng).cell_id for _ in range(2_000))
    # the best of four drawn from ten is the first with probability 1 - 0.9^4
    assert abs(wins[0] / 2_000 - (1 - 0.9**4)) < 0.04


def test_the_smaller_of_two_winners_is_preferred_seven_times_in_ten():
    ranked = [member(0, 0, genome=LARGE), member(1, 0, genome=SMALL)]
    rng = np.random.default_rng(1)
    picked = Counter(double_tournament(ranked, 1, rng).cell_id for _ in range(4_000))
    # equal pairs (half of all) pick either; of the unequal half the smaller wins 0.7
    assert abs(picked[1] / 4_000 - (0.25 + 0.5 * 0.7)) < 0.03


@given(st.integers(1, 300), st.integers(1, 9), st.integers(0, 2**32))
def test_the_two_tournaments_are_drawn_one_after_the_other(count, size, seed):
    ranked = [member(place, -place, genome=(SMALL, LARGE)[place % 2]) for place in range(count)]
    rng = np.random.default_rng(seed)
    winners = [ranked[rng.integers(count, size=size).min()] for _ in range(2)]
    smaller, larger = sorted(winners, key=lambda one: one.genome.size)
    expected = smaller if rng.random() < 0.7 else larger
    assert double_tournament(ranked, size, np.random.default_rng(seed)) == expected
