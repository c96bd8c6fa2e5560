import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import SettingsError
from evotrade.market import Candles, coverage_pct, fill_gaps, gaps, synthetic_candles
from tests.strategies import candle_series


@given(candle_series(min_bars=1))
def test_bars_and_missing_bars_make_up_the_whole_span(candles: Candles) -> None:
    every = (candles.end_s[-1] - candles.time_s[0]) // 3_600
    assert len(candles) + gaps(candles)["missing_bars"].sum() == every
    assert coverage_pct(candles) == pytest.approx(100 * len(candles) / every)


@given(candle_series())
def test_flat_filling_leaves_no_gap_and_every_bar_as_it_was(candles: Candles) -> None:
    filled = fill_gaps(candles, "flat")
    assert gaps(filled).empty
    kept = np.isin(filled.time_s, candles.time_s)
    assert filled.frame[kept].equals(candles.frame)
    assert fill_gaps(filled, "flat") == filled


@given(candle_series(extras=True))
def test_filled_bars_stand_at_the_last_close_and_trade_nothing(candles: Candles) -> None:
    filled = fill_gaps(candles, "flat").frame
    added = ~filled.index.isin(candles.timestamp)
    before = candles.frame.reindex(filled.index).ffill()  # pandas as the second opinion
    for name in ("open", "high", "low", "close"):
        assert filled[name][added].equals(before["close"][added].rename(name))
    assert filled["open_interest"][added].equals(before["open_interest"][added])
    assert (filled.loc[added, ["volume", "trades", "funding_rate"]] == 0).all(axis=None)


@given(candle_series(min_bars=3), st.data())
def test_a_bar_taken_out_is_a_gap_of_its_own(candles: Candles, data: st.DataObject) -> None:
    whole = fill_gaps(candles, "flat")
    bar = data.draw(st.integers(1, len(whole) - 2))
    holed = Candles.from_frame(whole.frame.drop(whole.timestamp[bar]), "1h")
    start = whole.timestamp[bar]
    assert gaps(holed).to_dict("records") == [
        {"start": start, "end": start + pd.Timedelta(hours=1), "missing_bars": 1}
    ]


def test_a_series_without_gaps_lists_none() -> None:
    assert gaps(synthetic_candles(100)).empty
    assert coverage_pct(synthetic_candles(100)) == 100


def test_a_series_without_bars_has_no_coverage() -> None:
    nothing = synthetic_candles(1)[:0]
    assert gaps(nothing).empty
    assert np.isnan(coverage_pct(nothing))
    assert fill_gaps(nothing, "flat") == nothing


def test_only_flat_filling_is_known() -> None:
    with pytest.raises(SettingsError, match="unknown way to fill gaps 'linear'"):
        fill_gaps(synthetic_candles(3), "linear")
