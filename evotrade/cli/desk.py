"""The desk's processes for `evotrade up`: the daemon, and a sandbox for it where Kraken is out of reach."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from evotrade.cli.children import HOST, child, free_port, wait_for
from evotrade.cli.output import note, say
from evotrade.errors import DaemonError, EvotradeError, ExchangeError
from evotrade.settings import Settings, load_settings

_SANDBOX_PORT = 8700
_SPEED = 60.0  # a bar of an hour takes a minute: long enough to see it, short enough to wait for it


@contextmanager
def desk(store: Path, data: Path | None, pair: str | None) -> Iterator[Mapping[str, str]]:
    """The environment in which the app finds the daemon; what runs ends with the block.

    Nothing is started where a daemon runs on the store already, or the settings name one elsewhere.
    `data` and `pair` are the candles that a sandbox plays.
    """
    settings = load_settings()
    if settings.daemon_url is not None or not _is_free(store):
        note(f"The desk is that of the daemon that runs already, at {settings.daemon_address}.")
        yield {}
        return
    with ExitStack() as running:
        where = {"EVOTRADE_DAEMON_PORT": str(free_port(settings.daemon_port))}
        if _needs_sandbox(settings):
            where |= running.enter_context(_sandbox(store, data, pair))
        running.enter_context(_daemon(store, where))
        yield where


def _is_free(store: Path) -> bool:
    """Whether no daemon runs on the store."""
    from evotrade.desk.guard import only_daemon

    try:
        with only_daemon(store):
            return True
    except DaemonError:
        return False


def _needs_sandbox(settings: Settings) -> bool:
    """Whether there is no exchange: the settings leave it open and Kraken does not answer."""
    if settings.exchange_url is not None:
        return False
    if "exchange" in settings.model_fields_set:
        return settings.exchange == "sandbox"
    from evotrade.exchange.public import PublicApi

    try:
        PublicApi(settings.kraken_url, sleep=lambda _: None).ask("Time")
    except ExchangeError:
        return True
    return False


@contextmanager
def _sandbox(store: Path, data: Path | None, pair: str | None) -> Iterator[Mapping[str, str]]:
    """A sandbox that plays the file, or synthetic candles; how to find it."""
    port = free_port(_SANDBOX_PORT)
    options = [*(["--data", str(data)] if data else []), *([] if pair is None else ["--pair", pair])]
    command = ["-m", "evotrade", "sandbox", "--port", str(port), "--speed", str(_SPEED), *options]
    url = f"http://{HOST}:{port}"
    with child(command, log=_log(store, "sandbox")) as process:
        wait_for(f"{url}/0/public/Time", process, "the sandbox")
        say(f"The exchange is a sandbox at {url}: its prices are played, {_SPEED:.0f} times as fast as time.")
        yield {
            "EVOTRADE_EXCHANGE": "sandbox",
            "EVOTRADE_EXCHANGE_URL": url,
            "EVOTRADE_EXCHANGE_WS_URL": f"ws://{HOST}:{port}",
            "EVOTRADE_EXCHANGE_SPEED": str(_SPEED),
        }


@contextmanager
def _daemon(store: Path, where: Mapping[str, str]) -> Iterator[None]:
    """The daemon; without it the lab goes on, and the Live desk says what to do."""
    log = _log(store, "daemon")
    url = f"http://{HOST}:{where['EVOTRADE_DAEMON_PORT']}"
    with child(["-m", "evotrade", "daemon"], where, log=log) as process:
        try:
            wait_for(f"{url}/health", process, "the daemon", lambda told: _pid(told) == process.pid)
        except EvotradeError as error:
            note(f"{error}: see {log}")
        else:
            say(f"The daemon is at {url}, its log in {log}")
        yield


def _pid(health: bytes) -> int | None:
    """Which process it is that answers."""
    try:
        told = json.loads(health)
    except ValueError:
        return None
    return told.get("pid") if isinstance(told, dict) else None


def _log(store: Path, name: str) -> Path:
    return store.with_name(f"{name}.log")
