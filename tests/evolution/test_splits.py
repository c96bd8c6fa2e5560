"""The division of a series in time."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import NotEnoughCandles
from evotrade.evolution.splits import borders, divide
from evotrade.market import resample, synthetic_candles

CANDLES = synthetic_candles(3_000, "1h", seed=1)
SHARES = (0.6, 0.2, 0.2)
SPLITS = ("train", "validation", "vault")


def divided(candles, warmup):
    return divide(candles, borders(candles, SHARES), warmup)


@given(st.integers(200, 3_000), st.integers(0, 800))
def test_splits_never_share_a_bar_nor_read_one_that_an_earlier_split_was_judged_on(count, warmup):
    splits = divided(CANDLES[:count], warmup)
    bars = [getattr(splits, name).bars(CANDLES[:count]) for name in SPLITS]
    assert bars[0].start >= splits.warmup_bars
    for before, after in pairwise(bars):
        assert after.start - splits.warmup_bars >= before.stop or after.start == after.stop


def with_gaps(seed, kept_share):
    """1 500 hours of which only a share, drawn at random, has a bar in the first half."""
    rng = np.random.default_rng(seed)
    kept = np.concatenate((rng.random(750) < kept_share, np.ones(750, bool)))
    arrays = {name: getattr(CANDLES, name)[:1_500][kept] for name in ("time_s", *CANDLES.columns)}
    return replace(CANDLES, **arrays)


@given(st.integers(0, 99), st.floats(0.05, 1))
def test_no_timeframe_trains_on_what_another_is_validated_on_however_the_gaps_lie(seed, kept_share):
    candles = with_gaps(seed, kept_share)
    borders_s = borders(candles, SHARES)
    splits = [divide(resample(candles, name), borders_s, 10) for name in ("1h", "4h", "12h")]
    for before, after in pairwise(SPLITS):
        latest = max(getattr(one, before).end_s for one in splits)
        assert latest <= min(getattr(one, after).start_s for one in splits)


@given(st.integers(200, 3_000))
def test_without_warm_up_the_splits_are_the_series(count):
    splits = divided(CANDLES[:count], 0)
    bars = [getattr(splits, name).bars(CANDLES[:count]) for name in SPLITS]
    assert [one.start for one in bars] == [0, bars[0].stop, bars[1].stop]
    assert bars[2].stop == count


def test_shares_are_of_bars():
    splits = divided(CANDLES[:1_000], 50)
    bars = [getattr(splits, name).bars(CANDLES[:1_000]) for name in SPLITS]
    assert bars == [slice(50, 600), slice(650, 800), slice(850, 1_000)]


def test_a_short_series_gives_up_a_tenth_for_warm_up_at_most():
    assert divided(CANDLES[:1_000], 720).warmup_bars == 100


def test_a_series_too_short_to_train_on_is_refused_with_the_repair():
    with pytest.raises(NotEnoughCandles, match="30 bars of 1h leave 15 to train on, 20 are needed: use more"):
        divided(CANDLES[:30], 3)
