"""What becomes of a brood."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evotrade.engine.population import Evaluated, Outcome
from evotrade.engine.slices import SLICES, SliceSums
from evotrade.evolution.dish import Dish
from evotrade.evolution.evaluation import Plan
from evotrade.evolution.fitness import Fitness, measure_fitness
from evotrade.evolution.generation import Setting, deliver
from evotrade.evolution.proposals import AnswerKey, Proposal
from evotrade.evolution.search import Candidate
from evotrade.evolution.selection import Member
from evotrade.evolution.splits import borders, divide
from evotrade.genome import as_genome
from evotrade.market import synthetic_candles

CANDLES = synthetic_candles(400, "1h", seed=1)
DISH = Dish.of("dish", CANDLES, min_trades=5)
GENOME = as_genome("IF DELTA(0) > DELTA(1) THEN BUY ELSE SELL")
PARENT = Member(7, GENOME, -4.0, 9, "parent")
NOTHING = SliceSums((0,) * SLICES, (0.0,) * SLICES, (0.0,) * SLICES, math.nan, math.nan)


def outcome(return_pct, trades=9.0):
    metrics = {"return_pct": return_pct, "trades": trades, "sharpe": 1.0, "max_drawdown_pct": 1.0}
    return Outcome("train", metrics, NOTHING, "behaviour", 100)


def delivered(candidate, evaluated):
    plan = Plan(
        {"1h": (divide(CANDLES, borders(CANDLES, DISH.shares), 10).train,)}, DISH.execution, DISH.combine
    )
    setting = Setting(DISH, CANDLES, plan, 3, 2, datetime(2026, 1, 1, tzinfo=UTC))
    return deliver([candidate], [{"1h": evaluated}], setting)


def ran(return_pct, trades=9.0):
    return Evaluated(GENOME.id, (outcome(return_pct, trades),))


def test_a_child_that_beats_its_parent_is_born_with_its_certificate():
    delivery = delivered(Candidate(GENOME, "point", (PARENT,)), ran(-3.0))
    (cell,) = delivery.cells
    assert (cell.cell_id, cell.parent_id, cell.generation, cell.operator) == (-1, 7, 2, "point")
    assert (cell.origin, cell.status, cell.dish) == ("evolution", "alive", "dish")
    assert cell.phenotypes[0].data_hash == CANDLES.data_hash
    assert [member.cell_id for member in delivery.newborn] == [-1]
    assert delivery.trials[0].outcome == "born"


@pytest.mark.parametrize(
    ("evaluated", "reason"),
    [
        (ran(-5.0), "lower than parent"),
        (ran(-4.0), "no better than parent"),
        (ran(0.0, trades=0.0), "never entered a trade"),
        (Evaluated(GENOME.id, skipped="looks back too far"), "cannot run"),
    ],
)
def test_a_child_that_fails_is_counted_by_its_reason(evaluated, reason):
    delivery = delivered(Candidate(GENOME, "point", (PARENT,)), evaluated)
    assert delivery.failures == {reason: 1}
    assert delivery.cells == delivery.newborn == ()
    assert [trial.reason for trial in delivery.trials] == [reason] * len(evaluated.outcomes)


def test_a_founder_that_lost_everything_is_born_dead_and_does_not_compete():
    delivery = delivered(Candidate(GENOME, "founder"), ran(-99.0))
    assert [cell.status for cell in delivery.cells] == ["dead"]
    assert delivery.cells[0].reasons[0] == "return -99.00 % is below -10 %"
    assert delivery.newborn == ()


def dish(aggregate):
    return Dish.of("dish", CANDLES, min_trades=5, aggregate=aggregate, timeframes=("1h", "4h"))


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [("best", Fitness(30.0, 9)), ("mean", Fitness(20.0, 6)), ("worst", Fitness(10.0, 6))],
)
def test_fitness_is_the_best_the_mean_or_the_worst_timeframe(aggregate, expected):
    outcomes = {"1h": outcome(10.0, 6), "4h": outcome(30.0, 9)}
    assert measure_fitness(outcomes, dish(aggregate)) == expected


def test_the_best_timeframe_is_one_with_enough_trades_and_never_one_that_stood_aside():
    assert measure_fitness({"1h": outcome(10.0, 6), "4h": outcome(900.0, 1)}, dish("best")) == (10.0, 6)
    assert measure_fitness({"1h": outcome(-40.0, 2), "4h": outcome(0.0, 0)}, dish("best")) == (-40.0, 2)


def test_a_timeframe_that_stood_aside_has_no_sharpe_but_still_the_fewest_trades():
    aside = outcome(0.0, 0)
    aside.metrics["sharpe"] = math.nan
    shown = {"1h": outcome(10.0, 6), "4h": aside}
    worst = replace(dish("worst"), objective="sharpe")
    assert measure_fitness(shown, worst) == Fitness(1.0, 0)


def test_without_an_outcome_there_is_no_fitness():
    value, trades = measure_fitness({}, DISH)
    assert math.isnan(value)
    assert trades == 0


SAID = Proposal(GENOME, PARENT, AnswerKey(3, 2), "openai:m", "crossing", "trend", "trends last")


def test_a_model_s_child_has_its_words_and_its_fate_is_told():
    delivery = delivered(Candidate(GENOME, "llm", (PARENT,), SAID), ran(-3.0))
    (cell,) = delivery.cells
    assert (cell.origin, cell.operator, cell.parent_id, cell.llm_model) == ("llm", "llm", 7, "openai:m")
    assert (cell.llm_name, cell.llm_category, cell.llm_hypothesis) == ("crossing", "trend", "trends last")
    (fate,) = delivery.fates
    assert (fate.proposal, fate.cell, fate.reason) == (SAID, cell, "")


def test_a_model_s_child_that_is_not_born_is_told_as_what_it_would_have_been():
    delivery = delivered(Candidate(GENOME, "llm", (PARENT,), SAID), ran(-5.0))
    (fate,) = delivery.fates
    assert (delivery.cells, delivery.failures) == ((), {"lower than parent": 1})
    assert (fate.cell.cell_id, fate.cell.fitness, fate.reason) == (0, -5.0, "lower than parent")
