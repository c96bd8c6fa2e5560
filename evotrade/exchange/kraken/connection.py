"""One websocket connection that is kept up for ever, on clients of the SDK that are used once each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from kraken.spot import SpotWSClient

from evotrade.exchange.kraken.budget import Monotonic
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.frame_queue import FrameQueue
from evotrade.exchange.kraken.keys import redact
from evotrade.exchange.kraken.rest import Jitter, Rest, no_jitter
from evotrade.exchange.kraken.subscriptions import Name, Params, Subscriptions

_log = structlog.get_logger(__name__)

_GIVEN_UP = "python-kraken-sdk"  # the key of the SDK's word that it will not reconnect any more
_LINGER_S = 5.0


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """When a connection counts as failed, silent or settled, and the pauses before the next. All seconds."""

    start_s: float = 15.0
    silence_s: float = 10.0
    reply_s: float = 10.0
    back_off_s: float = 0.5
    most_back_off_s: float = 60.0
    settled_s: float = 30.0
    queue_size: int = 20_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where REST and the two websockets are; None is Kraken's own. Websocket addresses come without `/v2`."""

    rest: str | None = None
    ws: str | None = None
    ws_auth: str | None = None


class Handler:
    """Who a connection works for. Called in the event loop."""

    def wanted(self) -> Sequence[Params]:
        """What to be subscribed to, as the parameters of `subscribe`, one symbol each."""
        raise NotImplementedError

    def handle(self, frame: Mapping[str, Any]) -> None:
        """A frame of data."""
        raise NotImplementedError

    def settled(self, active: frozenset[Name], complete: bool) -> None:
        """What is subscribed to now, and whether that is all that is wanted."""
        raise NotImplementedError

    def down(self, reason: str) -> None:
        """The connection is lost; it is made again."""
        raise NotImplementedError


class _Client(SpotWSClient):
    """The SDK's client; a private one gets its token through our REST, so that nonces keep their order."""

    def __init__(self, callback: Callable[[Any], Any], address: Address, rest: Rest | None) -> None:
        keys = rest.keys if rest else None
        self._rest = rest
        super().__init__(
            key=keys.key if keys else "",
            secret=keys.secret if keys else "",
            callback=callback,
            no_public=keys is not None,
            rest_url=address.rest,
            ws_url=address.ws,
            auth_ws_url=address.ws_auth,
        )

    @property
    def connector(self) -> Any:
        """The SDK's only connection of this client."""
        return self._priv_conn if self._rest else self._pub_conn

    async def get_ws_token(self) -> dict[str, Any]:
        """A token for the private websocket."""
        assert self._rest is not None
        token: dict[str, Any] = await self._rest.private("GetWebSocketsToken")
        return token


