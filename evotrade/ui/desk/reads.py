"""What the desk's pages know, all of it from the daemon: a snapshot a second for all viewers, and records.

While the daemon is away, what it told last is shown on, and marked as old.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import streamlit as st

from evotrade.client import Client
from evotrade.errors import DaemonError, EvotradeError
from evotrade.settings import load_settings
from evotrade.tokens import read_tokens, tokens_file

JSON = dict[str, Any]
Kind = Literal["trades", "positions", "orders", "transitions", "bars", "ticks"]

STALE_S = 10.0
"""From this age on, prices are shown as old: the exchange is heard every second."""

_WAIT_S = 3.0  # a person waits no longer to hear that the daemon does not answer
_SNAPSHOT_S, _RECORDS_S, _VERIFY_S, _SYSTEM_S = 0.9, 2.0, 10.0, 2.0
_FEW, _MANY = 4, 256
_MOST_SESSIONS = 1_000

_READS: Mapping[Kind, Callable[[Client, int], list[JSON]]] = {
    "trades": Client.trades,
    "positions": Client.positions,
    "orders": Client.orders,
    "transitions": Client.transitions,
    "bars": Client.bars,
    "ticks": Client.ticks,
}


class Snapshot(NamedTuple):
    """The desk as the daemon told it at `taken_s` (Unix seconds).

    `sessions` are those that run, the first started first. `trouble` says why the daemon cannot be asked
    now, "" where it answered; the rest is then what it told before, and `health` None if it never did.
    """

    taken_s: float
    health: JSON | None
    sessions: tuple[JSON, ...]
    trouble: str

    @property
    def age_s(self) -> float | None:
        """Seconds since the exchange was heard; None where it never was."""
        told_s = None if self.health is None else self.health["feed_age_s"]
        return None if told_s is None else told_s + max(time.time() - self.taken_s, 0.0)

    @property
    def is_stale(self) -> bool:
        """Whether numbers must not be taken for those of now."""
        age_s = self.age_s
        return bool(self.trouble) or age_s is None or age_s > STALE_S

    def find(self, session_id: int) -> JSON | None:
        """The running session of that number."""
        return next((one for one in self.sessions if one["session_id"] == session_id), None)


class _Memory:
    """The last answers, the oldest forgotten first; for all viewers, from any thread."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: tuple[object, ...], value: Any) -> None:
        with self._lock:
            self._held[key] = value
            self._held.move_to_end(key)
            while len(self._held) > _MANY:
                self._held.popitem(last=False)

    def get(self, key: tuple[object, ...]) -> Any:
        """The answer of that key, None where there is none."""
        with self._lock:
            return self._held.get(key)


@st.cache_resource(max_entries=1, show_spinner=False)
def _memory() -> _Memory:
    return _Memory()


def address() -> str:
    """Where the daemon is asked."""
    return load_settings().daemon_address


def client() -> Client:
    """The daemon's client. Raises `DaemonError` where no daemon ever ran, `SettingsError` for bad tokens."""
    settings = load_settings()
    file = tokens_file(settings.store)
    with suppress(FileNotFoundError):
        return _client(settings.daemon_address, file, file.stat().st_mtime_ns)
    raise DaemonError(f"no daemon has run on {settings.store} yet: start it with evotrade daemon")


@st.cache_resource(max_entries=_FEW, show_spinner=False, on_release=Client.close)
def _client(address: str, tokens: Path, changed_ns: int) -> Client:
    return Client(address, read_tokens(tokens).of_role("admin").token, timeout_s=_WAIT_S)


def snapshot() -> Snapshot:
    """The desk now, at most a second old; never raises for a daemon that is away."""
    settings = load_settings()
    return _snapshot(settings.daemon_address, settings.store)


@st.cache_data(ttl=_SNAPSHOT_S, max_entries=_FEW, show_spinner=False)
def _snapshot(address: str, store: Path) -> Snapshot:
    key = ("snapshot", address, store)
    try:
        daemon = client()
        health, sessions = daemon.system(), daemon.sessions(active=True, limit=_MOST_SESSIONS)
    except EvotradeError as error:
        before: Snapshot = _memory().get(key) or Snapshot(time.time(), None, (), "")
        return before._replace(trouble=str(error))
    fresh = Snapshot(time.time(), health, tuple(reversed(sessions)), "")
    _memory().put(key, fresh)
    return fresh


def forget() -> None:
    """Ask the daemon anew: a person has just changed something."""
    _snapshot.clear()
    _session.clear()
    _records.clear()
    _history.clear()


def session(session_id: int) -> JSON:
    """One session, running or ended. Raises what `Client.session` does."""
    return _session(address(), session_id)


@st.cache_data(ttl=_SNAPSHOT_S, max_entries=_MANY, show_spinner=False)
def _session(address: str, session_id: int) -> JSON:
    found: JSON = _told(("session", address, session_id), lambda: client().session(session_id))
    return found


def records(session_id: int, kind: Kind) -> list[JSON]:
    """A session's records of that kind, oldest first. Raises what the client's method of that name does."""
    return _records(address(), session_id, kind)


@st.cache_data(ttl=_RECORDS_S, max_entries=_MANY, show_spinner=False)
def _records(address: str, session_id: int, kind: Kind) -> list[JSON]:
    found: list[JSON] = _told((kind, address, session_id), lambda: _READS[kind](client(), session_id))
    return found


def history() -> list[JSON]:
    """Sessions that have ended, newest first. `DaemonError` while the daemon is away."""
    return _history(address())


@st.cache_data(ttl=_RECORDS_S, max_entries=_FEW, show_spinner=False)
def _history(address: str) -> list[JSON]:
    return client().sessions(active=False, limit=_MOST_SESSIONS)


def verification(session_id: int, status: str) -> JSON:
    """The session against the backtest of its bars. Raises what `Client.verify` does."""
    return _verification(address(), session_id, status)


@st.cache_data(ttl=_VERIFY_S, max_entries=_MANY, show_spinner=False)
def _verification(address: str, session_id: int, status: str) -> JSON:
    found: JSON = _told(("verify", address, session_id), lambda: client().verify(session_id))
    return found


def alerts() -> list[JSON]:
    """What people were told, newest first. `DaemonError` while the daemon is away."""
    return _alerts(address())


@st.cache_data(ttl=_SYSTEM_S, max_entries=_FEW, show_spinner=False)
def _alerts(address: str) -> list[JSON]:
    return client().alerts(limit=200)


def _told(key: tuple[object, ...], ask: Callable[[], Any]) -> Any:
    """The daemon's answer, or while it is away what it answered last."""
    try:
        answer = ask()
    except DaemonError:
        held = _memory().get(key)
        if held is None:
            raise
        return held
    _memory().put(key, answer)
    return answer
