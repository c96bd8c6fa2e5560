"""What the compiler makes of a population: equal values once, places in tables for nothing."""

from collections import Counter

import numpy as np
import pytest

from evotrade.engine.opcodes import OP, Op
from evotrade.engine.program import compile_population
from evotrade.genome import parse


def moving(symbol, bars):
    return True


def compiled(*texts, moves_within=moving, combine="votes"):
    genomes = [parse(text) for text in texts]
    lookbacks = np.array([genome.lookback() for genome in genomes])
    return compile_population(genomes, lookbacks, "1h", moves_within, [combine] * len(genomes))


def operations(*texts, moves_within=moving, combine="votes"):
    """How often each operation stands in the program."""
    program = compiled(*texts, moves_within=moves_within, combine=combine)
    return Counter(Op(op) for op in program.code[:, OP])


def test_equal_values_are_computed_once_however_they_are_written():
    one = operations("IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL")
    assert one == {Op.SUM: 1, Op.GREATER: 1, Op.CHOOSE: 1}
    both = operations(
        "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL", "IF AVG(CLOSE, 20) < CLOSE THEN SELL ELSE BUY"
    )
    assert both == {Op.SUM: 1, Op.GREATER: 1, Op.CHOOSE: 2}


@pytest.mark.parametrize(
    "place", ["DELTA(7)", "LAG(DELTA, 7)", "LAG(LAG(DELTA(2), 3), 2)", "SUM(DELTA, 16)", "DELTA_1H(7)"]
)
def test_a_place_in_a_table_costs_no_instruction(place):
    assert operations(f"IF {place} > EPSILON(0) THEN BUY") == {Op.GREATER: 1, Op.CHOOSE: 1}


def test_a_mean_over_a_stretch_that_may_be_flat_is_clamped():
    def flat(symbol, bars):
        return bars > 20

    assert operations("IF AVG(DELTA, 20) > 1 THEN BUY", moves_within=flat)[Op.CLAMP] == 1
    assert operations("IF AVG(DELTA, 21) > 1 THEN BUY", moves_within=flat)[Op.CLAMP] == 0
    assert operations("IF STD(DELTA, 20) > 1 THEN BUY", moves_within=flat)[Op.UNLESS_FLAT] == 1


def test_windows_over_a_lag_share_the_tables_of_its_symbol():
    program = compiled("IF MAX(BETA(1), 9) > MAX(BETA(3), 9) THEN BUY")
    assert {row.source for row in program.rows} == {"BETA"}
    assert [(row.table, row.level) for row in program.rows][-1] == ("maxima", 3)


def test_the_first_rule_alone_is_compiled_where_it_alone_decides():
    text = "IF DELTA > 1 THEN BUY; IF EPSILON > 2 THEN SELL"
    assert operations(text)[Op.VOTE] == 2
    assert operations(text, combine="first")[Op.CHOOSE] == 1
