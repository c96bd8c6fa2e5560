"""Several processes on one file: nobody errs, nobody sees half a write, a killed writer loses nothing."""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.store_mix import run
from evotrade.errors import StoreBusy, StoreError
from evotrade.store import Store
from tests.paths import ROOT
from tests.store.samples import cell

pytestmark = pytest.mark.process

WRITER = """
import sys
from evotrade.store import Store
from tests.store.samples import cell, phenotype
store = Store(sys.argv[1])
while True:
    ids = store.add_cells([cell(phenotypes=(phenotype(),) * 3) for _ in range(20)])
    print(ids[0], ids[-1], flush=True)
"""
FOREIGNER = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "True")
print("open", flush=True)
sys.stdin.read()
"""


def python(program: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs the program; it imports what the tests do."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def assert_nothing_wrong(path: Path, seconds: float) -> None:
    found = run(path, seconds)
    assert {role: one.errors for role, one in found.items() if one.errors} == {}
    assert {role: one.torn for role, one in found.items() if one.torn} == {}
    assert all(one.durations_s for one in found.values())
    store = Store(path)
    assert store.count_cells() == found["bulk writer"].rows / 4  # a cell and three phenotypes
    assert store.query("SELECT count(*) AS n FROM ticks")["n"].tolist() == [found["ticker"].rows]


def test_viewers_ticker_and_bulk_writer_do_not_disturb_each_other(tmp_path: Path) -> None:
    assert_nothing_wrong(tmp_path / "mix.duckdb", 8)


@pytest.mark.soak
def test_they_do_not_disturb_each_other_for_ten_minutes(tmp_path: Path) -> None:
    assert_nothing_wrong(tmp_path / "mix.duckdb", 600)


def kill_a_writer(path: Path, after_s: float) -> int:
    """Kill a writer that long after its first acknowledged write; the last cell it acknowledged."""
    with python(WRITER, path) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline()]
        time.sleep(after_s)
        writer.kill()
        said += writer.stdout.read().splitlines()
    whole = [line.split() for line in said if len(line.split()) == 2]
    return int(whole[-1][1])


def assert_nothing_lost(path: Path, kills: int) -> None:
    rng = random.Random(1)
    for _ in range(kills):
        acknowledged = kill_a_writer(path, rng.uniform(0, 0.4))
        store = Store(path)
        count = store.count_cells()
        assert count >= acknowledged
        assert count % 20 == 0
        assert store.query("SELECT count(*) AS n FROM phenotypes")["n"].tolist() == [3 * count]
        assert store.doctor().empty


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    assert_nothing_lost(tmp_path / "lab.duckdb", 5)


@pytest.mark.soak
def test_a_hundred_killed_writers_lose_nothing(tmp_path: Path) -> None:
    assert_nothing_lost(tmp_path / "lab.duckdb", 100)


def test_threads_read_while_another_process_writes(tmp_path: Path) -> None:
    store = Store(tmp_path / "lab.duckdb")
    wrong: list[object] = []

    def read_for(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            frames = store.query_many(
                {name: f"SELECT count(*) AS n FROM {name}" for name in ("cells", "phenotypes")}
            )
            cells, phenotypes = (int(frame["n"].iloc[0]) for frame in frames.values())
            if cells % 20 or phenotypes != 3 * cells:
                wrong.append((cells, phenotypes))

    threads = [threading.Thread(target=read_for, args=(3.0,)) for _ in range(4)]
    with python(WRITER, store.path) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline()  # it writes: how long it took to begin says nothing
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.kill()
    assert wrong == []
    assert store.count_cells() > 0


@pytest.fixture
def foreigner(store: Store, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A process that has the store open by duckdb.connect."""
    with python(FOREIGNER, store.path, request.param) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


@pytest.mark.parametrize("foreigner", [False], indirect=True)
def test_a_foreign_program_that_holds_the_file_is_named(
    store: Store, foreigner: subprocess.Popen[str]
) -> None:
    store.read_wait_s = store.write_wait_s = 0.1
    for attempt in (store.count_cells, lambda: store.add_cells([cell()])):
        with pytest.raises(
            StoreBusy, match=rf"held by process {foreigner.pid} \(.+\): close it there, or use"
        ):
            attempt()


