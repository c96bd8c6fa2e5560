"""The real SDK as the sandbox's client, and what was recorded of Kraken to compare with."""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

from kraken.spot import SpotAsyncClient, SpotWSClient

from evotrade.exchange.sandbox import MANUAL, UNLIMITED, SandboxSettings, serve
from tests.exchange.sandbox.markets import flat
from tests.paths import shared

_WAIT_S = 5.0
_RECONNECT_S = 0.05


def manual(*series, **options):
    """Settings of a sandbox whose clock stands, with unlimited calls and one candle of history."""
    settings = {"speed": MANUAL, "limits": UNLIMITED, "history_bars": 1, **options}
    return SandboxSettings(series or (flat(100, 100, 90, 110, 100),), **settings)


class Rest:
    """Kraken's REST through the SDK: `await rest.public("Time")`, `await rest.private("Balance")`."""

    def __init__(self, sandbox, key=None, secret=None):
        self.sdk = SpotAsyncClient(key or sandbox.key, secret or sandbox.secret, url=sandbox.url)

    async def public(self, name, **params):
        return await self.sdk.request("GET", f"/0/public/{name}", params=params, auth=False)

    async def private(self, name, **params):
        return await self.sdk.request("POST", f"/0/private/{name}", params=params)

    async def order(self, **params):
        whole = {"ordertype": "market", "type": "buy", "pair": "XBTUSD", "volume": "1", **params}
        return await self.private("AddOrder", **whole)


class Socket:
    """Both websockets through the SDK, with every message they brought."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.sdk: Any = None

    async def hear(self, message):
        self.messages.append(message)

    async def subscribe(self, channel, **params):
        await self.sdk.subscribe(params={"channel": channel, **params})
        return await self.first(lambda m: m.get("channel") == channel)

    def of(self, channel, kind=None):
        """The data of a channel's frames so far, one after the other."""
        frames = [m for m in self.messages if m.get("channel") == channel and kind in (None, m["type"])]
        return [item for frame in frames for item in frame["data"]]

    async def first(self, wanted: Callable[[dict[str, Any]], object], since: int = 0):
        """The first message of a kind, waited for."""
        async with asyncio.timeout(_WAIT_S):
            while True:
                for message in self.messages[since:]:
                    if wanted(message):
                        return message
                await asyncio.sleep(0.01)


@asynccontextmanager
async def rest_client(settings=None):
    """(sandbox, REST client)."""
    async with serve(settings or manual()) as sandbox:
        rest = Rest(sandbox)
        try:
            yield sandbox, rest
        finally:
            await rest.sdk.close()


@asynccontextmanager
async def all_clients(settings=None, private=True):
    """(sandbox, REST client, websockets); the SDK's own close takes seconds, so its tasks are canceled."""
    async with rest_client(settings) as (sandbox, rest):
        socket = Socket()
        key, secret = (sandbox.key, sandbox.secret) if private else ("", "")
        addresses = {"rest_url": sandbox.url, "ws_url": sandbox.ws_url, "auth_ws_url": sandbox.auth_ws_url}
        socket.sdk = SpotWSClient(key, secret, callback=socket.hear, no_public=private, **addresses)
        for connection in (socket.sdk._pub_conn, socket.sdk._priv_conn):
            if connection is not None:  # the SDK waits a second or two before it first connects
                connection._ConnectSpotWebsocketBase__get_reconnect_wait = lambda _: _RECONNECT_S
        before = asyncio.all_tasks()
        async with asyncio.timeout(_WAIT_S):
            await socket.sdk.start()
        try:
            yield sandbox, rest, socket
        finally:
            await _end(asyncio.all_tasks() - before)
            await super(SpotWSClient, socket.sdk).__aexit__()


async def _end(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def recorded(name):
    """The result of a recorded REST answer."""
    text = shared(f"fixtures/kraken/kraken_net/Endpoints__Spot__{name}.txt").read_text()
    return json.loads(text.split("\n", 3)[3])["result"]


def recorded_frame(name):
    """The data frame in a recorded subscription."""
    text = shared(f"fixtures/kraken/kraken_net/Subscriptions__Spot__{name}.txt").read_text()
    return json.loads(text.split("\n=", 1)[1])


def documented(name):
    """The frames of a recorded example file."""
    text = shared(f"fixtures/kraken/kraken_docs/{name}_v2_examples.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def kinds(value):
    """The shape of a JSON value: keys of objects with their kinds, the kinds in lists, numbers as one."""
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    if isinstance(value, list):
        return [kinds(item) for item in value]
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else "text"
