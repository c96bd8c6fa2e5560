"""`evotrade sandbox` as a person starts it."""

import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import requests
from kraken.spot import User

from evotrade.cli.sandbox import _start_s, sandbox
from evotrade.errors import SettingsError
from evotrade.market import synthetic_candles
from tests.candle_files import kraken_file

DAY = "2020-02-11"  # amid the two thousand hours


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
def test_the_day_to_play_from_may_be_named(tmp_path):
    file = str(kraken_file(tmp_path, 2_000))
    refused = started("--data", file, "--port", "0", "--start", "1999-12-31")
    assert "the candles are of 2020-01-01 to" in refused.communicate(timeout=20)[1]
    assert refused.returncode == 2
    sandbox = started("--data", file, "--port", "0", "--speed", "0", "--start", DAY)
    url = sandbox.stdout.readline().split()[3]
    now_s = requests.get(f"{url}/sandbox/state", timeout=5).json()["now_s"]
    assert datetime.fromtimestamp(now_s, UTC) == datetime.fromisoformat(f"{DAY}T00:00+00:00")
    sandbox.terminate()
    sandbox.communicate(timeout=10)


def test_of_a_long_file_the_end_is_played():
    candles = synthetic_candles(50_000, "1h", seed=1)
    assert _start_s(candles, None) == candles.end_s[-20_001]
    assert _start_s(candles[:20_000], None) is None


@pytest.mark.process
def test_a_taken_port_is_told_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sandbox = started("--port", str(taken.getsockname()[1]))
        _, told = sandbox.communicate(timeout=20)
    assert sandbox.returncode == 1
    assert "is taken: name another by --port" in told


@pytest.mark.parametrize("file", [None, "XBTUSD_60.csv"])
def test_an_empty_name_is_no_pair(file, tmp_path):
    data = kraken_file(tmp_path, 50) if file else None
    with pytest.raises(SettingsError, match="'' names no pair"):
        sandbox(data=data, pair="", port=0)