class Connection:
    """Connects, subscribes, hands frames on, and starts anew whenever that ends, until `close`.

    `rest` with keys makes it the private one. `jitter` spreads reconnects.
    """

    def __init__(
        self,
        handler: Handler,
        address: Address,
        *,
        rest: Rest | None = None,
        settings: ConnectionSettings | None = None,
        counters: Counters,
        jitter: Jitter = no_jitter,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        # The SDK writes tokens and private frames to its debug log, and stacks of closed sockets as warnings.
        logging.getLogger("kraken").setLevel(logging.ERROR)
        self.settings = settings or ConnectionSettings()
        self._handler = handler
        self._address = address
        self._rest = rest
        self._counters = counters
        self._jitter = jitter
        self._monotonic = monotonic
        self._task: asyncio.Task[None] | None = None
        self._farewells: set[asyncio.Task[None]] = set()
        self._subscriptions: Subscriptions | None = None
        self._queue = FrameQueue(self.settings.queue_size, counters)
        self._ended: asyncio.Event = asyncio.Event()
        self._end_reason = ""
        self.heard_s: float | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="kraken-connection")

    def refresh(self) -> None:
        """What is wanted has changed."""
        if self._subscriptions is not None:
            self._subscriptions.changed.set()

    async def close(self) -> None:
        """End it for good; takes up to five seconds."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._farewells:
            await asyncio.wait(self._farewells, timeout=_LINGER_S)

    async def _run(self) -> None:
        attempt = 0
        while True:
            began_s = self._monotonic()
            reason = await self._live()
            self._counters.warn("drops", private=self._rest is not None, reason=reason)
            self._handler.down(reason)
            attempt = 0 if self._monotonic() - began_s > self.settings.settled_s else attempt + 1
            await asyncio.sleep(self._back_off_s(attempt))

    def _back_off_s(self, attempt: int) -> float:
        longest_s = min(self.settings.most_back_off_s, self.settings.back_off_s * 2.0 ** min(attempt, 20))
        return longest_s * (0.5 + self._jitter())

    async def _live(self) -> str:
        """One connection from its beginning to its end; why it ended."""
        self._queue = FrameQueue(self.settings.queue_size, self._counters)
        self._ended, self._end_reason = asyncio.Event(), ""
        client = _Client(self._receive, self._address, self._rest)
        # The SDK's own reconnecting gives up for good and restores only some subscriptions: one try each.
        client.connector.MAX_RECONNECT_NUM = 2
        client.connector._manage_subscriptions = _ignore  # it falls over frames that are no objects
        try:
            return await self._until_lost(client)
        finally:
            self._subscriptions = None
            farewell = asyncio.create_task(_dismiss(client))
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)

    async def _until_lost(self, client: _Client) -> str:
        ended = asyncio.create_task(self._ended.wait())
        start = asyncio.create_task(client.start())
        await asyncio.wait({ended, start}, timeout=self.settings.start_s, return_when="FIRST_COMPLETED")
        if not start.done() or self._ended.is_set():
            start.cancel()
            ended.cancel()
            return self._end_reason or "it did not answer in time"
        if start.exception() is not None:
            ended.cancel()
            return redact(
                f"it could not be opened: {start.exception()}", self._rest.keys if self._rest else None
            )
        client.connector.MAX_RECONNECT_NUM = 1
        self.heard_s = self._monotonic()
        self._counters.add("connects", 1)
        self._subscriptions = Subscriptions(client, self._handler, self.settings.reply_s, self._counters)
        tasks = {
            ended,
            asyncio.create_task(client.connector.socket.wait_closed()),
            asyncio.create_task(self._watch_silence()),
            asyncio.create_task(self._subscriptions.keep()),
            asyncio.create_task(self._consume()),
        }
        try:
            await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        failures = [r for r in results if isinstance(r, Exception)]
        return self._end_reason or (f"{failures[0]}" if failures else "the connection was closed")

    def _end(self, reason: str) -> None:
        self._end_reason = self._end_reason or reason
        self._ended.set()

    async def _receive(self, frame: Any) -> None:
        """The SDK's callback: whatever it raised would cut the connection."""
        self._counters.add("messages", 1)
        if not isinstance(frame, dict):
            self._counters.warn("malformed_frames", frame=str(frame)[:200])
            return
        if _GIVEN_UP in frame:
            self._end("it could not be opened, or was closed")
            return
        method = frame.get("method")
        if method == "pong":  # answers our own ping, and proves no feed
            return
        self.heard_s = self._monotonic()
        if method is not None:
            if self._subscriptions is not None:
                self._subscriptions.answer(frame)
            return
        if frame.get("channel") == "status" and self._subscriptions is not None:
            self._subscriptions.greet(frame)
        if frame.get("channel") != "heartbeat" and not self._queue.put(frame):
            self._counters.warn("overflows", size=len(self._queue))
            self._end("frames came faster than they were read")

    async def _consume(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                self._handler.handle(frame)
            except Exception as error:  # noqa: BLE001 - the outermost loop: one frame must not end the feed
                self._counters.warn(
                    "callback_errors", error=repr(error)[:300], channel=str(frame.get("channel"))
                )
            await asyncio.sleep(0)  # a burst of frames must not stop everything else

    async def _watch_silence(self) -> None:
        while True:
            silent_s = self._monotonic() - (self.heard_s or 0.0)
            if silent_s > self.settings.silence_s:
                self._counters.warn("silences", silent_s=round(silent_s, 1))
                self._end(f"nothing was heard for {silent_s:.0f} s")
                return
            await asyncio.sleep(max(0.01, self.settings.silence_s - silent_s))


def _ignore(message: object) -> None:
    """In place of the SDK's own list of subscriptions, which takes two intervals of one pair for one."""


async def _dismiss(client: _Client) -> None:
    """Close a client of the SDK, which by itself may take ten seconds or for ever."""
    connector = client.connector
    connector.keep_alive = False
    if connector.socket is not None:
        connector.socket.transport.abort()
        await asyncio.wait({connector.task}, timeout=_LINGER_S)
    tasks = [task for task in asyncio.all_tasks() if _belongs_to(task, connector)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.close()


def _belongs_to(task: asyncio.Task[Any], connector: object) -> bool:
    """Whether the SDK's connection started it; it keeps no hold of all of them."""
    frame = getattr(task.get_coro(), "cr_frame", None)
    return frame is not None and frame.f_locals.get("self") is connector
