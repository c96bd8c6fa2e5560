"""Following one session across connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from evotrade.client.refusals import error_of, not_running

_SILENCE_S = 45.0  # three heartbeats
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 5.0


class Watch:
    """What a session tells, from one connection to the next: `Client.watch` says how."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        session_id: int,
        patience_s: float,
        sleep: Callable[[float], None],
    ) -> None:
        self._url = url
        self._address = f"ws{url.removeprefix('http')}/ws/trading/{session_id}"
        self._headers = headers
        self._patience_s = patience_s
        self._sleep = sleep
        self._place: tuple[str, int] | None = None
        self._over = False

    def messages(self) -> Iterator[dict[str, Any]]:
        """All messages but heartbeats."""
        waited_s, wait_s = 0.0, _FIRST_WAIT_S
        while not self._over:
            try:
                with self._connect() as socket:
                    for message in self._received(socket):
                        waited_s, wait_s = 0.0, _FIRST_WAIT_S
                        yield message
            except InvalidStatus as refusal:
                raise error_of(refusal.response.status_code, bytes(refusal.response.body or b"")) from None
            except (OSError, ConnectionClosed, InvalidHandshake):
                if self._place is None or waited_s >= self._patience_s:
                    raise not_running(self._url) from None
            if not self._over:
                self._sleep(wait_s)
                waited_s, wait_s = waited_s + wait_s, min(2 * wait_s, _LONGEST_WAIT_S)

    def _connect(self) -> ClientConnection:
        query = "" if self._place is None else f"?epoch={self._place[0]}&after={self._place[1]}"
        return connect(
            self._address + query,
            additional_headers=self._headers,
            proxy=None,
            open_timeout=10,
            close_timeout=1,
            max_size=2**22,
        )

    def _received(self, socket: ClientConnection) -> Iterator[dict[str, Any]]:
        """The connection's messages but for heartbeats; ends with the session, or in silence."""
        while not self._over:
            message: dict[str, Any] = json.loads(socket.recv(timeout=_SILENCE_S))
            if message["type"] == "heartbeat":
                continue
            self._place = message["epoch"], message["seq"]
            self._over = message["type"] in ("snapshot", "state") and _stopped(message["data"])
            yield message


def _stopped(data: Mapping[str, Any]) -> bool:
    return (data.get("status") or data.get("after")) == "stopped"
