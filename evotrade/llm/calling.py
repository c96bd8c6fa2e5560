"""A conversation in an event loop of its own, whose every effect happens in the thread that asks.

Pages, commands and notebooks call without an event loop, or from inside one that is running: so the network's
part runs in another thread, and sends work back, which may then use a page, a store's session or a debugger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

_Made = TypeVar("_Made")
_POLL_S = 0.05


class Line:
    """The way from the conversation to the thread that asks."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()

    async def do(self, work: Callable[[], _Made]) -> _Made:
        """What `work` gives in the thread that asks. An error of its ends the ask and is raised there."""
        done: Future[_Made] = Future()
        self._jobs.put(lambda: done.set_result(work()))
        return await asyncio.wrap_future(done)

    def tell(self, work: Callable[[], None]) -> None:
        """Have `work` done there, in order, without waiting for it."""
        self._jobs.put(work)

    def serve(self, timeout_s: float) -> None:
        """Do what is waiting, or comes within the timeout."""
        try:
            self._jobs.get(timeout=timeout_s)()
            while True:
                self._jobs.get_nowait()()
        except Empty:
            return


def run_apart(
    main: Callable[[Line], Coroutine[Any, Any, None]], stop: Callable[[], bool], cancel: Callable[[], None]
) -> None:
    """Run `main` in another thread's event loop and serve it from this one; raises what it raises.

    When `stop` says so, several times a second asked, `cancel` is called, from this thread, once. An error in
    work that this thread does, a keyboard's interrupt too, cancels and is raised when `main` has ended.
    """
    line, ended = Line(), Future[None]()
    thread = Thread(target=_run, args=(main, line, ended), name="evotrade-llm", daemon=True)
    thread.start()
    cancelled = False
    try:
        while not ended.done():
            line.serve(_POLL_S)
            if not cancelled and stop():
                cancelled = True
                cancel()
        line.serve(0)
    except BaseException:
        cancel()
        raise
    finally:
        thread.join()
    ended.result()


def _run(main: Callable[[Line], Coroutine[Any, Any, None]], line: Line, ended: Future[None]) -> None:
    try:
        asyncio.run(main(line))
    except BaseException as error:  # noqa: BLE001, handed over to the thread that asks, which raises it
        ended.set_exception(error)
    else:
        ended.set_result(None)
    line.tell(lambda: None)  # wakes it
