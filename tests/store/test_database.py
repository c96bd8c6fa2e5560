"""The store: made, opened, read and written; every trouble in one sentence with its repair."""

import contextlib
import os
import random
import signal
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from evotrade.errors import SlowQuery, StoreBusy, StoreError
from evotrade.store import Store, open_store
from evotrade.store.connection import Instance, instance_of
from tests.store.samples import cell, phenotype

FOREVER = "SELECT count(*) FROM range(100_000_000) a, range(100_000) b WHERE a.range % 7 = b.range % 5"


def test_a_new_store_is_made_and_opened_again(tmp_path: Path) -> None:
    assert open_store(tmp_path / "lab.duckdb").count_cells() == 0
    assert open_store(str(tmp_path / "lab.duckdb"), create=False).count_cells() == 0


def test_two_threads_that_make_the_same_store_make_one(tmp_path: Path) -> None:
    made: list[Store] = []
    makers = [threading.Thread(target=lambda: made.append(Store(tmp_path / "lab.duckdb"))) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert [one.count_cells() for one in made] == [0] * 4
    assert not (tmp_path / "lab.duckdb.new").exists()


def test_threads_that_come_at_the_same_moment_share_one_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SlowlyMade(Instance):
        def __init__(self, path: Path) -> None:
            time.sleep(0.02)
            super().__init__(path)

    monkeypatch.setattr("evotrade.store.connection.Instance", SlowlyMade)
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(instance_of, [tmp_path / "lab.duckdb"] * 4))
    assert len(set(map(id, made))) == 1


def open_others(folder: Path) -> None:
    for number in range(20):
        instance_of(folder / f"{number}.duckdb")


def test_an_instance_that_nobody_used_for_long_ends_with_its_threads(tmp_path: Path) -> None:
    instance = weakref.ref(instance_of(tmp_path / "lab.duckdb"))
    assert instance() is instance_of(tmp_path / "lab.duckdb")
    open_others(tmp_path)
    assert instance() is None


def test_a_file_in_use_has_one_instance_however_many_others_are_opened(store: Store, tmp_path: Path) -> None:
    with store.read():
        instance = instance_of(store.path)
        used = id(instance)
        del instance
        open_others(tmp_path)
        assert id(instance_of(store.path)) == used
        with store.read() as joined:
            assert joined.execute("SELECT count(*) FROM cells").fetchone() == (0,)
    assert store.count_cells() == 0


def test_a_write_is_seen_by_the_next_read(store: Store) -> None:
    with store.write() as con:
        con.execute("INSERT INTO dishes VALUES ('a', '{}', now())")
    assert store.query("SELECT name FROM dishes")["name"].tolist() == ["a"]


def add_and_fail(store: Store) -> None:
    """A write that sees its own rows and then goes wrong."""
    with store.write():
        store.add_cells([cell()])
        assert store.count_cells() == 1
        raise KeyError


def test_an_exception_undoes_the_whole_write_and_sessions_joined_to_it(store: Store) -> None:
    with pytest.raises(KeyError):
        add_and_fail(store)
    assert store.count_cells() == 0


def pass_over_an_error(store: Store) -> None:
    """A write that goes on after a write inside it failed, with one of its rows entered."""
    with store.write() as con:
        con.execute("INSERT INTO dishes VALUES ('outer', '{}', now())")
        with contextlib.suppress(KeyError), store.write() as inner:
            inner.execute("INSERT INTO dishes VALUES ('inner', '{}', now())")
            raise KeyError


def test_a_write_cannot_pass_over_the_error_of_a_write_inside_it(store: Store) -> None:
    with pytest.raises(StoreError, match="nothing of the write was stored, let the error end"):
        pass_over_an_error(store)
    assert store.dishes().empty
    assert store.add_cells([cell()]) == [1]


def interrupt_after(seconds: float, work: Callable[[], object]) -> None:
    """Do the work as a person does who presses Ctrl-C after that long."""

    def press(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, press)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def write_for_ever(store: Store) -> None:
    """A write whose second statement never ends."""
    with store.write() as con:
        con.execute("INSERT INTO dishes VALUES ('a', '{}', now())")
        con.execute(FOREVER)


