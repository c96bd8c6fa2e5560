"""Ticks: many sessions at once, each read alone."""

from datetime import timedelta

import pytest

from evotrade.errors import StoreError
from evotrade.store import Store
from evotrade.store.ticks import Tick
from tests.store.samples import NOW


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
