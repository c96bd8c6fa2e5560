"""The outbox among processes: a kill loses nothing that was committed, and a held store delays nobody."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evotrade.errors import StoreError
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.store.writer import Writer
from tests.paths import ROOT
from tests.store.records import alert

pytestmark = pytest.mark.process

# Commits one record after the other, while its writer carries them over and forgets them.
COMMITTER = """
import itertools, sys
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.store.writer import Writer
from tests.store.records import alert
outbox = Outbox(sys.argv[1] + "/outbox.sqlite")
writer = Writer(Store(sys.argv[1] + "/lab.duckdb"), outbox, interval_s=0.02)
known = {one.session_id: one.snapshot["n"] for one in outbox.unfinished()}
for n in itertools.count(known.get(1, 0) + 1):
    outbox.commit(1, {"n": n}, [alert(text=str(n))], plan={"a": 1}, states={"paper": {"n": n}})
    print(n, flush=True)
"""
SHARER = """
import sys
from evotrade.store.outbox import Outbox
from tests.store.records import alert
with Outbox(sys.argv[1]) as outbox:
    for n in range(100):
        outbox.commit(None, None, [alert(text=sys.argv[2] + str(n))])
"""
FOREIGNER = """
import sys, duckdb
con = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


def python(program: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs the program; it imports what the tests do."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def kill_a_committer(folder: Path, after_s: float) -> int:
    """Kill it that long after its first commit returned; the last commit that it said had returned."""
    with python(COMMITTER, folder) as committer:
        assert committer.stdout is not None
        said = [committer.stdout.readline()]
        time.sleep(after_s)
        committer.kill()
        said += committer.stdout.read().splitlines(keepends=True)
    return int([line for line in said if line.endswith("\n")][-1])


def assert_nothing_lost(folder: Path, kills: int) -> None:
    rng = random.Random(1)
    for _ in range(kills):
        acknowledged = kill_a_committer(folder, rng.uniform(0, 0.5))
        with Outbox(folder / "outbox.sqlite") as outbox:
            (session,) = outbox.unfinished()
            last = session.snapshot["n"]
            assert last >= acknowledged
            assert outbox.state("paper") == {"n": last}
            waiting = [int(entry.record.text) for entry in outbox.pending(10**6)]
        carried = [int(one.text) for one in Store(folder / "lab.duckdb").alerts(10**6)]
        assert len(set(carried)) == len(carried)
        assert sorted({*carried, *waiting}) == list(range(1, last + 1))


def test_a_killed_process_loses_nothing_that_it_committed(tmp_path: Path) -> None:
    assert_nothing_lost(tmp_path, 4)


@pytest.mark.soak
def test_a_hundred_killed_processes_lose_nothing(tmp_path: Path) -> None:
    assert_nothing_lost(tmp_path, 100)


def test_two_processes_make_one_outbox_and_share_it(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    sharers = [python(SHARER, path, name) for name in "ab"]
    assert [sharer.communicate(timeout=60) and sharer.returncode for sharer in sharers] == [0, 0]
    with Outbox(path) as outbox:
        entries = outbox.pending()
    texts = [entry.record.text for entry in entries]
    assert sorted(texts) == sorted(f"{name}{n}" for name in "ab" for n in range(100))
    assert [text for text in texts if text[0] == "a"] == [f"a{n}" for n in range(100)]


def test_a_commit_does_not_wait_for_a_foreign_program_that_holds_the_store(
    store: Store, tmp_path: Path
) -> None:
    store.write_wait_s = 0.05
    with Outbox(tmp_path / "outbox.sqlite") as outbox, python(FOREIGNER, store.path) as foreigner:
        assert foreigner.stdout is not None
        assert foreigner.stdout.readline() == "open\n"
        writer = Writer(store, outbox, interval_s=0.01)
        for n in range(20):
            outbox.commit(None, None, [alert(text=str(n))])
            writer.nudge()
        assert outbox.backlog() == 20  # all are committed, while the foreigner still keeps the store from all
        while not writer.stats().failures:
            time.sleep(0.01)
        assert str(foreigner.pid) in writer.stats().error
        foreigner.kill()
        assert writer.close(30)
        assert len(store.alerts()) == 20


def fill(outbox: Outbox) -> None:
    """Commit more than the small disk holds."""
    for n in range(1, 10_000):
        outbox.commit(1, {"n": n}, [alert(text="x" * 10_000)])


def test_a_full_disk_refuses_a_commit_whole_and_takes_it_once_there_is_space(small_disk: Path) -> None:
    with Outbox(small_disk / "outbox.sqlite") as outbox:
        outbox.commit(1, {"n": 0}, [alert()], plan={})
        with pytest.raises(StoreError, match="free some space, nothing of this was stored"):
            fill(outbox)
        (session,) = outbox.unfinished()
        assert outbox.backlog() == 1 + session.snapshot["n"]
        subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
        outbox.commit(1, {"n": -1}, [alert()])
        assert [one.snapshot for one in outbox.unfinished()] == [{"n": -1}]
        assert outbox.backlog() == 2 + session.snapshot["n"]
