"""Candles: what is saved comes back to the last bit, in whatever pieces it came."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.errors import NotFound
from evotrade.market.candles import Candles
from evotrade.store import Store
from tests.strategies import candle_series

NUMBERS = itertools.count()  # an example that is tried again must not find itself stored


def flat(starts_h: list[int], close: float = 10.0, **changes: object) -> Candles:
    """Bars of 1h at those hours, all at one price."""
    n = len(starts_h)
    same = {name: np.full(n, close) for name in ("open", "high", "low", "close")}
    plain = {"timeframe": "1h", "pair": "BTC/USD", "volume": np.ones(n), "trades": np.ones(n)}
    return Candles(time_s=np.array(starts_h, np.int64) * 3_600, **{**same, **plain, **changes})


@given(candle_series(min_bars=1, max_bars=20))
def test_a_series_comes_back_to_the_last_bit(shared_store: Store, candles: Candles) -> None:
    candles = replace(candles, pair=f"PAIR{next(NUMBERS)}/USD")
    assert shared_store.save_candles(candles) == len(candles)
    assert shared_store.load_candles(candles.pair, candles.timeframe) == candles


@given(candle_series(min_bars=1, max_bars=20), st.integers(0, 20))
def test_pieces_in_any_order_make_the_whole(shared_store: Store, candles: Candles, cut: int) -> None:
    candles = replace(candles, pair=f"PAIR{next(NUMBERS)}/USD")
    late, early_and_one_more = candles[cut:], candles[: cut + 1]
    assert shared_store.save_candles(late) + shared_store.save_candles(early_and_one_more) == len(candles)
    assert shared_store.load_candles(candles.pair, candles.timeframe) == candles


def test_saving_again_changes_nothing(store: Store) -> None:
    store.save_candles(flat([1, 2]))
    assert store.save_candles(flat([1, 2])) == 0
    assert store.save_candles(flat([])) == 0


def test_a_corrected_bar_replaces_the_old(store: Store) -> None:
    store.save_candles(flat([1, 2]))
    assert store.save_candles(flat([2, 3], close=11.0)) == 2
    assert store.load_candles("BTC/USD", "1h").close.tolist() == [10.0, 11.0, 11.0]


def test_a_series_without_funding_keeps_the_funding_stored(store: Store) -> None:
    store.save_candles(flat([1, 2], funding_rate=np.array([0.1, 0.2])))
    assert store.save_candles(flat([1, 2])) == 0
    assert store.load_candles("BTC/USD", "1h").funding_rate.tolist() == [0.1, 0.2]


def test_funding_that_covers_only_some_bars_is_left_out(store: Store) -> None:
    store.save_candles(flat([1], funding_rate=np.array([0.1])))
    store.save_candles(flat([2]))
    assert store.load_candles("BTC/USD", "1h").funding_rate is None


def test_only_bars_wholly_inside_the_span_are_loaded(store: Store) -> None:
    store.save_candles(flat([1, 2, 3]))
    found = store.load_candles("BTC/USD", "1h", start_s=3_601, end_s=4 * 3_600)
    assert found.time_s.tolist() == [7_200, 10_800]


def test_sources_never_mix_and_real_ones_come_first(store: Store) -> None:
    store.save_candles(flat([1], source="sandbox"))
    store.save_candles(flat([2], source="archive"))
    assert store.load_candles("BTC/USD", "1h").source == "archive"
    assert store.load_candles("BTC/USD", "1h", source="sandbox").time_s.tolist() == [3_600]


def test_missing_candles_say_what_there_is(store: Store) -> None:
    with pytest.raises(NotFound, match="of ETH/USD 4h in the store: it holds no candles yet"):
        store.load_candles("ETH/USD", "4h")
    store.save_candles(flat([1, 25]))
    with pytest.raises(NotFound, match=r"BTC/USD 1h from archive \(1970-01-01 to 1970-01-02\)"):
        store.load_candles("BTC/USD", "1h", source="kraken")
    with pytest.raises(NotFound, match="BTC/USD 1h from archive"):
        store.load_candles("BTC/USD", "1h", start_s=1_000_000)


@given(candle_series(min_bars=1, max_bars=20))
def test_bar_starts_are_those_of_the_candles(shared_store: Store, candles: Candles) -> None:
    candles = replace(candles, pair=f"PAIR{next(NUMBERS)}/USD")
    shared_store.save_candles(candles[len(candles) // 2 :])  # the later half first
    shared_store.save_candles(candles)
    starts = shared_store.bar_starts(candles.pair, candles.timeframe, candles.source)
    assert starts.tolist() == candles.time_s.tolist()


@given(candle_series(min_bars=2, max_bars=60))
@settings(max_examples=settings.default.max_examples // 3)  # six writes each
def test_the_contents_of_a_series_change_with_its_bars_and_with_nothing_else(
    shared_store: Store, candles: Candles
) -> None:
    candles = replace(candles, pair=f"PAIR{next(NUMBERS)}/USD")
    other = replace(candles, pair=f"PAIR{next(NUMBERS)}/USD")
    known = {shared_store.contents(candles.pair, candles.timeframe, candles.source)}
    for bars in (candles[:-1], candles, replace(candles, volume=candles.volume + 1)):
        shared_store.save_candles(bars)
        found = shared_store.contents(candles.pair, candles.timeframe, candles.source)
        assert found not in known
        known.add(found)
        shared_store.save_candles(other)
        assert shared_store.contents(candles.pair, candles.timeframe, candles.source) == found


@given(candle_series(min_bars=1, max_bars=60), st.integers(1, 10))
def test_the_closes_of_a_line_are_closes_with_its_ends_and_extremes(
    shared_store: Store, candles: Candles, stretches: int
) -> None:
    candles = replace(candles, pair=f"PAIR{next(NUMBERS)}/USD")
    shared_store.save_candles(candles)
    line = shared_store.closes(candles.pair, candles.timeframe, candles.source, stretches)
    kept = dict(zip((line["time"].astype("int64") // 10**6).tolist(), line["close"].tolist(), strict=True))
    every = dict(zip(candles.time_s.tolist(), candles.close.tolist(), strict=True))
    assert kept.items() <= every.items()
    assert line["time"].is_monotonic_increasing
    assert {min(every), max(every)} <= kept.keys()
    assert {min(every.values()), max(every.values())} <= set(kept.values())
    assert len(kept) <= 2 * stretches + 2


def test_a_line_of_more_stretches_than_bars_has_all_of_them(store: Store) -> None:
    store.save_candles(flat([1, 2, 7]))
    assert store.closes("BTC/USD", "1h", "archive")["close"].tolist() == [10.0, 10.0, 10.0]


def test_a_line_of_a_series_that_is_not_there_says_what_is(store: Store) -> None:
    store.save_candles(flat([1]))
    for read in (store.bar_starts, store.closes):
        with pytest.raises(NotFound, match="it holds BTC/USD 1h from archive"):
            read("BTC/USD", "1h", "kraken")


def test_coverage_lists_every_series(store: Store) -> None:
    assert store.coverage().empty
    store.save_candles(flat([1, 2]))
    store.save_candles(flat([24], timeframe="1d"))
    (daily, hourly) = store.coverage().to_dict("records")
    assert (hourly["pair"], hourly["source"], hourly["timeframe"], hourly["bars"]) == (
        "BTC/USD",
        "archive",
        "1h",
        2,
    )
    assert (str(hourly["first"]), str(hourly["last"])) == (
        "1970-01-01 01:00:00+00:00",
        "1970-01-01 02:00:00+00:00",
    )
    assert daily["bars"] == 1
