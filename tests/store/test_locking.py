"""The lock: alone or together, fair to writers, freed by death, never re-entrant."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from evotrade.errors import StoreBusy, StoreError
from evotrade.store.locking import FileLock


@pytest.fixture
def lock(tmp_path: Path) -> FileLock:
    return FileLock(tmp_path / "a.duckdb")


def test_readers_share_the_lock(lock: FileLock) -> None:
    with lock.held(exclusive=False, timeout_s=0), lock.held(exclusive=False, timeout_s=0):
        assert lock.holders() in ([os.getpid()], [])  # empty where the kernel does not list them


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_a_writer_shares_it_with_nobody(lock: FileLock, first: bool, second: bool) -> None:
    with (
        lock.held(exclusive=first, timeout_s=0),
        pytest.raises(StoreBusy),
        lock.held(exclusive=second, timeout_s=0.01),
    ):
        pytest.fail("both held it")


def test_a_busy_lock_names_the_process_that_holds_it(lock: FileLock, tmp_path: Path) -> None:
    if not Path("/proc/locks").exists():
        pytest.skip("this kernel does not list its locks")
    with lock.held(exclusive=True, timeout_s=0), pytest.raises(StoreBusy) as refusal:
        lock.held(exclusive=True, timeout_s=0).__enter__()
    assert f"{tmp_path / 'a.duckdb'} is in use by process {os.getpid()}: wait" in str(refusal.value)


def test_a_lock_is_free_again_after_its_block(lock: FileLock) -> None:
    for _ in range(3):
        with lock.held(exclusive=True, timeout_s=0):
            pass


def test_readers_that_keep_coming_do_not_starve_a_writer(lock: FileLock) -> None:
    over = threading.Event()

    def read_without_end() -> None:
        while not over.is_set():
            with lock.held(exclusive=False, timeout_s=10):
                time.sleep(0.02)

    readers = [threading.Thread(target=read_without_end) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        with lock.held(exclusive=True, timeout_s=5):
            pass
    finally:
        over.set()
        for reader in readers:
            reader.join()


def test_a_writer_that_kept_somebody_waiting_lets_others_go_before_it_comes_again(lock: FileLock) -> None:
    def read() -> None:
        with lock.held(exclusive=False, timeout_s=5):
            pass

    reader = threading.Thread(target=read)
    with lock.held(exclusive=True, timeout_s=0):
        reader.start()
        time.sleep(0.1)
    released = time.monotonic()
    with lock.held(exclusive=True, timeout_s=5):
        assert time.monotonic() - released > 0.05
    reader.join()


def test_a_writer_for_whom_nobody_waits_need_not_rest(lock: FileLock) -> None:
    started = time.monotonic()
    for _ in range(5):
        with lock.held(exclusive=True, timeout_s=10):
            time.sleep(0.05)
    assert time.monotonic() - started < 0.4  # 0.5 with a rest after each


def test_a_waiting_writer_lets_readers_pass_when_a_read_does_not_end(
    lock: FileLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evotrade.store.locking._AT_THE_GATE_S", 0.05)
    refused = threading.Event()

    def write() -> None:
        with pytest.raises(StoreBusy), lock.held(exclusive=True, timeout_s=1):
            pass
        refused.set()

    with lock.held(exclusive=False, timeout_s=0):
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.02)
        with lock.held(exclusive=False, timeout_s=0.9):
            assert not refused.is_set()
        writer.join()


@pytest.mark.process
def test_the_lock_of_a_killed_process_is_free(lock: FileLock, tmp_path: Path) -> None:
    holding = (
        "import sys, time, pathlib; from evotrade.store.locking import FileLock\n"
        "with FileLock(pathlib.Path(sys.argv[1])).held(exclusive=True, timeout_s=0):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", holding, str(tmp_path / "a.duckdb")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy, match=str(holder.pid)), lock.held(exclusive=False, timeout_s=0):
            pass
        holder.kill()
        holder.wait()
    with lock.held(exclusive=True, timeout_s=5):
        pass


@pytest.mark.process
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_meanwhile_does_not_keep_the_lock(lock: FileLock) -> None:
    with lock.held(exclusive=True, timeout_s=0):
        child = os.fork()
        if child == 0:
            time.sleep(5)
            os._exit(0)
    with lock.held(exclusive=True, timeout_s=1):
        pass
    os.kill(child, 9)
    os.waitpid(child, 0)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "nowhere" / "a.duckdb")
    with pytest.raises(StoreError, match=r"nowhere.*needs a folder"), lock.held(exclusive=False, timeout_s=0):
        pass
