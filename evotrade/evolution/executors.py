"""Where evaluations run: in this thread, in threads, in processes or on a dask cluster.

All speak `concurrent.futures.Executor`, and results are the same on each.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

from evotrade.errors import EvolutionError, SettingsError


class SerialExecutor(Executor):
    """Runs each task at once, in the calling thread."""

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A finished future of the task; what the task raised is raised by its `result()`."""
        future: Future[Any] = Future()
        try:
            future.set_result(task(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - a future carries what its task raised; Ctrl-C ends it all
            future.set_exception(error)
        return future


@contextmanager
def open_executor(spec: str, workers: int) -> Iterator[Executor]:
    """The executor named `serial`, `threads`, `processes` or `dask://host:port`, closed at the end.

    Raises `SettingsError` for another name, or when dask is asked for and not installed.
    """
    with _opened(spec, workers) as executor:
        yield executor


def _opened(spec: str, workers: int) -> AbstractContextManager[Executor]:
    if spec == "serial":
        return SerialExecutor()
    if spec == "threads":
        return ThreadPoolExecutor(workers, thread_name_prefix="evotrade")
    if spec == "processes":
        return _process_pool(workers)
    if spec.startswith("dask://"):
        return _dask_executor(spec.removeprefix("dask://"))
    raise SettingsError(f"unknown executor {spec!r}: use serial, threads, processes or dask://HOST:PORT")


@contextmanager
def _dask_executor(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise SettingsError("dask is not installed: pip install 'evotrade[dask]'") from None
    try:
        client = Client(address)
    except OSError as error:
        raise EvolutionError(f"no dask scheduler answers at {address} ({error}): start one there") from error
    with client:
        yield client.get_executor(pure=False)  # a backtest is not keyed by its arguments


def _process_pool(workers: int) -> ProcessPoolExecutor:
    """Worker processes that leave Ctrl-C to this one, and end when it does, however it ends."""
    # A forked child inherits locks that other threads of this process may hold at that moment.
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_end_with_parent)
    if threading.current_thread() is not threading.main_thread():
        return pool  # signals are the main thread's
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # Each task without an idle worker starts one, and a signal that is ignored is inherited.
        wait([pool.submit(int) for _ in range(workers)])
    finally:
        signal.signal(signal.SIGINT, before)
    return pool


def _end_with_parent() -> None:
    """A worker waits for tasks in a pipe that it holds open itself, so it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    signal.raise_signal(signal.SIGKILL)
