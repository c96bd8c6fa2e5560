"""Alerts: what a person should hear of at once, kept for the page and sent by apprise where it is set up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import structlog

from evotrade.desk.counters import Counters
from evotrade.errors import SettingsError

Level = Literal["info", "warning", "failure"]

Keep = Callable[[datetime, str, int | None, str], None]
"""Takes at, level, session_id and text of an alert, to be stored; must not raise."""

_KEPT = 1_000
_WAITING = 100  # alerts not yet sent; beyond that the oldest are dropped, and counted
_log = structlog.get_logger(__name__)


class Messenger(Protocol):
    """Sends one message by every way it knows; False where one of them failed. It may block."""

    def __call__(self, title: str, text: str, level: Level) -> bool:
        """Send it."""


def apprise_messenger(urls: Sequence[str]) -> Messenger | None:
    """The ways that apprise's addresses name; None where there is none.

    `SettingsError` says which address, by its number and scheme, is none: the rest of it is a secret.
    """
    if not urls:
        return None
    from apprise import Apprise, NotifyType  # takes half a second, and most daemons never need it

    ways = Apprise()
    for number, url in enumerate(urls, 1):
        if not ways.add(url):
            raise SettingsError(
                f"alert address {number} ({url.split(':')[0]}://…) is unknown to apprise: mend alert_urls"
            )
    kinds = {"info": NotifyType.INFO, "warning": NotifyType.WARNING, "failure": NotifyType.FAILURE}

    def send(title: str, text: str, level: Level) -> bool:
        return bool(ways.notify(body=text, title=title, notify_type=kinds[level]))

    return send


class Alerts:
    """The last alerts, newest first, and a task that sends them one after another."""

    def __init__(
        self,
        messenger: Messenger | None,
        counters: Counters,
        now: Callable[[], datetime],
        keep: Keep | None = None,
    ) -> None:
        self._messenger, self._counters, self._now, self._keep = messenger, counters, now, keep
        self._kept: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._waiting: deque[dict[str, Any]] = deque()
        self._awake = asyncio.Event()

    def tell(self, level: Level, text: str, session_id: int | None = None) -> None:
        """Keep an alert and have it sent; returns at once and never raises."""
        at = self._now()
        alert = {"at": at, "level": level, "session_id": session_id, "text": text}
        self._kept.appendleft(alert)
        self._counters.add("alerts")
        _log.warning("alert", severity=level, session_id=session_id, text=text)
        if self._keep is not None:
            self._keep(at, level, session_id, text)
        if self._messenger is None:
            return
        self._waiting.append(alert)
        if len(self._waiting) > _WAITING:
            self._waiting.popleft()
            self._counters.add("alerts_dropped")
        self._awake.set()

    def latest(self, limit: int) -> list[dict[str, Any]]:
        """at, level, session_id, text; newest first."""
        return list(self._kept)[:limit]

    async def test(self) -> None:
        """Send a test message. `SettingsError` where no way is set up, or one failed."""
        if self._messenger is None:
            raise SettingsError("no way to send alerts is set up: give alert_urls in evotrade.toml")
        text = "This is a test: alerts of evotrade arrive here."
        if not await asyncio.to_thread(self._messenger, "evotrade", text, "info"):
            raise SettingsError("a test message could not be sent by every way: check alert_urls and network")

    async def run(self) -> None:
        """Send what waits, for ever; a message that cannot be sent is logged and counted, not repeated."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._waiting and self._messenger is not None:
                alert = self._waiting.popleft()
                await self._send(self._messenger, alert)

    async def _send(self, messenger: Messenger, alert: dict[str, Any]) -> None:
        title = "evotrade" if alert["session_id"] is None else f"evotrade session {alert['session_id']}"
        try:
            sent = await asyncio.to_thread(messenger, title, alert["text"], alert["level"])
        except Exception as error:  # noqa: BLE001 - a third party's plug-in must not end the sending of alerts
            _log.error("alert not sent", error=type(error).__name__)
            sent = False
        self._counters.add("alerts_sent" if sent else "alerts_failed")
