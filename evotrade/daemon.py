"""The daemon: one process that runs all sessions, their jobs and the API, until it is asked to end.

It starts without network, keys or data, and gets going when they appear. SIGTERM and SIGINT end it in good
order; after kill -9 it has lost nothing either. A second one on the same store refuses to start.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, timedelta
from importlib.metadata import version
from multiprocessing import get_context
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from evotrade import timeframes
from evotrade.api import create_app, make_server
from evotrade.cells import ViabilityRules
from evotrade.desk.alerts import apprise_messenger
from evotrade.desk.connect import Connected, connect, connect_broker
from evotrade.desk.guard import only_daemon
from evotrade.desk.jobs import Job, JobRunner
from evotrade.desk.log import configure_log
from evotrade.desk.parts import Parts
from evotrade.desk.service import Desk
from evotrade.errors import DaemonError, ExchangeError, SettingsError, StoreBusy
from evotrade.exchange.kraken.keys import Keys, load_keys
from evotrade.lab.viability import sweep_file
from evotrade.settings import Settings, load_settings
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.store.writer import Writer
from evotrade.tokens import Tokens, ensure_tokens, tokens_file

_SECOND_S, _RECONCILE_S, _REPAIR_S, _SWEEP_S, _HOUR_S = 1.0, 30.0, 300.0, 900.0, 3_600.0
_REPAIRED_BARS = 24
_RAW_TICKS = timedelta(days=7)
_ENDED_KEPT = 100
_AGAIN_S = 1.0
_WRITE_WAIT_S = 3.0  # the writer tries again; a daemon that ends must not wait long
_log = structlog.get_logger(__name__)


def main() -> int:
    """Run the daemon of the settings in force until SIGTERM or Ctrl-C; the exit code.

    Raises `DaemonError` where one runs already, `SettingsError` and `StoreError` where it cannot begin.
    """
    settings = load_settings()
    with only_daemon(settings.store):
        _expect_free(settings.daemon_port)
        tokens = ensure_tokens(tokens_file(settings.store))
        keys = load_keys()
        configure_log(secrets=_secrets(settings, tokens, keys))
        asyncio.run(_run(settings, tokens, keys))
    return 0


def _expect_free(port: int) -> None:
    """`DaemonError` where somebody else listens at the API's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as uvicorn does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DaemonError(
                f"port {port} cannot be listened at ({error.strerror}): set another EVOTRADE_DAEMON_PORT"
            ) from None


def _secrets(settings: Settings, tokens: Tokens, keys: Keys | None) -> list[str]:
    own = [one.token for one in tokens] + [url.get_secret_value() for url in settings.alert_urls]
    return own + ([keys.key, keys.secret] if keys else [])


