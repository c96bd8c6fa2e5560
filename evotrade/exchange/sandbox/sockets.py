"""A websocket connection: its session, and the texts that wait to be sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from decimal import Decimal

from aiohttp import WSMsgType, web

from evotrade.exchange.sandbox.events import Event
from evotrade.exchange.sandbox.frames import HEARTBEAT, Frame
from evotrade.exchange.sandbox.garbling import Garbler
from evotrade.exchange.sandbox.sandbox import Sandbox
from evotrade.exchange.sandbox.session import Session

_MOST_WAITING = 10_000
_HEARTBEAT_S = 1.0


class Connection:
    """One connected client; frames are put in its queue and sent by a task of its own."""

    def __init__(self, sandbox: Sandbox, session: Session, request: web.Request) -> None:
        self.session = session
        self.socket = web.WebSocketResponse()
        self._sandbox = sandbox
        self._request = request
        self._garbler = Garbler(sandbox.faults)
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    def publish(self, events: Sequence[Event]) -> None:
        """Send the frames that these events make for this client."""
        self.put(self.session.publish(events))

    def put(self, frames: Sequence[Frame]) -> None:
        """Send these after those already waiting; a client that reads too slowly is cut off."""
        for frame in frames:
            for text in self._garbler.texts(frame, self._sandbox.outside_s()):
                self._queue.put_nowait(text)
        if self._queue.qsize() > _MOST_WAITING:
            self.drop()

    def drop(self) -> None:
        """Cut the connection without a goodbye."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def send_waiting(self) -> None:
        """Send what is put in, until the connection ends."""
        with suppress(ConnectionError):
            while True:
                await self.socket.send_str(await self._queue.get())

    async def beat(self) -> None:
        """Put in a heartbeat about once a second, for ever."""
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            self.put([HEARTBEAT])

    async def messages(self) -> AsyncIterator[object]:
        """The client's messages, one after the other, read as JSON; None for what is none."""
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                yield _read(message.data)


def _read(text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        return None
