"""What one connection is subscribed to, held against what is wanted; the replies to what was asked."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from evotrade.errors import ExchangeError, ExchangeUnreachable
from evotrade.exchange.kraken.counters import Counters

Params = Mapping[str, Any]
Name = tuple[str, str, int]
"""Channel, symbol and interval."""

_SAME = ("Already subscribed", "Subscription Not Found")


class Sender(Protocol):
    """The SDK's client, as far as it is needed here."""

    async def send_message(self, message: dict[str, Any]) -> None:
        """Send a message; the reply comes elsewhere."""


class Wants(Protocol):
    """Who knows what is wanted."""

    def wanted(self) -> Sequence[Params]:
        """Parameters of `subscribe`, one symbol each."""

    def settled(self, active: frozenset[Name], complete: bool) -> None:
        """Told what is there now, and whether that is all that is wanted."""


def name_of(params: Params) -> Name:
    """What tells two subscriptions apart; the SDK takes ohlc of two intervals for one."""
    symbol = params.get("symbol", "")
    text = symbol[0] if isinstance(symbol, list) and symbol else symbol
    return str(params["channel"]), str(text or ""), int(params.get("interval", 0))


class Subscriptions:
    """Of one connection; set `changed` when something else is wanted."""

    def __init__(self, client: Sender, wants: Wants, reply_s: float, counters: Counters) -> None:
        self.changed = asyncio.Event()
        self.changed.set()
        self._client = client
        self._wants = wants
        self._reply_s = reply_s
        self._counters = counters
        self._active: dict[Name, Params] = {}
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._connection: object = None

    async def keep(self) -> None:
        """Bring what is there to what is wanted, for ever."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            complete = await self._sync()
            if self.changed.is_set():
                continue
            self._wants.settled(frozenset(self._active), complete)
            if not complete:
                asyncio.get_running_loop().call_later(self._reply_s, self.changed.set)

    def greet(self, frame: Mapping[str, Any]) -> None:
        """A status frame opens a connection: whatever was there before is gone on a new one."""
        data = frame.get("data")
        first = data[0] if isinstance(data, list) and data and isinstance(data[0], Mapping) else {}
        connection = first.get("connection_id")
        if self._connection is not None and connection != self._connection:
            self._active.clear()
        self._connection = connection
        self.changed.set()

    def answer(self, frame: Mapping[str, Any]) -> None:
        """A reply; one that nobody waits for is counted."""
        number = frame.get("req_id")
        waiting = self._asked.pop(number, None) if isinstance(number, int) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)
        elif waiting is None:
            self._counters.add("unknown_frames", 1)

    async def ask(self, method: str, params: Params) -> Mapping[str, Any]:
        """The `result` of a request. Raises `ExchangeError` with the exchange's word for no."""
        number = next(self._numbers)
        reply: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = reply
        try:
            await self._client.send_message({"method": method, "params": dict(params), "req_id": number})
            frame = await asyncio.wait_for(reply, self._reply_s)
        except TimeoutError:
            raise ExchangeUnreachable(
                f"the exchange did not answer {method} of {name_of(params)} in time"
            ) from None
        finally:
            self._asked.pop(number, None)
        if frame.get("success") is not True:
            raise ExchangeError(f"the exchange refused {method} of {name_of(params)}: {frame.get('error')}")
        result = frame.get("result")
        return result if isinstance(result, Mapping) else {}

    async def _sync(self) -> bool:
        """Whether all that is wanted is there now."""
        wanted = {name_of(params): params for params in self._wants.wanted()}
        jobs = [self._subscribe(name, wanted[name]) for name in wanted if name not in self._active]
        jobs += [self._unsubscribe(name) for name in list(self._active) if name not in wanted]
        return all(await asyncio.gather(*jobs))

    async def _subscribe(self, name: Name, params: Params) -> bool:
        if await self._try("subscribe", params):
            self._active[name] = params
            return True
        return False

    async def _unsubscribe(self, name: Name) -> bool:
        params = {key: value for key, value in self._active.pop(name).items() if not key.startswith("snap")}
        return await self._try("unsubscribe", params)

    async def _try(self, method: str, params: Params) -> bool:
        try:
            await self.ask(method, params)
        except ExchangeError as error:
            if any(word in str(error) for word in _SAME):
                return True
            self._counters.warn("refused_subscriptions", reason=str(error))
            return False
        return True
