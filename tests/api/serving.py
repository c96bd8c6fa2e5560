"""The app served for real, on loopback, by a thread of the test."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from evotrade.api import make_server


class Served:
    """Where it listens, and its event loop, in which the desk lives."""

    def __init__(self, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}"
        self._loop = loop

    def do(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        """Call something in the event loop, and wait until it is done."""
        done = threading.Event()

        def run() -> None:
            work(*arguments, **named)
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(5)


@contextmanager
def serving(app: FastAPI, port: int = 0) -> Iterator[Served]:
    """Serves until the block ends, at any port that is free unless told which."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        server = make_server(app, port)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_until_complete, args=(server.serve([listening]),))
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield Served(listening.getsockname()[1], loop)
        finally:
            server.should_exit = True
            thread.join(20)
            loop.close()
        assert not thread.is_alive()


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.005)
