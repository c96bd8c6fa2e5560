import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import value
from evotrade.errors import GenomeError
from evotrade.genome.tree import Symbol, Window
from evotrade.market.candles import Candles

HOUR_S, DAY_S = 3_600, 86_400
CLOSE = Symbol("DELTA")


def hourly(hours, closes=None, **columns):
    """Candles of the given hours after a Monday's midnight; closes count from 1."""
    close = np.arange(1.0, len(hours) + 1) if closes is None else np.array(closes, dtype=float)
    time_s = np.array(hours, dtype=np.int64) * HOUR_S + 4 * DAY_S
    return Candles(
        time_s, close, close, close, close, np.ones(len(hours)), np.ones(len(hours)), "1h", **columns
    )


def test_a_higher_bar_is_seen_from_the_bar_that_completes_it():
    seen = value(Symbol("DELTA", 0, "4H"), Columns(hourly(range(13))))
    assert seen[10:].tolist() == [8, 12, 12]


def test_the_first_higher_bar_is_not_seen_since_it_may_be_partial():
    seen = value(Symbol("DELTA", 0, "4H"), Columns(hourly(range(2, 13))))
    assert np.isnan(seen[:5]).all()
    assert seen[5:].tolist() == [6, 6, 6, 6, 10, 10]  # hours 4 to 7 close at 6, hours 8 to 11 at 10


def test_a_higher_bar_with_gaps_is_seen_from_the_first_bar_that_ends_no_earlier():
    seen = value(Symbol("DELTA", 0, "4H"), Columns(hourly([0, 4, 5, 9, 17])))
    assert seen[3:].tolist() == [3, 4]  # at hour 9 the bar of 4 and 5, at hour 17 the bar of 9


def test_a_lag_counts_the_higher_bars_that_exist():
    seen = value(Symbol("DELTA", 1, "4H"), Columns(hourly([0, 4, 5, 9, 17])))
    assert seen[4] == 3


def test_a_suffix_on_a_function_applies_to_its_whole_argument():
    mean = Window("AVG", Window("LAG", CLOSE, 1), 2, "4H")
    assert value(mean, Columns(hourly(range(16))))[15] == (8 + 12) / 2


def test_the_same_function_on_two_timeframes_keeps_two_values():
    columns = Columns(hourly(range(16)))
    means = [value(Window("AVG", CLOSE, 2, suffix), columns)[15] for suffix in (None, "4H", "1H")]
    assert means == [(15 + 16) / 2, (12 + 16) / 2, (15 + 16) / 2]


def test_a_suffix_inside_another_is_read_at_the_close_of_each_of_those_bars():
    spread = Window("SUM", Symbol("DELTA", 1, "1H"), 2, "4H")
    assert value(spread, Columns(hourly(range(14))))[13] == (8 - 1) + (12 - 1)


def test_a_suffix_equal_to_the_base_timeframe_means_the_base_bars():
    columns = Columns(hourly(range(6)))
    assert value(Window("SUM", CLOSE, 2, "1H"), columns).tolist()[1:] == [3, 5, 7, 9, 11]


def test_weeks_start_on_monday():
    seen = value(Symbol("DELTA", 0, "1W"), Columns(hourly(range(-1, 170))))
    assert np.isnan(seen[168 - 1])
    assert seen[168] == 169  # 168 hours of the week after the one before it


def test_true_range_looks_at_the_last_close_that_exists():
    candles = Candles([0, 3600, 36000], [5, 5, 9], [6, 7, 9], [4, 5, 8], [5, 6, 9], [1] * 3, [1] * 3, "1h")
    ranges = value(Symbol("THETA"), Columns(candles))
    assert np.isnan(ranges[0])
    assert ranges[1:].tolist() == [2, 3]  # 7 - 5; 9 - 6


def test_a_market_without_funding_has_a_rate_of_zero():
    assert value(Symbol("OMEGA"), Columns(hourly(range(3)))).tolist() == [0, 0, 0]


@pytest.mark.parametrize("suffix", ["5M", "30M"])
def test_a_suffix_shorter_than_the_base_is_refused(suffix):
    with pytest.raises(GenomeError, match=f"{suffix}.* 1h"):
        value(Symbol("DELTA", 0, suffix), Columns(hourly(range(9))))


def test_a_history_without_a_whole_higher_bar_has_no_value():
    for hours in ([], [1], range(3)):
        seen = value(Window("AVG", CLOSE, 2, "4H"), Columns(hourly(hours)))
        assert np.isnan(seen).all()
        assert len(seen) == len(hours)


def test_what_is_remembered_stays_below_its_bytes_and_drops_the_least_recently_used():
    columns = Columns(hourly(range(500)), cache_bytes=3 * 5_100)
    made = []

    def remember(key):
        columns.remember(key, lambda: made.append(key) or np.zeros(500))

    for key in "abcadab":  # d drops b, since a was used after it; b drops c
        remember(key)
    assert "".join(made) == "abcdb"


def test_a_value_larger_than_the_cache_is_not_kept():
    columns = Columns(hourly(range(500)), cache_bytes=100)
    first, again = (columns.remember("key", lambda: np.zeros(500)) for _ in range(2))
    assert first is not again


def test_values_are_read_only():
    columns = Columns(hourly(range(9)))
    for node in (CLOSE, Symbol("THETA"), Symbol("OMEGA"), Window("AVG", CLOSE, 2), Symbol("DELTA", 0, "4H")):
        assert not value(node, columns).flags.writeable


def test_threads_that_share_columns_read_the_same_values():
    nodes = [Window("STD", Symbol("DELTA", lag), bars) for lag in range(6) for bars in range(2, 30)] * 3
    columns = Columns(hourly(range(300), np.random.default_rng(3).lognormal(size=300)), cache_bytes=200_000)
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda node: value(node, columns).tobytes(), nodes))
    alone = Columns(columns.candles)
    assert values == [value(node, alone).tobytes() for node in nodes]


def test_columns_cross_a_process_boundary_without_their_values():
    columns = Columns(hourly(range(2_000)))
    before = len(pickle.dumps(columns))
    value(Window("STD", CLOSE, 700), columns)
    assert len(pickle.dumps(columns)) == before
    assert pickle.loads(pickle.dumps(columns)).candles == columns.candles


def test_values_inside_suffixes_are_seen_from_the_base_bars():
    columns = Columns(hourly(range(14)))
    assert value(CLOSE, columns, inside=("4H",)).tolist()[10:] == [8, 12, 12, 12]
    assert value(CLOSE, columns, inside=("4H", "1H")).tolist()[10:] == [8, 12, 12, 12]


def test_what_is_kept_grows_with_bars_where_there_are_many_and_never_with_genomes():
    short, long = (Columns(hourly(range(bars))).cache_bytes for bars in (10, 300_000))
    assert short == 128 * 2**20
    assert long == 64 * 300_000 * 8  # series of all bars
