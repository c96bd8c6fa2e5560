"""The division of a series in time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import NotEnoughCandles
from evotrade.evolution.splits import divide
from evotrade.market import synthetic_candles

CANDLES = synthetic_candles(3_000, "1h", seed=1)


@given(st.integers(200, 3_000), st.integers(0, 800))
def test_splits_never_share_a_bar_nor_read_one_that_an_earlier_split_was_judged_on(count, warmup):
    splits = divide(CANDLES[:count], (0.6, 0.2, 0.2), warmup)
    spans = [splits.train, splits.validation, splits.vault]
    bars = [span.bars(CANDLES[:count]) for span in spans]
    assert bars[0].start >= splits.warmup_bars
    for before, after in pairwise(bars):
        assert after.start - splits.warmup_bars >= before.stop or after.start == after.stop


@given(st.integers(200, 3_000))
def test_without_warm_up_the_splits_are_the_series(count):
    splits = divide(CANDLES[:count], (0.6, 0.2, 0.2), 0)
    bars = [getattr(splits, name).bars(CANDLES[:count]) for name in ("train", "validation", "vault")]
    assert [one.start for one in bars] == [0, bars[0].stop, bars[1].stop]
    assert bars[2].stop == count


def test_shares_are_of_bars():
    splits = divide(CANDLES[:1_000], (0.6, 0.2, 0.2), 50)
    bars = [getattr(splits, name).bars(CANDLES[:1_000]) for name in ("train", "validation", "vault")]
    assert bars == [slice(50, 600), slice(650, 800), slice(850, 1_000)]


def test_a_short_series_gives_up_a_tenth_for_warm_up_at_most():
    assert divide(CANDLES[:1_000], (0.6, 0.2, 0.2), 720).warmup_bars == 100


def test_a_series_too_short_to_train_on_is_refused_with_the_repair():
    with pytest.raises(NotEnoughCandles, match="30 bars of 1h leave 15 to train on, 20 are needed: use more"):
        divide(CANDLES[:30], (0.6, 0.2, 0.2), 3)