async def _run(settings: Settings, tokens: Tokens, keys: Keys | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with running(settings, tokens, keys) as desk:
        _log.info("daemon started", pid=os.getpid(), port=settings.daemon_port, exchange=settings.exchange)
        await _until_first(stopped.wait(), desk.ended.wait())
        _log.info("daemon ends")
    _log.info("daemon ended", pid=os.getpid())


class Daemon:
    """A running daemon: its desk, its jobs, and `ended`, set when its API can go on no more."""

    def __init__(self, desk: Desk, settings: Settings, connected: Connected) -> None:
        self.desk, self.settings = desk, settings
        self.ended = asyncio.Event()
        self._market = connected.market
        self._beat_s = asyncio.get_running_loop().time()
        self._repaired_s: dict[tuple[str, str], float] = {}

    def jobs(self) -> list[Job]:
        """What recurs, with its period in seconds."""
        return [
            Job("flush", _SECOND_S, self.desk.flush),
            Job("heartbeat", _SECOND_S, self.beat),
            Job("risk check", _SECOND_S, self.desk.watch_risk),
            Job("reconciliation", _RECONCILE_S, self.desk.reconcile),
            Job("candle backfill", _REPAIR_S, self.repair_candles),
            Job("viability sweep", _SWEEP_S, self.sweep),
            Job("parity check", _HOUR_S, self.desk.check_parity),
            Job("ticks to minutes", _HOUR_S, self.downsample),
            Job("archive", _HOUR_S, self.archive),
        ]

    async def beat(self) -> None:
        """Count a second, and how late it came: what the loop was kept from."""
        now_s = asyncio.get_running_loop().time()
        counters = self.desk.parts.counters
        counters.add("heartbeats")
        lag_s = max(0.0, now_s - self._beat_s - _SECOND_S)
        counters.put("loop_lag_s", lag_s)
        counters.peak("longest_loop_lag_s", lag_s)
        self._beat_s = now_s

    async def repair_candles(self) -> None:
        """Store the last bars of every series in use again, as the exchange has them now: gaps close."""
        parts = self.desk.parts
        loop_s, trouble = asyncio.get_running_loop().time(), None
        for key in list(parts.floor.lines):
            length_s = timeframes.length_s(key[1])
            if loop_s - self._repaired_s.get(key, float("-inf")) < length_s:
                continue
            since_s = int(parts.market.now_s()) - _REPAIRED_BARS * length_s
            try:
                parts.keeper.keep(await parts.market.history(*key, since_s))
            except ExchangeError as error:
                trouble = error  # the other series first
            else:
                self._repaired_s[key] = loop_s
        if trouble is not None:
            raise trouble

    async def sweep(self) -> None:
        """Judge all cells again, in a process of its own."""
        rules = ViabilityRules(**self.settings.viability.model_dump())
        store = self.desk.parts.store.path
        pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            changed = await asyncio.get_running_loop().run_in_executor(pool, sweep_file, store, rules)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        _log.info("viability sweep", changed=changed)

    async def downsample(self) -> None:
        """Old ticks become minutes."""
        parts = self.desk.parts
        await asyncio.to_thread(parts.store.downsample_ticks, parts.now() - _RAW_TICKS)

    async def archive(self) -> None:
        """Old sessions move to the archive."""
        await asyncio.to_thread(self.desk.parts.store.archive_sessions, _ENDED_KEPT)

    async def find_keys(self, keys: Keys | None) -> None:
        """Real orders as soon as there are keys that may trade and an exchange that answers; then it ends."""
        real, complaint = self.desk.parts.real, ""
        while not real.ready:
            try:
                keys = keys or await asyncio.to_thread(load_keys)
                if keys is None:
                    await asyncio.sleep(_RECONCILE_S)
                    continue
                broker = await connect_broker(
                    self.settings, keys, self._market, self.desk.parts.report, random.random
                )
                self.desk.connect_real(broker)
            except SettingsError as error:
                real.complaint = str(error)
                self.desk.parts.alerts.tell("failure", f"Real orders are not possible: {error}")
                return
            except ExchangeError as error:
                real.complaint = str(error)
                if complaint != str(error):
                    _log.warning("keys not checked yet", error=str(error))
                complaint = str(error)
                await asyncio.sleep(_RECONCILE_S / 6)


@asynccontextmanager
async def running(settings: Settings, tokens: Tokens, keys: Keys | None = None) -> AsyncIterator[Daemon]:
    """A daemon that runs while the block does. Raises what its parts raise where it cannot begin."""
    async with AsyncExitStack() as stack:
        store = await _open(settings)
        outbox = stack.enter_context(Outbox(store.path.with_name("outbox.sqlite")))
        writer = Writer(store, outbox)
        stack.push_async_callback(asyncio.to_thread, writer.close)
        connected = connect(settings, random.random)
        messenger = apprise_messenger([url.get_secret_value() for url in settings.alert_urls])
        parts = Parts(connected.market, store, outbox, writer, settings, messenger, connected.sync)
        desk = Desk(parts, version("evotrade"))
        stack.push_async_callback(desk.close)
        daemon = Daemon(desk, settings, connected)
        await desk.begin()
        desk.jobs = jobs = daemon.jobs()
        stack.enter_context(_scheduled(jobs, JobRunner(parts.alerts, parts.counters, parts.now)))
        await stack.enter_async_context(
            _in_background(lambda: parts.alerts.run(), lambda: daemon.find_keys(keys))
        )
        await stack.enter_async_context(_served(daemon, store, tokens))
        yield daemon


async def _open(settings: Settings) -> Store:
    """The store, as soon as nobody else holds it."""
    while True:
        try:
            return await asyncio.to_thread(Store, settings.store, write_wait_s=_WRITE_WAIT_S)
        except StoreBusy as error:
            _log.warning("store is busy", error=str(error))
            await asyncio.sleep(_AGAIN_S)


@asynccontextmanager
async def _served(daemon: Daemon, store: Store, tokens: Tokens) -> AsyncIterator[None]:
    """The API on this machine's own address. Its end ends the daemon."""
    app = create_app(daemon.desk, store, tokens, settings=daemon.settings)
    server = make_server(app, daemon.settings.daemon_port)
    serving = asyncio.create_task(server.serve())
    serving.add_done_callback(lambda _: daemon.ended.set())
    try:
        yield
    finally:
        server.should_exit = True
        with suppress(SystemExit):  # uvicorn's word for a port that is taken; it has logged it
            await serving


@asynccontextmanager
async def _in_background(*works: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Coroutines that run beside, each begun again where it fails."""
    tasks = [asyncio.create_task(_again_and_again(work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await work()
        except Exception:  # noqa: BLE001 - the outermost loop of a background work: it must go on
            _log.exception("background work failed")
            await asyncio.sleep(_AGAIN_S)


@contextmanager
def _scheduled(jobs: Sequence[Job], runner: JobRunner) -> Iterator[None]:
    """All jobs at their times; a run that is late is run once, however late, and never beside itself."""
    defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    scheduler = AsyncIOScheduler(job_defaults=defaults, timezone=UTC)
    for job in jobs:
        scheduler.add_job(runner.run, "interval", [job], seconds=job.every_s, id=job.name)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


async def _until_first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of them is done."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
