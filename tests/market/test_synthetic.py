import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import SettingsError
from evotrade.market import gaps, synthetic_candles
from evotrade.timeframes import SECONDS

MARKET = synthetic_candles(40_000, "1h", seed=3)
RETURNS = np.diff(np.log(MARKET.close))


@given(st.integers(1, 500), st.sampled_from(sorted(SECONDS)), st.integers(0, 2**32))
def test_every_market_keeps_the_candle_contract_without_gaps(n: int, interval: str, seed: int) -> None:
    candles = synthetic_candles(n, interval, seed)  # Candles refuses to be wrong
    assert (len(candles), candles.timeframe, candles.source) == (n, interval, "synthetic")
    assert gaps(candles).empty
    assert (candles.volume > 0).all()
    assert (candles.trades >= 1).all()


def test_a_seed_makes_one_market() -> None:
    assert synthetic_candles(200, seed=7) == synthetic_candles(200, seed=7)
    assert synthetic_candles(200, seed=7) == synthetic_candles(200, seed=np.random.default_rng(7))
    assert synthetic_candles(200, seed=7) != synthetic_candles(200, seed=8)


def test_a_bar_opens_where_the_last_one_closed() -> None:
    assert (MARKET.open[1:] == MARKET.close[:-1]).all()


def test_returns_have_fat_tails() -> None:
    scaled = (RETURNS - RETURNS.mean()) / RETURNS.std()
    assert (scaled**4).mean() > 5  # the normal distribution has 3


def test_volatility_comes_in_clusters_while_returns_do_not() -> None:
    size = np.abs(RETURNS)
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1
    assert abs(np.corrcoef(RETURNS[1:], RETURNS[:-1])[0, 1]) < 0.05


def test_volatility_of_a_year_is_that_of_a_large_coin() -> None:
    assert 0.4 < RETURNS.std() * np.sqrt(365 * 24) < 1.2


def test_volume_and_trades_rise_with_the_range_of_the_bar() -> None:
    spread = np.log(MARKET.high / MARKET.low)
    assert np.corrcoef(np.log(MARKET.volume), spread)[0, 1] > 0.3
    assert np.corrcoef(np.log(MARKET.trades), spread)[0, 1] > 0.3


def test_regimes_last_so_that_months_move_more_than_their_hours_say() -> None:
    days = np.diff(np.log(synthetic_candles(20_000, "1d", seed=3).close))
    months = days[: 30 * (len(days) // 30)].reshape(-1, 30).sum(axis=1)
    assert months.std() > 1.05 * days.std() * np.sqrt(30)


@pytest.mark.parametrize(("n", "interval"), [(0, "1h"), (-3, "1h"), (10, "2h")])
def test_an_impossible_market_is_refused(n: int, interval: str) -> None:
    with pytest.raises(SettingsError):
        synthetic_candles(n, interval)
