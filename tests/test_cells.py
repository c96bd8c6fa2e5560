"""Who is born, who lives, who dies, and why."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.cells import (
    Cell,
    Phenotype,
    ViabilityRules,
    failure_to_be_born,
    is_viable,
    judged_fitness,
    objective,
    status_label,
)
from evotrade.errors import SettingsError

GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def phenotype(
    split: str = "train", timeframe: str = "1h", recorded: bool = False, **metrics: float
) -> Phenotype:
    shown = {"trades": 40.0, "sharpe": 1.0, "max_drawdown_pct": 20.0, "return_pct": 30.0} | metrics
    return Phenotype("BTC/USD", "archive", timeframe, split, 0, 3600, metrics=shown, recorded=recorded)


def cell(*phenotypes: Phenotype, fitness: float = 30.0, genome: str = GENOME, **fields: object) -> Cell:
    genome_id = str(fields.pop("genome_id", "id"))
    return Cell(genome, genome_id, fitness, datetime(2026, 1, 1, tzinfo=UTC), phenotypes=phenotypes, **fields)


@given(NUMBERS, NUMBERS)
def test_a_child_is_born_exactly_when_it_gains_or_beats_its_parent(fitness, parent):
    assert (failure_to_be_born(fitness, parent) is None) == (fitness > 0 or fitness > parent)


def test_a_founder_is_born_whatever_its_fitness():
    assert failure_to_be_born(-80.0, None) is None


@pytest.mark.parametrize(
    ("fitness", "reason"),
    [(-5.0, "lower than parent"), (-1.0, "no better than parent"), (math.nan, "no value")],
)
def test_a_failed_child_has_its_reason(fitness, reason):
    assert failure_to_be_born(fitness, -1.0) == reason


def test_a_cell_that_gains_and_trades_lives_without_a_word():
    assert is_viable(cell(phenotype())) == (True, (), ())


def test_fitness_below_the_threshold_of_its_objective_kills():
    verdict = is_viable(cell(phenotype(), fitness=-10.5))
    assert not verdict.alive
    assert verdict.reasons == ("return -10.50 % is below -10 %",)


def test_fitness_at_the_threshold_still_lives():
    assert is_viable(cell(phenotype(), fitness=-10.0)).alive


def test_one_entry_at_any_timeframe_is_enough_to_have_entered():
    silent = phenotype(timeframe="1h", trades=0)
    assert not is_viable(cell(silent)).alive
    assert is_viable(cell(silent, phenotype(timeframe="4h", trades=1))).alive


def test_a_genome_that_does_not_parse_kills_and_says_where():
    (reason,) = is_viable(cell(phenotype(), genome="IF DELT(0) > 1 THEN BUY", genome_id="")).reasons
    assert reason == "does not parse: line 1, column 4: unknown symbol 'DELT'. Did you mean DELTA?"


def test_few_trades_warn_and_kill_only_when_strict():
    few = cell(phenotype(trades=3))
    assert is_viable(few).warnings == ("too few trades to tell: 3 of 10",)
    assert not is_viable(few, ViabilityRules(strict=True)).alive


def test_a_cell_that_stands_aside_on_validation_is_told_in_words():
    aside = cell(phenotype(sharpe=2.0), phenotype("validation", sharpe=math.nan))
    assert is_viable(aside).warnings == ("Sharpe decays from 2.00 on train to none on validation at 1h",)


def test_a_sharpe_that_decays_on_validation_is_told():
    decayed = cell(phenotype(sharpe=2.0), phenotype("validation", sharpe=0.5))
    assert is_viable(decayed).warnings == ("Sharpe decays from 2.00 on train to 0.50 on validation at 1h",)
    assert not is_viable(cell(phenotype(sharpe=2.0), phenotype("validation", sharpe=1.5))).warnings


def test_a_deep_drawdown_is_told():
    assert is_viable(cell(phenotype(max_drawdown_pct=95))).warnings == ("drawdown 95.0 % is over 90 %",)


def test_an_imported_cell_is_judged_by_recorded_numbers_until_it_is_evaluated_here():
    recorded = phenotype("all", recorded=True, return_pct=35.8)
    assert judged_fitness(cell(recorded, fitness=35.8, origin="import")) == 35.8
    here = phenotype("all", return_pct=-40.0)
    best = phenotype("all", timeframe="4h", return_pct=-20.0)
    evaluated = cell(recorded, here, best, fitness=35.8, origin="import")
    assert judged_fitness(evaluated) == -20.0
    assert not is_viable(evaluated).alive


def test_a_status_is_shown_with_its_sign():
    assert [status_label(status) for status in ("alive", "dead")] == ["🟢 alive", "💀 dead"]


def test_an_unknown_objective_lists_the_known_ones():
    with pytest.raises(SettingsError, match="unknown objective 'luck': use one of return_pct"):
        objective("luck")
