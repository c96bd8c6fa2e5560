"""Daemons as processes: started at a sandbox, asked by HTTP, ended by signals."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from evotrade.exchange.kraken.keys import KEY_VARIABLE, SECRET_VARIABLE
from evotrade.tokens import read_tokens, tokens_file
from tests.paths import ROOT

START_S = 30.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class DaemonProcess:
    """One store's daemon, started and ended any number of times; its log lies beside the store."""

    def __init__(self, folder: Path, sandbox, *, speed: float, **environment: str) -> None:
        self.store = folder / "db" / "lab.duckdb"
        self.store.parent.mkdir(exist_ok=True)
        self.log = folder / "daemon.log"
        self.port = free_port()
        where = {"EXCHANGE_URL": sandbox.url, "EXCHANGE_WS_URL": sandbox.ws_url, "EXCHANGE_SPEED": str(speed)}
        own = {"STORE": str(self.store), "EXCHANGE": "sandbox", "TIER": "pro", **where}
        own["DAEMON_PORT"] = str(self.port)
        names = {f"EVOTRADE_{name}": value for name, value in own.items()}
        self.environment = {**os.environ, **names, "PYTHONUNBUFFERED": "1", **environment}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "scheduler.py")],
                env=self.environment,
                cwd=self.store.parents[1],
                stdout=log,
                stderr=log,
            )
        if wait:
            self.wait_for(lambda: self.health() is not None, START_S)

    def health(self):
        """What /health says; None while nobody answers."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=2).json()
        except httpx.TransportError:
            return None

    def ask(self, method: str, path: str, *, role: str = "trader", **options):
        """An answer of the API."""
        token = read_tokens(tokens_file(self.store)).of_role(role).token
        headers = {"Authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.request(method, url, headers=headers, timeout=70, **options)

    def session(self, number: int):
        """A session as the API tells it."""
        return self.ask("GET", f"/trading/session/{number}").json()

    def fills(self, number: int):
        """Its fills as the API tells them."""
        return self.ask("GET", f"/trading/session/{number}/trades").json()

    def counters(self):
        """What it counts, by name."""
        return self.ask("GET", "/system").json()["counters"]

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def wait_for(self, condition, within_s: float = 15.0, every_s: float = 0.05):
        """Wait until something is so, while the daemon lives."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert self.process.poll() is None, self.log.read_text()[-3_000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3_000:]
            time.sleep(every_s)


@contextmanager
def daemon_at(sandbox, folder, *, speed, real=False, **environment):
    """A daemon that is started, and killed in the end, whatever became of it."""
    keys = {KEY_VARIABLE: sandbox.key, SECRET_VARIABLE: sandbox.secret, "EVOTRADE_ALLOW_REAL_ORDERS": "1"}
    daemon = DaemonProcess(folder, sandbox, speed=speed, **(keys if real else {}), **environment)
    try:
        yield daemon
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()