def test_an_interrupted_write_is_undone_and_ends_as_an_interrupt(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt_after(0.2, lambda: write_for_ever(store))
    assert store.dishes().empty
    assert store.add_cells([cell()]) == [1]


def test_an_interruption_at_any_moment_leaves_the_store_sound(store: Store) -> None:
    def go_on() -> None:
        while True:
            store.add_cells([cell(phenotypes=(phenotype(),) * 3) for _ in range(20)])

    rng = random.Random(1)
    for _ in range(20):
        with pytest.raises(KeyboardInterrupt):
            interrupt_after(rng.uniform(0.001, 0.05), go_on)
    count = store.count_cells()
    assert count % 20 == 0
    assert store.query("SELECT count(*) AS n FROM phenotypes")["n"].tolist() == [3 * count]
    assert store.doctor().empty


def test_a_result_left_half_read_does_not_disturb_the_write(store: Store) -> None:
    with store.write() as con:
        con.execute("INSERT INTO dishes VALUES ('a', '{}', now()), ('b', '{}', now())")
        con.execute("SELECT * FROM dishes").fetchone()
    assert len(store.query("SELECT * FROM dishes")) == 2


def test_a_write_inside_a_read_is_refused(store: Store) -> None:
    with store.read(), pytest.raises(StoreError, match="cannot begin inside a read"):
        store.add_cells([cell()])


def test_a_snapshot_inside_a_session_is_refused(store: Store, tmp_path: Path) -> None:
    with store.read(), pytest.raises(StoreError, match="this very thread"):
        store.snapshot(tmp_path / "copy.duckdb")


def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="read-only"), store.read() as con:
        con.execute("DELETE FROM cells")


def test_several_queries_see_the_same_moment(store: Store) -> None:
    store.add_cells([cell(), cell(status="dead")])
    found = store.query_many(
        {"all": "SELECT * FROM cells", "dead": ("SELECT * FROM cells WHERE status = $s", {"s": "dead"})}
    )
    assert (len(found["all"]), len(found["dead"])) == (2, 1)


def test_a_frame_keeps_whole_numbers_whole_and_times_in_utc(store: Store) -> None:
    frame = store.query("SELECT * FROM (VALUES (1, now()), (NULL, now())) t (n, moment)")
    assert [str(one) for one in frame.dtypes] == ["Int64", "datetime64[us, UTC]"]


def test_a_python_variable_is_never_taken_for_a_table(store: Store) -> None:
    nowhere = store.query("SELECT 1 AS one")
    with pytest.raises(StoreError, match="nowhere does not exist"):
        store.query("SELECT * FROM nowhere")
    assert len(nowhere) == 1


def test_an_error_in_sql_is_one_line_and_names_the_file(store: Store) -> None:
    with pytest.raises(StoreError) as error:
        store.query("SELEC 1")
    assert str(error.value) == f'{store.path}: Parser Error: syntax error at or near "SELEC"'


def test_a_query_that_asks_for_nothing_says_so(store: Store) -> None:
    with pytest.raises(StoreError, match="asks for nothing: write a SELECT"):
        store.query("-- later")


def test_the_version_changes_with_writes_only(store: Store) -> None:
    before = store.version()
    store.count_cells()
    assert store.version() == before
    store.add_cells([cell()])
    assert store.version() != before


def test_a_long_read_is_interrupted_and_snapshot_named(tmp_path: Path) -> None:
    store = Store(tmp_path / "lab.duckdb", read_limit_s=0.2)
    began = time.monotonic()
    with pytest.raises(SlowQuery, match=r"after 0\.2 s.*snapshot\(dest\)"):
        store.query(FOREVER)
    assert time.monotonic() - began < 5
    assert store.count_cells() == 0


def sleep_and_query(store: Store, pause_s: float) -> None:
    with store.read() as con:
        time.sleep(pause_s)
        con.execute(FOREVER).fetchall()


def test_a_second_query_cannot_extend_a_read(tmp_path: Path) -> None:
    store = Store(tmp_path / "lab.duckdb", read_limit_s=0.1)
    with pytest.raises(SlowQuery):
        sleep_and_query(store, 0.2)


def test_a_write_may_take_longer(tmp_path: Path) -> None:
    store = Store(tmp_path / "lab.duckdb", read_limit_s=0.05)
    with store.write() as con:
        time.sleep(0.1)
        con.execute("INSERT INTO dishes VALUES ('a', '{}', now())")
    assert len(store.dishes()) == 1


def test_a_store_that_vanished_is_not_made_anew(store: Store) -> None:
    store.path.unlink()
    with pytest.raises(StoreError, match="is gone: restore"):
        store.add_cells([cell()])
    assert not store.path.exists()


@pytest.mark.parametrize("read_only", [False, True])
def test_an_open_duckdb_connection_of_this_process_is_named(tmp_path: Path, read_only: bool) -> None:
    store = Store(tmp_path / "lab.duckdb", write_wait_s=0.1)
    with (
        duckdb.connect(store.path, read_only=read_only),
        pytest.raises(StoreBusy, match=rf"this process \({os.getpid()}\), through duckdb.connect"),
    ):
        store.add_cells([cell()])
    assert store.add_cells([cell()]) == [1]


def test_a_store_on_a_symbolic_link_is_the_same_store(store: Store, tmp_path: Path) -> None:
    (tmp_path / "link.duckdb").symlink_to(store.path)
    assert Store(tmp_path / "link.duckdb").path == store.path


def test_a_quote_in_the_path_is_no_trouble(tmp_path: Path) -> None:
    assert Store(tmp_path / "it's.duckdb").add_cells([cell()]) == [1]
