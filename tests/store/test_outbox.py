"""The outbox: a commit is kept whole or not at all, survives its process, and no file is overwritten."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import StoreBusy, StoreDamaged, StoreError, StoreTooNew
from evotrade.store.outbox import Outbox
from evotrade.store.records import Record
from tests.store.records import alert, order, records, transition
from tests.store.samples import NOW

SNAPSHOT = {"cash": Decimal("1.10"), "at": NOW, "orders": [{"id": "o1"}]}
PLAN = {"pair": "BTC/USD", "allocation": Decimal(1000)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with Outbox(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_outbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outbox]:
    with Outbox(tmp_path_factory.mktemp("outbox") / "outbox.sqlite") as opened:
        yield opened


@given(st.lists(st.lists(records, max_size=3), max_size=4), st.integers(0, 12))
def test_records_wait_in_their_order_until_they_are_delivered(
    shared_outbox: Outbox, commits: list[list[Record]], upto: int
) -> None:
    last = [shared_outbox.commit(None, None, some) for some in commits]
    waiting = shared_outbox.pending()
    assert [entry.record for entry in waiting] == [record for some in commits for record in some]
    assert last == sorted(last)
    for entry in waiting[:upto][-1:]:
        shared_outbox.delivered(entry.seq)
    assert shared_outbox.pending() == waiting[upto:]
    assert shared_outbox.backlog() == len(waiting[upto:])
    shared_outbox.delivered(2**62)


def test_a_session_is_found_with_its_plan_and_newest_snapshot_by_the_next_process(path: Path) -> None:
    with Outbox(path) as first:
        first.commit(1, {"cash": Decimal(0)}, [transition()], plan=PLAN)
        first.commit(1, SNAPSHOT, [order()], states={"paper": {"book": [1, 2]}})
    with Outbox(path) as second:
        assert second.unfinished() == [(1, PLAN, SNAPSHOT)]
        assert second.state("paper") == {"book": [1, 2]}
        assert [entry.record for entry in second.pending()] == [transition(), order()]
        assert second.last_session_id() == 1


def test_a_session_that_ended_is_not_among_the_unfinished(outbox: Outbox) -> None:
    outbox.commit(1, SNAPSHOT, plan=PLAN)
    outbox.commit(2, SNAPSHOT, plan=PLAN)
    last = outbox.commit(1, SNAPSHOT, [transition()], ended=True)
    assert [one.session_id for one in outbox.unfinished()] == [2]
    outbox.delivered(last)
    assert outbox.unfinished() == [(2, PLAN, SNAPSHOT)]


def test_a_number_counts_as_taken_until_the_store_knows_its_session(outbox: Outbox) -> None:
    last = outbox.commit(7, SNAPSHOT, [transition(7)], plan=PLAN, ended=True)
    assert outbox.last_session_id() == 7
    outbox.delivered(last)
    assert outbox.last_session_id() == 0


def test_states_are_replaced_and_removed_by_name(outbox: Outbox) -> None:
    outbox.commit(None, None, states={"paper": {"a": 1}, "other": {}})
    outbox.commit(None, None, states={"paper": {"a": Decimal("1.0")}, "other": None})
    assert outbox.states() == {"paper": {"a": Decimal("1.0")}}
    assert outbox.state("other") is None


def test_a_commit_that_is_refused_leaves_nothing(outbox: Outbox) -> None:
    with pytest.raises(StoreError, match="session 1 has no plan in the outbox: commit its plan first"):
        outbox.commit(1, SNAPSHOT, [transition()], states={"paper": {}})
    with pytest.raises(StoreError, match="give both, or none"):
        outbox.commit(1, None, [transition()])
    with pytest.raises(StoreError, match="which JSON cannot hold"):
        outbox.commit(1, {"a": object()}, [transition()], plan=PLAN)
    assert (outbox.backlog(), outbox.unfinished(), outbox.states()) == (0, [], {})


def test_a_new_outbox_goes_on_above_the_numbers_of_one_that_was_lost(path: Path) -> None:
    with Outbox(path) as lost:
        before = lost.commit(None, None, [alert()] * 10)
    path.rename(path.with_name("away"))
    with Outbox(path) as fresh:
        assert fresh.commit(None, None, [alert()]) > before


def test_threads_commit_while_another_delivers_and_no_record_is_lost(outbox: Outbox) -> None:
    found: list[Record] = []
    committers = [
        threading.Thread(target=lambda n=n: [outbox.commit(None, None, [alert(n)]) for _ in range(50)])
        for n in range(4)
    ]
    for thread in committers:
        thread.start()
    while any(thread.is_alive() for thread in committers) or outbox.backlog():
        for entry in outbox.pending(7):
            found.append(entry.record)
            outbox.delivered(entry.seq)
    assert sorted(found) == sorted(alert(n) for n in range(4) for _ in range(50))


@pytest.mark.parametrize("contents", [b"", b"no database" * 1_000, b"SQLite format 3\0" + bytes(5_000)])
def test_a_file_that_is_no_outbox_is_refused_and_kept(path: Path, contents: bytes) -> None:
    path.write_bytes(contents)
    with pytest.raises(StoreDamaged, match="put a copy of it back, or move it away to start anew"):
        Outbox(path)
    assert path.read_bytes() == contents


def test_a_file_of_another_program_is_refused_and_kept(path: Path) -> None:
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE theirs (a)")
    con.close()
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="an SQLite file of something else"):
        Outbox(path)
    assert path.read_bytes() == before


def test_a_damaged_outbox_is_refused_and_kept(path: Path) -> None:
    with Outbox(path) as good:
        good.commit(1, SNAPSHOT, [alert(text="x" * 200)] * 200, plan=PLAN)
    damaged = bytearray(path.read_bytes())
    damaged[8_192:] = b"\xaa" * len(damaged[8_192:])
    path.write_bytes(damaged)
    with pytest.raises(StoreDamaged, match=r"damaged|malformed"):
        Outbox(path)
    assert path.read_bytes() == damaged


def test_a_log_without_its_file_is_refused_and_kept(path: Path) -> None:
    with Outbox(path) as good:
        good.commit(1, SNAPSHOT, plan=PLAN)
        shutil.copy(f"{path}-wal", path.parent / "log")
    path.unlink()
    (path.parent / "log").rename(f"{path}-wal")
    with pytest.raises(StoreDamaged, match=r"of an outbox that is not there: put outbox\.sqlite back"):
        Outbox(path)
    assert not path.exists()
    assert Path(f"{path}-wal").stat().st_size


def test_an_outbox_of_a_newer_evotrade_is_refused(path: Path) -> None:
    Outbox(path).close()
    con = sqlite3.connect(path)
    con.execute("PRAGMA user_version = 99")
    con.close()
    with pytest.raises(StoreTooNew, match="update evotrade"):
        Outbox(path)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/outbox\.sqlite cannot be used .* must exist"):
        Outbox(tmp_path / "nowhere" / "outbox.sqlite")


def test_a_foreign_writer_that_stays_makes_it_busy(path: Path) -> None:
    with Outbox(path, wait_s=0.05) as outbox:
        foreigner = sqlite3.connect(path, isolation_level=None)
        foreigner.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="another process writes it"):
            outbox.commit(None, None, [alert()])
        foreigner.close()
        outbox.commit(None, None, [alert()])
        assert outbox.backlog() == 1


def test_what_was_closed_says_so(path: Path) -> None:
    outbox = Outbox(path)
    outbox.close()
    with pytest.raises(StoreError, match="it was closed already"):
        outbox.commit(None, None, [alert()])
    assert not list(path.parent.glob("*.new*"))
