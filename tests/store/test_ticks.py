"""Ticks: many sessions at once, each read alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import StoreError
from evotrade.store import Store
from evotrade.store.ticks import Tick
from tests.store.samples import NOW

MIDNIGHT = datetime(2024, 5, 1, tzinfo=UTC)


def test_ticks_of_many_sessions_are_read_one_by_one(store: Store) -> None:
    second = timedelta(seconds=1)
    store.append_ticks([Tick(1, NOW + second, 101.0, 1.0), Tick(2, NOW, 7.0, 0.0), Tick(1, NOW, 100.0, 0.0)])
    assert store.ticks(1)["price"].tolist() == [100.0, 101.0]
    assert store.ticks(1)["seen_at"].tolist() == [NOW, NOW + second]


def test_no_ticks_are_no_trouble(store: Store) -> None:
    store.append_ticks([])
    assert store.ticks(1).empty


def test_a_tick_without_a_time_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="has no time zone"):
        store.append_ticks([Tick(1, NOW.replace(tzinfo=None), 100.0, 0.0)])


def seconds(*after: float, session_id: int = 1, start: datetime = MIDNIGHT) -> list[Tick]:
    """Ticks that many seconds after the start, each with a price and a profit of its own."""
    return [Tick(session_id, start + timedelta(seconds=s), 100.0 + s % 7, float(s)) for s in after]


def test_ticks_since_a_moment_are_the_newest_oldest_first(store: Store) -> None:
    store.append_ticks(seconds(1, 2, 3, 4))
    assert store.ticks(1, since=MIDNIGHT + timedelta(seconds=2))["pnl"].tolist() == [3.0, 4.0]
    assert store.ticks(1, limit=3)["pnl"].tolist() == [2.0, 3.0, 4.0]


def test_a_minute_of_ticks_becomes_its_first_highest_lowest_and_last_price(store: Store) -> None:
    prices = [3.0, 9.0, 1.0, 4.0]
    store.append_ticks(
        [Tick(1, MIDNIGHT + timedelta(seconds=10 * n), price, n) for n, price in enumerate(prices)]
    )
    assert store.downsample_ticks(MIDNIGHT + timedelta(minutes=1)) == 4
    (row,) = store.query("SELECT * FROM tick_minutes").to_dict("records")
    assert [row[name] for name in ("open", "high", "low", "close", "pnl")] == [3.0, 9.0, 1.0, 4.0, 3.0]
    assert row["minute"] == MIDNIGHT
    assert store.ticks(1).values.tolist() == [[MIDNIGHT + timedelta(minutes=1), 4.0, 3.0]]


def test_a_minute_that_is_not_over_stays_as_ticks(store: Store) -> None:
    store.append_ticks(seconds(0, 59, 60, 61))
    assert store.downsample_ticks(MIDNIGHT + timedelta(seconds=90)) == 2
    assert store.ticks(1)["pnl"].tolist() == [59.0, 60.0, 61.0]


def test_a_tick_that_comes_late_joins_its_minute(store: Store) -> None:
    later = MIDNIGHT + timedelta(hours=1)
    store.append_ticks([Tick(1, MIDNIGHT, 5.0, 0.0)])
    store.downsample_ticks(later)
    store.append_ticks([Tick(1, MIDNIGHT + timedelta(seconds=30), 2.0, 1.0)])
    store.downsample_ticks(later)
    (row,) = store.query("SELECT open, high, low, close, pnl FROM tick_minutes").values.tolist()
    assert row == [5.0, 5.0, 2.0, 2.0, 1.0]


@given(
    st.lists(st.integers(0, 20_000), unique=True, max_size=30), st.integers(0, 20_000), st.integers(0, 20_000)
)
def test_minutes_are_the_same_in_however_many_goes(
    shared_store: Store, after: list[int], first: int, last: int
) -> None:
    found = []
    for goes in ([max(first, last)], [min(first, last), max(first, last)]):
        with shared_store.write() as con:
            con.execute("DELETE FROM ticks")
            con.execute("DELETE FROM tick_minutes")
        shared_store.append_ticks([*seconds(*after), *seconds(*after, session_id=2)])
        gone = sum(shared_store.downsample_ticks(MIDNIGHT + timedelta(seconds=s)) for s in goes)
        minutes = shared_store.query("SELECT * FROM tick_minutes ORDER BY ALL")
        found.append((gone, minutes.values.tolist(), shared_store.ticks(2, limit=None).values.tolist()))
    assert found[0] == found[1]
    assert found[0][0] == 2 * sum(s < max(first, last) // 60 * 60 for s in after)
