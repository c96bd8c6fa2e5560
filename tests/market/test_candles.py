import pickle
from dataclasses import FrozenInstanceError, replace
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import BadCandle, DataError, SettingsError
from evotrade.market import Candles, bar_start_s
from evotrade.market.candles import find_bad_bars
from evotrade.timeframes import SECONDS
from tests.strategies import candle_series

MONDAY = pd.Timestamp("2024-01-01", tz="UTC")  # 2024 began on a Monday


def hours(**changes: list[float]) -> Candles:
    """Three hourly bars; a changed column is given whole."""
    bars = {
        "time_s": [1_704_067_200, 1_704_070_800, 1_704_078_000],
        "open": [10.0, 11.0, 12.0],
        "high": [12.0, 12.0, 13.0],
        "low": [9.0, 10.0, 11.0],
        "close": [11.0, 12.0, 11.5],
        "volume": [1.0, 2.0, 3.0],
        "trades": [5.0, 6.0, 7.0],
    }
    return Candles(**(bars | changes), timeframe="1h", pair="BTC/USD")


@given(candle_series())
def test_a_frame_holds_the_whole_series(candles: Candles) -> None:
    again = Candles.from_frame(candles.frame, candles.timeframe, pair=candles.pair, source=candles.source)
    assert again == candles
    assert hash(again) == hash(candles)


@given(candle_series())
def test_a_pickle_holds_the_whole_series(candles: Candles) -> None:
    assert pickle.loads(pickle.dumps(candles)) == candles


@given(candle_series(min_bars=1), st.data())
def test_a_changed_number_changes_the_hash(candles: Candles, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in candles.columns if name in ("volume", "trades")]))
    bar = data.draw(st.integers(0, len(candles) - 1))
    values = getattr(candles, name).copy()
    values[bar] = np.nextafter(values[bar], np.inf)
    assert replace(candles, **{name: values}).data_hash != candles.data_hash


@given(candle_series(), st.integers(-5, 70), st.integers(0, 70))
def test_between_holds_exactly_the_bars_that_lie_inside(candles: Candles, start: int, length: int) -> None:
    first = int(candles.time_s[0]) if len(candles) else 0
    start_s = first + start * 1_800
    end_s = start_s + length * 1_800
    inside = candles.between(start_s, end_s)
    kept = [t for t in candles.time_s if start_s <= t and t + 3_600 <= end_s]
    assert inside.time_s.tolist() == kept


@given(st.integers(0, 4_000_000_000), st.sampled_from(sorted(SECONDS)))
def test_a_time_lies_in_its_bar(time_s: int, timeframe: str) -> None:
    start = int(bar_start_s(time_s, timeframe))
    assert start <= time_s < start + SECONDS[timeframe]
    assert int(bar_start_s(start, timeframe)) == start


@pytest.mark.parametrize("timeframe", SECONDS)
def test_a_monday_at_midnight_starts_a_bar_of_every_timeframe(timeframe: str) -> None:
    assert int(bar_start_s(int(MONDAY.timestamp()), timeframe)) == MONDAY.timestamp()


def test_a_sunday_belongs_to_the_week_that_began_on_monday() -> None:
    sunday = pd.Timestamp("2024-01-07 23:59:59", tz="UTC")
    assert int(bar_start_s(int(sunday.timestamp()), "1w")) == MONDAY.timestamp()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"close": [11.0, np.nan, 11.5]}, "2024-01-01 01:00 UTC: close is nan, not a finite number"),
        ({"volume": [1.0, np.inf, 3.0]}, "01:00 UTC: volume is inf"),
        ({"low": [9.0, -10.0, 11.0]}, "01:00 UTC: low -10.0 is not above 0"),
        ({"high": [12.0, 9.5, 13.0]}, "01:00 UTC: high 9.5 is below low 10.0"),
        ({"high": [12.0, 11.5, 13.0]}, "01:00 UTC: high 11.5 is below open 11.0 or close 12.0"),
        ({"low": [9.0, 11.5, 11.0]}, "01:00 UTC: low 11.5 is above open 11.0 or close 12.0"),
        ({"volume": [1.0, -2.0, 3.0]}, "01:00 UTC: volume -2.0 is below 0"),
        ({"trades": [1.0, -2.0, 3.0]}, "01:00 UTC: trades -2.0 is below 0"),
        ({"time_s": [1_704_067_200, 1_704_070_860, 1_704_078_000]}, "01:01 UTC: it does not start on"),
        (
            {"time_s": [1_704_067_200, 1_704_067_200, 1_704_078_000]},
            "00:00 UTC: it has the time of another bar",
        ),
        ({"time_s": [1_704_067_200, 1_704_063_600, 1_704_078_000]}, "23:00 UTC: its time is out of order"),
        ({"time_s": [1_704_067_200, 1_704_070_800_000, 1_704_078_000]}, "outside 1970 to 2199"),
    ],
)
def test_a_bad_bar_is_refused_by_its_time(changes: dict[str, list[float]], complaint: str) -> None:
    with pytest.raises(BadCandle, match=complaint.replace("-", r"\-")):
        hours(**changes)


