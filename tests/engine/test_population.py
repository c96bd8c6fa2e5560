"""Many genomes at once give what each gives alone."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.engine.backtest import Span, backtest
from evotrade.engine.columns import Columns
from evotrade.engine.execution import Execution, Limits
from evotrade.engine.fingerprints import fingerprint
from evotrade.engine.population import evaluate_population
from evotrade.genome import parse
from evotrade.market.synthetic import synthetic_candles
from tests.strategies import genomes

TERMS = Execution(fee_bps=5, limits=Limits(stop_loss_pct=1))
CROSSING = parse("IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL")


def spans_of(candles, *borders):
    names = ("train", "validation", "vault")
    ends = zip(names, borders, borders[1:], strict=False)
    return [Span(name, int(candles.time_s[a]), int(candles.end_s[b - 1])) for name, a, b in ends]


@pytest.fixture(scope="module")
def columns():
    return Columns(synthetic_candles(1_000, "1h", seed=5))


@settings(max_examples=25)
@given(st.lists(genomes(max_bars=5, timeframes=("1H", "4H")), min_size=1, max_size=3))
def test_a_population_gets_the_numbers_of_single_backtests_to_the_last_bit(brood):
    columns = Columns(synthetic_candles(600, "1h", seed=5))
    spans = spans_of(columns.candles, 300, 450, 550)
    for genome, found in zip(brood, evaluate_population(brood, columns, spans, TERMS), strict=True):
        assert found.genome_id == genome.id
        for outcome, span in zip(found.outcomes, spans, strict=not found.skipped):
            alone = backtest(genome, columns, TERMS, span=span)
            np.testing.assert_equal(outcome.metrics, alone.metrics)
            assert outcome.fingerprint == fingerprint(alone.decisions)
            assert (outcome.split, outcome.bars) == (span.split, len(alone.decisions))


def test_genomes_that_decide_alike_in_a_span_share_its_fingerprint(columns):
    spans = spans_of(columns.candles, 100, 900)
    never = [parse(f"IF DELTA(0) < {number} THEN BUY") for number in (0, "0 - 1")]
    one, other, third = evaluate_population([*never, CROSSING], columns, spans, TERMS)
    assert one.outcomes[0].fingerprint == other.outcomes[0].fingerprint != third.outcomes[0].fingerprint


def test_a_genome_that_looks_back_over_the_warm_up_is_skipped(columns):
    spans = spans_of(columns.candles, 19, 900)
    ran = evaluate_population([CROSSING], columns, spans, TERMS, max_lookback=19)[0]
    assert (len(ran.outcomes), ran.skipped) == (1, None)
    skipped = evaluate_population([CROSSING], columns, spans, TERMS, max_lookback=18)[0]
    assert (skipped.outcomes, skipped.skipped) == ((), "looks back 19 bars of 1h, the warm-up has 18")


def test_a_genome_whose_bars_cannot_be_made_is_skipped(columns):
    finer = parse("IF DELTA_5M(0) > 1 THEN BUY")
    found = evaluate_population([finer], columns, spans_of(columns.candles, 100, 900), TERMS)[0]
    assert found.outcomes == ()
    assert "5M" in found.skipped


def test_slices_cover_every_bar_of_the_span(columns):
    found = evaluate_population([CROSSING], columns, spans_of(columns.candles, 100, 900), TERMS)[0]
    assert sum(found.outcomes[0].slices.n) == found.outcomes[0].bars == 800


def test_an_empty_span_has_an_outcome_without_values(columns):
    end_s = int(columns.candles.end_s[-1])
    outcome = evaluate_population([CROSSING], columns, [Span("vault", end_s, end_s)], TERMS)[0].outcomes[0]
    assert (outcome.bars, outcome.metrics["trades"]) == (0, 0)
    assert math.isnan(outcome.metrics["sharpe"])
