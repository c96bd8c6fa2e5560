"""Operator rates follow pay-off; the temperature follows stagnation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.evolution.rates import Rates

SHARES = st.fixed_dictionaries({"a": st.floats(0, 1), "b": st.floats(0, 1), "c": st.floats(0, 1)})


@given(SHARES)
def test_shares_are_a_distribution_that_starves_nobody(payoff):
    shares = Rates(payoff).shares
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= 0.3 / 3 - 1e-12


@given(SHARES)
def test_an_operator_that_paid_more_is_tried_more(payoff):
    shares = Rates(payoff).shares
    assert sorted(payoff, key=lambda name: payoff[name]) == sorted(
        payoff, key=lambda name: (shares[name], payoff[name])
    )


def test_payoff_moves_a_fifth_of_the_way_to_the_share_that_entered():
    after = Rates.even(["a", "b"]).after({"a": (1, 4)}, best=None)
    assert after.payoff == {"a": pytest.approx(0.8 * 1 + 0.2 * 0.25), "b": 1.0}


def test_stagnation_heats_step_by_step_and_a_better_cell_cools():
    rates = Rates.even(["a"]).after({}, best=(True, 5.0))
    heats = []
    for _ in range(12):
        rates = rates.after({}, best=(True, 5.0))
        heats.append(rates.temperature)
    assert heats[0] == 0.1
    assert heats[-1] == 1.0
    assert rates.after({}, best=(True, 5.1)).temperature == 0


def test_enough_trades_are_an_improvement_whatever_a_lucky_one_had_earned():
    rates = Rates.even(["a"]).after({}, best=(False, 900.0)).after({}, best=(True, 3.0))
    assert rates.stagnant == 0
    assert rates.after({}, best=(True, 2.0)).stagnant == 1


@given(SHARES, st.floats(0, 1))
def test_a_model_gets_all_of_its_share_where_it_pays_as_operators_do_and_less_below(payoff, paid):
    mean = sum(payoff.values()) / 3
    share = Rates(payoff, model_payoff=paid).model_share
    assert 0.3 - 1e-12 <= share <= 1
    assert (share == pytest.approx(1)) == (paid >= mean * (1 - 1e-6) or mean == 0) or share > 0.99


@given(SHARES, st.floats(0, 1), st.floats(0, 1))
def test_a_model_that_pays_more_is_never_asked_less(payoff, one, other):
    less, more = sorted((one, other))
    assert Rates(payoff, model_payoff=less).model_share <= Rates(payoff, model_payoff=more).model_share


def test_every_answer_of_a_model_counts_as_tried_and_moves_no_operator():
    after = Rates.even(["a", "b"]).after({"llm": (1, 5)}, best=None)
    assert after.model_payoff == pytest.approx(0.8 * 1 + 0.2 * 1 / 5)
    assert after.payoff == {"a": 1.0, "b": 1.0}
    # 0.3 of it whatever it pays, and of the rest as much as it pays of the operators' mean
    assert after.model_share == pytest.approx(0.3 + 0.7 * 0.84)


def test_a_checkpoint_from_before_there_were_models_is_read():
    saved = Rates.even(["a"]).to_dict()
    del saved["model_payoff"]
    assert Rates.from_dict(saved) == Rates.even(["a"])


@given(SHARES, st.integers(0, 50), st.none() | st.tuples(st.booleans(), st.floats(-1e6, 1e6)))
def test_rates_come_back_from_a_checkpoint(payoff, stagnant, best):
    rates = Rates(payoff, stagnant, best, model_payoff=0.25)
    assert Rates.from_dict(json.loads(json.dumps(rates.to_dict()))) == rates