@pytest.mark.parametrize("foreigner", [True], indirect=True)
def test_a_foreign_reader_stops_writes_but_not_reads(store: Store, foreigner: subprocess.Popen[str]) -> None:
    store.write_wait_s = 0.1
    assert store.count_cells() == 0
    with pytest.raises(StoreBusy, match=str(foreigner.pid)):
        store.add_cells([cell()])


@pytest.mark.parametrize("foreigner", [True], indirect=True)
def test_a_write_goes_through_once_the_foreigner_leaves(
    store: Store, foreigner: subprocess.Popen[str]
) -> None:
    leave = threading.Timer(0.3, foreigner.kill)
    leave.start()
    assert store.add_cells([cell()]) == [1]
    leave.join()


def test_a_forked_child_has_a_connection_of_its_own(store: Store) -> None:
    store.add_cells([cell()])
    child = os.fork()
    if child == 0:
        os._exit(0 if store.count_cells() == 1 and store.add_cells([cell()]) == [2] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.count_cells() == 2


def fill(store: Store) -> tuple[int, StoreError]:
    """Write until it fails: how many cells were acknowledged, and the error."""
    acknowledged = 0
    for batch in range(10_000):
        try:
            brood = [cell(genome=os.urandom(200).hex(), genome_id=f"{batch}-{n}") for n in range(100)]
            acknowledged = store.add_cells(brood)[-1]
        except StoreError as error:
            return acknowledged, error
    raise AssertionError("the disk never became full")


def test_a_full_disk_loses_nothing_and_writes_no_half(small_disk: Path) -> None:
    store = Store(small_disk / "lab.duckdb")
    acknowledged, error = fill(store)
    assert "disk is full and nothing of this was stored: free some space and try again" in str(error)
    assert store.count_cells() == acknowledged
    assert store.doctor().empty
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    assert store.add_cells([cell()]) == [acknowledged + 1]
    assert Store(store.path).count_cells() == acknowledged + 1


def resize(disk: Path, kilobytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(disk)], check=True)


@pytest.mark.parametrize("kilobytes", [8, 20, 40, 60, 200, 600])
def test_a_store_that_finds_no_space_is_not_made(small_disk: Path, kilobytes: int) -> None:
    resize(small_disk, kilobytes)
    path = small_disk / "lab.duckdb"
    with pytest.raises(StoreError, match="disk is full and nothing of this was stored: free some space"):
        Store(path)
    assert {file.name for file in small_disk.iterdir()} == {"lab.duckdb.gate", "lab.duckdb.lock"}
    resize(small_disk, 4_000)
    assert Store(path).add_cells([cell()]) == [1]


def test_compacting_on_a_full_disk_changes_nothing(small_disk: Path) -> None:
    store = Store(small_disk / "lab.duckdb")
    store.add_cells([cell()])
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    with pytest.raises(StoreError, match="disk is full"):
        store.compact()
    assert not list(small_disk.glob("*.new*"))
    assert store.count_cells() == 1


def test_what_a_full_disk_keeps_in_the_log_is_said_to_be_stored(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    resize(small_disk, 6_500)  # enough for the log of these cells, too little to fold it in
    store = Store(small_disk / "lab.duckdb")
    store.add_cells([cell(genome=os.urandom(150).hex(), genome_id=f"{n}") for n in range(10_000)])
    store.add_cells([cell()])
    (said,) = caplog.messages
    assert "is stored in the log beside it, lab.duckdb.wal, but not yet folded in (the disk is full)" in said
    resize(small_disk, 16_000)
    assert store.add_cells([cell()]) == [10_002]
    assert not store.path.with_name("lab.duckdb.wal").exists()


def test_a_snapshot_into_a_read_only_folder_says_so(store: Store, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(
        StoreError, match=r"cannot copy .* \(Read-only file system\): name a file in a folder"
    ):
        store.snapshot(small_disk / "copy.duckdb")


def test_a_read_only_folder_says_so(small_disk: Path) -> None:
    Store(small_disk / "lab.duckdb")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(
        StoreError, match=r"Read-only file system.*needs a folder .* that can be written|can be written"
    ):
        Store(small_disk / "lab.duckdb")
