"""The writer: nobody waits for it, and what the store does not take now is taken later."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from evotrade.errors import StoreError
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.store.ticks import Tick
from evotrade.store.writer import Writer
from tests.store.records import alert, whole
from tests.store.samples import NOW

SOON_S = 30.0  # how long a test waits for what happens in a moment, unless something is broken
NEVER_S = 3_600.0


@pytest.fixture
def outbox(store: Store) -> Iterator[Outbox]:
    with Outbox(store.path.parent / "outbox.sqlite") as opened:
        yield opened


@pytest.fixture
def writer(store: Store, outbox: Outbox) -> Iterator[Writer]:
    """One that flushes only when it is nudged."""
    writer = Writer(store, outbox, interval_s=NEVER_S)
    yield writer
    writer.close(SOON_S)


def ticks(count: int) -> list[Tick]:
    return [Tick(1, NOW + timedelta(seconds=n), 100.0, float(n)) for n in range(count)]


def test_what_was_committed_and_added_is_in_the_store_after_a_drain(
    store: Store, outbox: Outbox, writer: Writer
) -> None:
    outbox.commit(None, None, whole(1))
    writer.add_ticks(ticks(3))
    assert writer.drain(SOON_S)
    assert [store.session(1), *store.fills(1), *store.alerts()] == [whole(1)[0], whole(1)[3], whole(1)[-1]]
    assert store.ticks(1)["pnl"].tolist() == [0.0, 1.0, 2.0]
    assert outbox.backlog() == 0


def test_it_flushes_by_itself_when_its_time_has_come(store: Store, outbox: Outbox) -> None:
    writer = Writer(store, outbox, interval_s=0.01)
    outbox.commit(None, None, [alert()])
    while outbox.backlog():
        threading.Event().wait(0.01)
    assert store.alerts() == [alert()]
    assert writer.close(SOON_S)


def test_a_backlog_of_many_batches_is_carried_over_in_one_go(
    store: Store, outbox: Outbox, writer: Writer
) -> None:
    outbox.commit(None, None, [alert(text=str(n)) for n in range(4_500)])
    writer.add_ticks(ticks(25_000))
    assert writer.drain(SOON_S)
    assert [one.text for one in store.alerts(5_000)] == [str(n) for n in reversed(range(4_500))]
    assert len(store.ticks(1, limit=None)) == 25_000
    stats = writer.stats()
    assert (stats.records, stats.ticks, stats.failures, stats.ticks_dropped) == (4_500, 25_000, 0, 0)
    assert 0 < stats.p50_s <= stats.p99_s


def test_a_commit_does_not_wait_for_a_store_that_others_hold(
    store: Store, outbox: Outbox, writer: Writer
) -> None:
    store.write_wait_s = 0.05
    with store.write():  # by this thread, so that the writer's finds it taken
        for n in range(20):
            outbox.commit(None, None, [alert(text=str(n))])
            writer.nudge()
        writer.add_ticks(ticks(2))
        assert not writer.drain(0.2)
        assert outbox.backlog() == 20  # all committed, while not one could be carried over
    assert writer.drain(SOON_S)
    assert len(store.alerts()) == 20
    assert len(store.ticks(1)) == 2


def test_a_failed_flush_is_counted_said_and_made_good(
    store: Store, outbox: Outbox, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    store.write_wait_s = 0.01
    outbox.commit(None, None, [alert()])
    writer.add_ticks(ticks(1))
    with store.write():
        while writer.stats().failures < 2:
            writer.nudge()
            threading.Event().wait(0.01)
    assert "in use by process" in writer.stats().error
    assert writer.drain(SOON_S)
    assert (writer.stats().error, writer.stats().flushes, len(store.ticks(1))) == ("", 1, 1)
    assert [message for message in caplog.messages if "wait and are tried again" in message]


def test_ticks_beyond_the_bound_are_dropped_oldest_first_and_counted(store: Store, outbox: Outbox) -> None:
    writer = Writer(store, outbox, interval_s=NEVER_S, most_ticks=10)
    writer.add_ticks(ticks(25))
    assert (writer.stats().ticks_waiting, writer.stats().ticks_dropped) == (10, 15)
    assert writer.close(SOON_S)
    assert store.ticks(1)["pnl"].tolist() == [float(n) for n in range(15, 25)]


def test_a_tick_without_a_time_zone_is_refused_before_it_can_hold_up_others(writer: Writer) -> None:
    with pytest.raises(StoreError, match="has no time zone"):
        writer.add_ticks([Tick(1, NOW.replace(tzinfo=None), 1.0, 1.0)])


def test_closing_flushes_and_says_so(store: Store, outbox: Outbox) -> None:
    writer = Writer(store, outbox, interval_s=NEVER_S)
    outbox.commit(None, None, [alert()])
    assert writer.close(SOON_S)
    assert store.alerts() == [alert()]
    assert writer.close(SOON_S)


def test_closing_does_not_wait_longer_than_told_and_the_outbox_keeps_the_rest(
    store: Store, outbox: Outbox
) -> None:
    store.write_wait_s = 0.05
    writer = Writer(store, outbox, interval_s=NEVER_S)
    outbox.commit(None, None, [alert()])
    with store.write():
        assert not writer.close(0.2)
    assert outbox.backlog() == 1
    again = Writer(store, outbox, interval_s=NEVER_S)
    assert again.close(SOON_S)
    assert store.alerts() == [alert()]
