"""Starting a sandbox: in an event loop, in a thread of its own for clients that block, or as a command."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from evotrade.exchange.sandbox.sandbox import Sandbox
from evotrade.exchange.sandbox.server import Server
from evotrade.exchange.sandbox.settings import SandboxSettings

T = TypeVar("T")


@asynccontextmanager
async def serve(settings: SandboxSettings | None = None, port: int = 0) -> AsyncIterator[Sandbox]:
    """A sandbox that is served while the block runs, on a free port unless one is named."""
    sandbox = Sandbox(settings or SandboxSettings())
    server = Server(sandbox)
    try:
        await server.start(port)
        yield sandbox
    finally:
        await server.stop()


class ThreadedSandbox:
    """A sandbox in another thread: the same addresses, and its methods called there."""

    def __init__(self, sandbox: Sandbox, loop: asyncio.AbstractEventLoop) -> None:
        self.url, self.ws_url, self.auth_ws_url = sandbox.url, sandbox.ws_url, sandbox.auth_ws_url
        self.key, self.secret = sandbox.key, sandbox.secret
        self._sandbox, self._loop = sandbox, loop

    def do(self, work: Callable[[Sandbox], T]) -> T:
        """What `work` returns, run in the sandbox's thread."""

        async def run_there() -> T:
            return work(self._sandbox)

        return asyncio.run_coroutine_threadsafe(run_there(), self._loop).result()

    def inject(self, kind: str, **options: Any) -> None:
        """Switch a fault on."""
        self.do(lambda sandbox: sandbox.inject(kind, **options))

    def recover(self) -> None:
        """Switch every fault off."""
        self.do(lambda sandbox: sandbox.recover())

    def advance(self, seconds: float) -> None:
        """Let so much of the exchange's time pass at once."""
        self.do(lambda sandbox: sandbox.advance(seconds))

    def state(self) -> dict[str, Any]:
        """The exchange's own record, now."""
        return self.do(lambda sandbox: sandbox.state())


@contextmanager
def in_thread(settings: SandboxSettings | None = None, port: int = 0) -> Iterator[ThreadedSandbox]:
    """A sandbox served by a thread while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    served = serve(settings, port)
    try:
        sandbox = asyncio.run_coroutine_threadsafe(served.__aenter__(), loop).result()
        try:
            yield ThreadedSandbox(sandbox, loop)
        finally:
            asyncio.run_coroutine_threadsafe(served.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def run(settings: SandboxSettings, port: int, ready: Callable[[Sandbox], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; `ready` is called once clients may come. `OSError` for a taken port."""

    async def serve_until_stopped() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        async with serve(settings, port) as sandbox:
            ready(sandbox)
            await stopped.wait()

    asyncio.run(serve_until_stopped())
