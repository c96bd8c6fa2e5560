"""Sessions in DuckDB: whatever part of them is delivered again, they stay what they were."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.errors import NotFound
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.store.records import RECORD_ID, TABLE_OF, TABLES, FillRow, Record, SessionRow
from tests.store.records import (
    alert,
    bar,
    fill,
    numbered,
    order,
    records,
    session,
    trade,
    transition,
    whole,
)  # fmt: skip
from tests.store.samples import NOW

FEWER = settings(max_examples=settings.default.max_examples // 5)  # each makes stores of its own
READS = ("orders", "fills", "trades", "transitions", "bars")


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables of the desk, whether in the archive or not."""
    found = {}
    for table in TABLES:
        with store.read() as con:
            names = [name for name, *_ in con.execute(f"DESCRIBE {table.name}").fetchall()]
            listed = ", ".join(names)
            rows = con.execute(f"SELECT {listed} FROM {table.name}").fetchall()
            if table.archived:
                rows += con.execute(f"SELECT {listed} FROM archived_{table.name}").fetchall()
        found[table.name] = sorted(rows, key=repr)
    return found


def newest(given_records: list[Record]) -> dict[str, set[object]]:
    """By table, the records that count: the newest of each key, of facts the first."""
    found: dict[str, dict[object, object]] = {table.name: {} for table in TABLES}
    for seq, record in enumerate(given_records):
        table = TABLE_OF[type(record)]
        key = seq if table.key == (RECORD_ID,) else tuple(getattr(record, name) for name in table.key)
        if not (table.fact and key in found[table.name]):
            found[table.name][key] = record
    return {name: set(rows.values()) for name, rows in found.items()}


@FEWER
@given(st.lists(records, max_size=12))
def test_what_is_delivered_is_read_to_the_last_digit(given_records: list[Record]) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "lab.duckdb")
        for entry in numbered(given_records):
            store.deliver([entry])
        wanted = newest(given_records)
        assert set(store.sessions()) == wanted["sessions"]
        assert set(store.alerts()) == wanted["alerts"]
        for table, read in zip(
            ("orders", "fills", "trades", "transitions", "session_bars"), READS, strict=True
        ):
            rows = [row for number in range(1, 5) for row in getattr(store, read)(number)]
            assert set(rows) == wanted[table]


