"""Processes that a command starts beside itself, and ends with itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType

from evotrade.errors import EvotradeError

HOST = "127.0.0.1"
_START_S, _STOP_S = 60.0, 10.0
_PORTS = 100


@contextmanager
def child(
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    log: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process while the block runs: `python ARGUMENTS`, in this one's environment and more.

    With `log` all that it says is added to that file, otherwise its errors go where this one's do.
    """
    with log.open("ab") if log else nullcontext() as file:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **(environment or {})},
            stdout=file or subprocess.DEVNULL,
            stderr=file,
            # A session of its own: Ctrl-C reaches this process alone, which then ends it in good order.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Ends quietly at Ctrl-C, and as if by it at SIGTERM and when the terminal closes (SIGHUP).

    SIGINT is set too: a shell starts what runs in its background deaf to it.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for(
    url: str, process: subprocess.Popen[bytes], what: str, is_its: Callable[[bytes], bool] = lambda _: True
) -> None:
    """Wait until it answers there, `is_its` judging the answer: a port may be another's by now.

    `EvotradeError` where it ends instead, or takes a minute.
    """
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EvotradeError(f"{what} ended with exit code {process.returncode}: its message says why")
        with suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            if is_its(answer.read()):
                return
        time.sleep(0.1)
    raise EvotradeError(f"{what} did not answer at {url} for {_START_S:.0f} s: try again, or on another port")


def free_port(wanted: int) -> int:
    """That port, or else the next one that nobody listens at."""
    for port in range(wanted, wanted + _PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((HOST, port))
                return port
    raise EvotradeError(f"ports {wanted} to {wanted + _PORTS - 1} are all taken: name another by --port")
