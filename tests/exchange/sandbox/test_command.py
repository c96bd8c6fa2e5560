"""`evotrade sandbox` as a person starts it."""

import signal
import socket
import subprocess
import sys

import pytest
import requests
from kraken.spot import User

from tests.candle_files import kraken_file


def started(*words):
    command = [sys.executable, "-m", "evotrade", "sandbox", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.process
def test_the_command_replays_a_file_with_a_key_to_use_and_ends_at_ctrl_c(tmp_path):
    sandbox = started("--data", str(kraken_file(tmp_path, 2_000)), "--port", "0", "--spread-bps", "2")
    lines = [sandbox.stdout.readline().split() for _ in range(5)]
    url, key, secret = lines[0][3], lines[2][2], lines[3][1]
    assert lines[0][1] == "BTC/USD"
    assert User(key, secret, url=url).get_account_balance()["ZUSD"] == "100000.0000"
    assert requests.get(f"{url}/sandbox/state", timeout=5).json()["orders"] == []
    sandbox.send_signal(signal.SIGINT)
    assert sandbox.wait(10) == 0
    assert sandbox.communicate()[1] == ""


@pytest.mark.process
def test_a_taken_port_is_told_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sandbox = started("--port", str(taken.getsockname()[1]))
        _, told = sandbox.communicate(timeout=20)
    assert sandbox.returncode == 1
    assert "is taken: name another by --port" in told