@FEWER
@given(st.lists(records, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_delivering_any_part_again_is_delivering_once(
    given_records: list[Record], first: int, again: int
) -> None:
    entries = numbered(given_records)
    with TemporaryDirectory() as folder:
        once, twice = (Store(Path(folder) / f"{name}.duckdb") for name in ("once", "twice"))
        once.deliver(entries)
        twice.deliver(entries[:first])
        twice.deliver(entries[min(first, again) :])
        assert contents(twice) == contents(once)
        twice.deliver(entries)
        assert contents(twice) == contents(once)


def test_the_newest_row_of_a_session_and_of_an_order_counts(store: Store) -> None:
    store.deliver(numbered([session(), order(), session(status="halted"), order(status="open")]))
    store.deliver(numbered([order(status="filled", exchange_id="X")], 5))
    assert store.session(1) == session(status="halted")
    assert store.orders(1) == [order(status="filled", exchange_id="X")]


def test_equal_changes_of_one_moment_are_all_kept_in_their_order(store: Store) -> None:
    changes = [transition(reason="a"), transition(reason="b"), transition(reason="a")]
    store.deliver(numbered(changes))
    assert store.transitions(1) == changes


def test_fills_of_one_moment_come_in_the_order_in_which_they_were_told(store: Store) -> None:
    told = [fill(name) for name in ("z", "a", "m")]
    store.deliver(numbered(told))
    store.deliver(numbered(told))
    assert store.fills(1) == told


def test_two_sessions_may_have_fills_and_trades_of_the_same_number(store: Store) -> None:
    store.deliver(numbered([fill("f", 1), fill("f", 2), trade(1, 1), trade(1, 2)]))
    assert [store.fills(number) for number in (1, 2)] == [[fill("f", 1)], [fill("f", 2)]]
    assert [store.trades(number) for number in (1, 2)] == [[trade(1, 1)], [trade(1, 2)]]


def test_more_than_ten_decimals_are_rounded_half_to_even(store: Store) -> None:
    store.deliver(numbered([fill(fee=Decimal("0.00000000005")), fill("g", fee=Decimal(1) / 3)]))
    assert [one.fee for one in store.fills(1)] == [Decimal(0), Decimal("0.3333333333")]


def test_sessions_are_listed_newest_first_by_whether_they_run(store: Store) -> None:
    states = ("stopped", "running", "error", "halted", "stopped")
    store.deliver(numbered([session(n, status=status) for n, status in enumerate(states, 1)]))
    listed = {active: [one.session_id for one in store.sessions(active)] for active in (None, True, False)}
    assert listed == {None: [5, 4, 3, 2, 1], True: [4, 3, 2], False: [5, 1]}
    assert [one.session_id for one in store.sessions(limit=2)] == [5, 4]


def test_alerts_are_listed_newest_first(store: Store) -> None:
    store.deliver(numbered([alert(text="first"), alert(None, "second"), alert(text="third")]))
    assert [one.text for one in store.alerts(2)] == ["third", "second"]
    assert store.alerts()[1].session_id is None


def test_an_unknown_session_is_not_found_and_has_no_rows(store: Store) -> None:
    with pytest.raises(NotFound, match="no session 3 in the store: evotrade session list"):
        store.session(3)
    assert [getattr(store, read)(3) for read in READS] == [[]] * len(READS)


def test_allocations_are_summed_over_those_that_have_not_ended(store: Store) -> None:
    rows = [
        session(1, allocation=Decimal(5)), session(2, allocation=Decimal(7), status="stopped"),
        session(3, allocation=Decimal(11), status="error"), session(4, allocation=Decimal(13), dry_run=False),
        session(5, allocation=Decimal(17), pair="BTC/EUR"),
    ]  # fmt: skip
    store.deliver(numbered(list(rows)))
    assert (store.allocated(dry_run=True), store.allocated(dry_run=True, quote="USD")) == (33, 16)
    assert (store.allocated(), store.allocated(quote="EUR")) == (13, 0)


def test_a_number_for_a_session_is_above_those_of_store_archive_and_outbox(store: Store) -> None:
    with Outbox(store.path.parent / "outbox.sqlite") as outbox:
        assert store.next_session_id(outbox) == 1
        store.deliver(numbered([session(4, status="stopped")]))
        assert store.next_session_id(outbox) == 5
        store.archive_sessions(keep=0)
        assert store.next_session_id(outbox) == 5
        outbox.commit(8, {}, plan={})
        assert store.next_session_id(outbox) == 9


def over(session_id: int, hours: int = 0) -> SessionRow:
    """A session that ended that much later than others."""
    return session(session_id, status="stopped", ended_at=NOW + timedelta(hours=hours))


def fact(record: Record) -> object:
    """What never changes by its name; other records, which do, are each one of its own."""
    return (record.session_id, record.fill_id) if isinstance(record, FillRow) else object()


@FEWER
@given(st.lists(records, max_size=12, unique_by=fact), st.integers(0, 3), st.integers(0, 12))
def test_the_archive_keeps_every_row_and_takes_later_ones(
    given_records: list[Record], keep: int, cut: int
) -> None:
    entries = numbered([over(1), over(2), over(3), *given_records])
    with TemporaryDirectory() as folder:
        plain, archived = (Store(Path(folder) / f"{name}.duckdb") for name in ("plain", "archived"))
        plain.deliver(entries)
        archived.deliver(entries[: 3 + cut])
        archived.archive_sessions(keep)
        archived.deliver(entries)
        assert contents(archived) == contents(plain)
        assert archived.sessions() == plain.sessions()
        assert [archived.fills(n) for n in range(5)] == [plain.fills(n) for n in range(5)]
        assert not {"sessions that are in the archive, too"} & set(archived.doctor()["finding"])


def test_only_sessions_that_ended_longest_ago_are_archived_with_all_that_is_theirs(store: Store) -> None:
    rows = [row for number in (1, 2, 3, 4) for row in whole(number)]
    store.deliver(numbered([*rows, over(1, hours=3), over(2, hours=1), over(3, hours=2)]))
    assert store.archive_sessions(keep=1) == [2, 3]
    assert store.archive_sessions(keep=1) == []
    for table in TABLES:
        left = store.query(f"SELECT DISTINCT session_id FROM {table.name} ORDER BY 1")["session_id"].tolist()
        assert left == ([1, 4] if table.archived else [1, 2, 3, 4])
    assert store.session(2) == over(2, hours=1)
    assert store.fills(2) == [fill(session_id=2, order_id="o2")]
    assert store.bars(2) == [bar(2)]
