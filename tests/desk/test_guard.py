import os
import subprocess
import sys

import pytest

from evotrade.desk.guard import guard_path, only_daemon
from evotrade.errors import DaemonError


def test_a_second_daemon_is_refused_and_names_the_first(tmp_path):
    store = tmp_path / "db" / "lab.duckdb"
    with only_daemon(store), pytest.raises(DaemonError, match=str(os.getpid())), only_daemon(store):
        pass


def test_the_next_daemon_may_come_when_the_first_has_gone(tmp_path):
    for _ in range(2):
        with only_daemon(tmp_path / "lab.duckdb"):
            assert guard_path(tmp_path / "lab.duckdb").read_text() == str(os.getpid())


@pytest.mark.process
def test_a_killed_daemon_leaves_no_guard_behind(tmp_path):
    code = (
        "import pathlib, sys, time; from evotrade.desk.guard import only_daemon\n"
        "with only_daemon(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    store = tmp_path / "lab.duckdb"
    with subprocess.Popen([sys.executable, "-c", code, store], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(DaemonError, match=str(other.pid)), only_daemon(store):
            pass
        other.kill()
        other.wait()
    with only_daemon(store):
        pass
