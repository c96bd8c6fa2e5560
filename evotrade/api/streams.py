"""Websockets of watchers: each session's channel is fed by the desk and read by any number of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from evotrade.api.channel import Channel, Mailbox, Message, Place
from evotrade.desk.views import DeskService, Update

TOO_SLOW = 1013
"""The close code ("try again later") of a watcher that lags behind; it may go on where it was."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How messages flow: prices at most once in `interval_s`, a heartbeat after `heartbeat_s` of silence.

    `queue` messages may wait for one watcher; `kept` can be had again after a reconnect, for `linger_s`
    after the last watcher left.
    """

    interval_s: float = 1.0
    heartbeat_s: float = 15.0
    queue: int = 2_000
    kept: int = 1_000
    linger_s: float = 300.0


@dataclass(eq=False, slots=True)
class _Watcher:
    mailbox: Mailbox
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, messages: list[Message]) -> None:
        self.mailbox.put(messages)
        self.awake.set()
        if self.mailbox.lost:
            self.lost.set()

    async def messages(self, heartbeat_s: float) -> AsyncIterator[Message | None]:
        """What is to be sent, None for a heartbeat."""
        while True:
            message = self.mailbox.take()
            if message is None:
                self.awake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(heartbeat_s):
                        await self.awake.wait()
                    continue
            yield message


class _Room:
    """A session's channel and who reads it."""

    def __init__(self, desk: DeskService, session_id: int, epoch: str, limits: StreamLimits) -> None:
        self.channel = Channel(session_id, epoch, kept=limits.kept, interval_s=limits.interval_s)
        self.watchers: set[_Watcher] = set()
        self.closing: asyncio.TimerHandle | None = None
        self._flushing: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._unsubscribe = desk.subscribe(session_id, self._hear)

    def close(self) -> None:
        """Listen to the desk no more."""
        self._unsubscribe()
        for timer in (self.closing, self._flushing):
            if timer is not None:
                timer.cancel()

    def _hear(self, update: Update) -> None:
        self._tell(self.channel.feed(update, self._loop.time()))
        due_s = self.channel.due_s()
        if due_s is not None and self._flushing is None:
            self._flushing = self._loop.call_at(due_s, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        # a timer may ring a clock's tick too early, and then the channel would keep what is due
        self._tell(self.channel.flush(max(self._loop.time(), self.channel.due_s() or 0.0)))

    def _tell(self, messages: list[Message]) -> None:
        for watcher in self.watchers if messages else ():
            watcher.put(messages)


class Streams:
    """All sessions that are watched. Lives in the event loop of the desk."""

    def __init__(
        self,
        desk: DeskService,
        state_of: Callable[[int], Awaitable[Mapping[str, Any]]],
        new_epoch: Callable[[], str],
        limits: StreamLimits,
    ) -> None:
        self._desk = desk
        self._state_of = state_of
        self._new_epoch = new_epoch
        self._limits = limits
        self._rooms: dict[int, _Room] = {}

    @property
    def watchers(self) -> int:
        """How many there are."""
        return sum(len(room.watchers) for room in self._rooms.values())

    def close(self) -> None:
        """Listen to the desk no more."""
        for session_id in list(self._rooms):
            self._rooms.pop(session_id).close()

    async def serve(
        self, socket: WebSocket, session_id: int, place: Place | None, subprotocol: str | None = None
    ) -> None:
        """Send a session's messages until the watcher leaves, or lags behind too far.

        `place` is how far it has heard before. Raises `NotFound` before the socket is accepted.
        """
        await self._state_of(session_id)
        with self._watching(session_id) as (room, watcher):
            missed = room.channel.since(place) if place is not None else None
            if missed is None:
                # the watcher is in the room already: what happens while the state is read is sent after it
                seq = room.channel.place.seq
                missed = [room.channel.snapshot(await self._state_of(session_id), seq)]
            await socket.accept(subprotocol)
            await self._send_all(socket, room, watcher, missed)
        if watcher.mailbox.lost:
            # this waits until it reads again, or until the server's pings find it dead
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(TOO_SLOW, "too slow: come back with epoch and after")

    async def _send_all(
        self, socket: WebSocket, room: _Room, watcher: _Watcher, first: Sequence[Message]
    ) -> None:
        """Send until the first of: the watcher leaves, it lags behind, sending fails."""
        jobs = (
            asyncio.ensure_future(self._send(socket, room, watcher, first)),
            asyncio.ensure_future(_until_gone(socket)),
            asyncio.ensure_future(watcher.lost.wait()),
        )
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _send(
        self, socket: WebSocket, room: _Room, watcher: _Watcher, first: Sequence[Message]
    ) -> None:
        for message in first:
            await socket.send_text(_text(message))
        async for waiting in watcher.messages(self._limits.heartbeat_s):
            await socket.send_text(_text(waiting or room.channel.heartbeat()))

    @contextmanager
    def _watching(self, session_id: int) -> Iterator[tuple[_Room, _Watcher]]:
        room = self._rooms.get(session_id)
        if room is None:
            room = _Room(self._desk, session_id, self._new_epoch(), self._limits)
            self._rooms[session_id] = room
        if room.closing is not None:
            room.closing.cancel()
            room.closing = None
        watcher = _Watcher(Mailbox(self._limits.queue))
        room.watchers.add(watcher)
        try:
            yield room, watcher
        finally:
            room.watchers.discard(watcher)
            if not room.watchers and self._rooms.get(session_id) is room:
                loop = asyncio.get_running_loop()
                room.closing = loop.call_later(self._limits.linger_s, self._forget, session_id)

    def _forget(self, session_id: int) -> None:
        """Close a room that nobody came back to."""
        self._rooms.pop(session_id).close()


async def _until_gone(socket: WebSocket) -> None:
    """Take what the watcher sends, which means nothing, until it leaves."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _text(message: Message) -> str:
    return json.dumps(message, allow_nan=False)