def bars_refused_at(hours: list[int]) -> list[int]:
    columns = {name: np.ones(len(hours)) for name in ("open", "high", "low", "close", "volume", "trades")}
    return [bar for bar, _ in find_bad_bars(3_600 * np.array(hours, dtype=np.int64), columns, "1h")]


@pytest.mark.parametrize(
    ("hours", "refused"),
    [
        ([10, 11, 9, 10, 12], [2, 3]),
        ([10, 99, 11, 12, 13], [1]),
        ([10, 11, 11, 11, 12], [2, 3]),
        ([11, 10], [1]),
    ],
    ids=["goes back", "jumps ahead", "comes again", "of two the earlier row stays"],
)
def test_a_bar_out_of_its_place_costs_itself_alone(hours: list[int], refused: list[int]) -> None:
    assert bars_refused_at(hours) == refused


@given(st.lists(st.integers(0, 12), max_size=9))
def test_no_bar_is_refused_that_could_have_stayed(hours: list[int]) -> None:
    choices = (kept for length in range(len(hours) + 1) for kept in combinations(hours, length))
    most = max(len(kept) for kept in choices if all(a < b for a, b in pairwise(kept)))
    assert len(hours) - len(bars_refused_at(hours)) == most


def test_the_time_of_a_bar_that_is_bad_anyway_accuses_nobody() -> None:
    columns = {name: np.ones(3) for name in ("open", "high", "low", "close", "volume", "trades")}
    columns["volume"] = np.array([1.0, -1.0, 1.0])
    assert [bar for bar, _ in find_bad_bars(3_600 * np.array([1, 900, 2]), columns, "1h")] == [1]


def test_a_bar_ends_where_the_next_begins() -> None:
    assert hours().end_s.tolist() == [1_704_070_800, 1_704_074_400, 1_704_081_600]


def test_nobody_can_change_candles_or_be_changed_by_them() -> None:
    close = np.array([11.0, 12.0, 11.5])
    candles = hours(close=close)
    close[0] = 10.0
    frame = candles.frame
    frame["close"] = 0.0
    assert candles.close[0] == candles.frame["close"].iloc[0] == 11.0
    with pytest.raises(ValueError, match="read-only"):
        candles.close[0] = 10.0
    with pytest.raises(FrozenInstanceError):
        candles.pair = "ETH/USD"  # type: ignore[misc]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match=r"volume has shape \(2,\), time_s \(3,\)"):
        hours(volume=[1.0, 2.0])


def test_a_timeframe_in_capitals_is_the_same_timeframe() -> None:
    assert replace(hours(), timeframe="1H") == hours()


@pytest.mark.parametrize(
    ("changes", "message"), [({"source": "binance"}, "unknown candle source"), ({"timeframe": "2h"}, "2h")]
)
def test_an_unknown_source_or_timeframe_is_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        replace(hours(), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (hours().frame.drop(columns="low"), "lack the column low"),
        (hours().frame.tz_localize(None), "index of UTC times"),
        (hours().frame.reset_index(), "index of UTC times"),
        (hours().frame.shift(freq="1ms"), "whole seconds"),
        (hours().frame.astype({"close": str}).replace("11.0", "high"), "column close holds"),
    ],
)
def test_a_frame_that_is_no_candles_says_why(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Candles.from_frame(frame, "1h")


def test_a_frame_in_another_zone_is_read_as_utc() -> None:
    assert Candles.from_frame(hours().frame.tz_convert("Asia/Tokyo"), "1h", pair="BTC/USD") == hours()


def test_a_market_that_counts_no_trades_has_none() -> None:
    assert Candles.from_frame(hours().frame.drop(columns="trades"), "1h").trades.tolist() == [0, 0, 0]


def test_one_market_from_two_sources_is_two_series() -> None:
    assert replace(hours(), source="kraken") != hours()
    assert replace(hours(), source="kraken").data_hash == hours().data_hash
    assert hours() != "candles"


def test_candles_introduce_themselves() -> None:
    expected = "<Candles BTC/USD 1h, 3 bars, 2024-01-01 to 2024-01-01, archive>"
    assert repr(hours()) == expected
    assert repr(replace(hours()[:0], pair="")) == "<Candles unnamed pair 1h, 0 bars, archive>"
