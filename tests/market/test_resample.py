import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import SettingsError
from evotrade.market import Candles, resample
from evotrade.timeframes import SECONDS
from tests.strategies import candle_series

LONGER = ("4h", "12h", "1d", "1w")
PANDAS_RULES = {"4h": "4h", "12h": "12h", "1d": "1D", "1w": "W-MON"}
JOIN = {
    "open": "first",
    "high": "max",
    "low": "min",
    "close": "last",
    "volume": "sum",
    "trades": "sum",
    "funding_rate": "sum",
    "open_interest": "last",
}


def by_pandas(candles: Candles, timeframe: str) -> pd.DataFrame:
    """The same with pandas: all higher bars that exist, without the first and the unfinished one."""
    frame = candles.frame
    how = {name: JOIN[name] for name in frame}
    bars = frame.resample(PANDAS_RULES[timeframe], label="left", closed="left").agg(how)
    bars = bars[frame["open"].resample(PANDAS_RULES[timeframe], label="left", closed="left").count() > 0]
    ends = bars.index + pd.Timedelta(seconds=SECONDS[timeframe])
    return bars.iloc[1:][(ends <= frame.index[-1] + pd.Timedelta(hours=1))[1:]]


@given(candle_series(min_bars=1, max_bars=120), st.sampled_from(LONGER))
def test_pandas_makes_the_same_bars(candles: Candles, timeframe: str) -> None:
    expected = by_pandas(candles, timeframe)
    got = resample(candles, timeframe)
    assert got.timestamp.tolist() == expected.index.tolist()
    for name in candles.columns:
        assert getattr(got, name).tolist() == expected[name].tolist(), name


@given(candle_series(max_bars=120), st.sampled_from(LONGER), st.data())
def test_later_bars_change_no_bar_that_was_complete(
    candles: Candles, timeframe: str, data: st.DataObject
) -> None:
    then = resample(candles[: data.draw(st.integers(0, len(candles)))], timeframe)
    assert resample(candles, timeframe)[: len(then)] == then


@given(candle_series(max_bars=120), st.sampled_from(LONGER), st.data())
def test_an_earlier_history_changes_no_bar(candles: Candles, timeframe: str, data: st.DataObject) -> None:
    short = resample(candles[data.draw(st.integers(0, len(candles))) :], timeframe)
    long = resample(candles, timeframe)
    assert long[len(long) - len(short) :] == short


@given(
    candle_series(max_bars=200), st.sampled_from([("4h", "12h"), ("4h", "1d"), ("12h", "1w"), ("1d", "1w")])
)
def test_two_steps_make_the_bars_of_one_step_but_may_lose_one_at_each_edge(
    candles: Candles, steps: tuple[str, str]
) -> None:
    direct = resample(candles, steps[1])
    stepped = resample(resample(candles, steps[0]), steps[1])
    if len(stepped):
        first = int(np.searchsorted(direct.time_s, stepped.time_s[0]))
        assert first <= 1
        assert direct[first : first + len(stepped)] == stepped
    assert len(direct) - len(stepped) <= 2


@given(candle_series())
def test_the_timeframe_that_they_have_leaves_candles_as_they_are(candles: Candles) -> None:
    assert resample(candles, "1h") == candles


def hours(first: str, count: int) -> Candles:
    """Hourly bars whose close is the count of bars before them."""
    index = pd.date_range(first, periods=count, freq="h", tz="UTC")
    prices = np.arange(1.0, count + 1)
    columns = dict.fromkeys(("open", "high", "low", "close", "volume"), prices)
    return Candles.from_frame(pd.DataFrame(columns, index=index), "1h")


def test_a_higher_bar_appears_with_the_base_bar_that_completes_it() -> None:
    assert len(resample(hours("2024-01-01 00:00", 7), "4h")) == 0
    completed = resample(hours("2024-01-01 00:00", 8), "4h")
    assert (completed.open.tolist(), completed.close.tolist(), completed.volume.tolist()) == ([5], [8], [26])


def test_the_first_higher_bar_is_dropped_even_when_it_is_whole() -> None:
    assert resample(hours("2024-01-01 00:00", 8), "4h").timestamp[0] == pd.Timestamp("2024-01-01 04:00Z")


def test_a_higher_bar_that_lacks_its_last_hours_appears_with_the_next_bar() -> None:
    candles = hours("2024-01-01 00:00", 9)
    frame = candles.frame.drop(candles.timestamp[[6, 7]])  # 06:00 and 07:00 of the bar that starts at 04:00
    assert len(resample(Candles.from_frame(frame.iloc[:-1], "1h"), "4h")) == 0
    assert resample(Candles.from_frame(frame, "1h"), "4h").close.tolist() == [6]


def test_weeks_start_on_monday() -> None:
    weeks = resample(hours("2024-01-03 00:00", 24 * 20), "1w")
    assert weeks.timestamp.day_name().unique().tolist() == ["Monday"]


@pytest.mark.parametrize("timeframe", ["1m", "30m"])
def test_a_shorter_timeframe_cannot_be_made(timeframe: str) -> None:
    with pytest.raises(SettingsError, match=f"{timeframe} bars cannot be made of 1h bars"):
        resample(hours("2024-01-01", 3), timeframe)
