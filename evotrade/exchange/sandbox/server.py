"""The sandbox's server: REST and websocket v2 on one port of this machine, and the faults between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from evotrade.exchange.sandbox import control, rest_private, rest_public
from evotrade.exchange.sandbox.faults import Fault
from evotrade.exchange.sandbox.keys import ApiKey
from evotrade.exchange.sandbox.methods import ORDERS, answer, refusal
from evotrade.exchange.sandbox.orders import Refused
from evotrade.exchange.sandbox.sandbox import HOST, Sandbox
from evotrade.exchange.sandbox.session import Session
from evotrade.exchange.sandbox.sockets import Connection

_STEP_S = 0.05
_FIRST_CONNECTION = 13_834_774_380_200_032_777  # Kraken's numbers are as long
_NOBODY = ApiKey(key="", secret="", permissions=())  # websocket orders are signed by their token

Check = Callable[[], None]
Work = Callable[[], dict[str, Any]]


class Server:
    """Serves one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._connected = 0
        self._runner: web.AppRunner | None = None
        self._clock: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> None:
        """Listen, on a free port unless one is named. `OSError` where it is taken."""
        app = web.Application(client_max_size=2**20)
        app.add_routes(
            [
                web.get("/v2", self._public_socket),
                web.get("/auth/v2", self._private_socket),
                web.get("/0/public/{name}", self._public),
                web.post("/0/private/{name}", self._private),
                *control.routes(self._sandbox),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port).start()
        self._sandbox.port = self._runner.addresses[0][1]
        self._clock = asyncio.create_task(self._run_clock())

    async def stop(self) -> None:
        """Cut the websockets and stop listening."""
        if self._clock is not None:
            await _ended(self._clock)
        self._sandbox.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _run_clock(self) -> None:
        while True:
            self._sandbox.step()
            await asyncio.sleep(_STEP_S)

    async def _public(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]

        def carry_out() -> dict[str, Any]:
            call = rest_public.CALLS.get(name)
            if call is None:
                raise Refused("EGeneral:Unknown method")
            return call(self._sandbox.exchange, dict(request.query))

        return await self._answer(request, name, lambda: None, carry_out)

    async def _private(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        body = await request.read()
        params = _params(body)
        signed: list[ApiKey] = []

        def authenticate() -> None:
            headers = request.headers
            nonce = params.get("nonce", "")
            key, sign = headers.get("API-Key", ""), headers.get("API-Sign", "")
            signed.append(self._sandbox.keys.authenticate(key, sign, request.path, nonce, body))

        def carry_out() -> dict[str, Any]:
            return self._run_private(name, params, signed[0])

        return await self._answer(request, name, authenticate, carry_out)

    def _run_private(self, name: str, params: Mapping[str, str], key: ApiKey) -> dict[str, Any]:
        call = rest_private.CALLS.get(name)
        if call is None:
            raise Refused("EGeneral:Unknown method")
        if call.permission is not None and call.permission not in key.permissions:
            raise Refused("EGeneral:Permission denied")
        self._sandbox.counters.call(key.key, call.cost, self._sandbox.outside_s())
        if self._sandbox.exchange.status == "maintenance":
            raise Refused("EService:Unavailable")
        return call.run(self._sandbox.desk(key), params)

    async def _answer(
        self, request: web.Request, name: str, authenticate: Check, carry_out: Work
    ) -> web.StreamResponse:
        """Carry out a call, with all that goes wrong on its way there and back."""
        if self._taken("outage", name):
            return _cut(request)
        failed = self._taken("http_error", name)
        if failed is not None:
            return web.Response(status=failed.status, text="sandbox fault")
        await self._wait("slow", name)
        self._sandbox.step()
        reply = self._carried_out(name, authenticate, carry_out)
        self._sandbox.send_events()
        await self._wait("slow_reply", name)
        return _cut(request) if self._taken("lose_reply", name) else web.json_response(reply)

    def _carried_out(self, name: str, authenticate: Check, carry_out: Work) -> dict[str, Any]:
        refused = self._taken("api_error", name)
        if refused is not None:
            return {"error": [refused.error]}
        try:
            authenticate()
            result = carry_out()
        except Refused as refusal:
            return {"error": [str(refusal)]}
        if self._taken("double", name):
            try:
                authenticate()  # the same bytes once more, nonce included, as a proxy may send them
                result = carry_out()
            except Refused as refusal:
                return {"error": [str(refusal)]}
        return {"error": [], "result": result}

    def _taken(self, kind: str, name: str) -> Fault | None:
        return self._sandbox.faults.take(kind, name, self._sandbox.outside_s())

    async def _wait(self, kind: str, name: str) -> None:
        late = self._taken(kind, name)
        if late is not None:
            await asyncio.sleep(late.seconds or 0.0)

    async def _public_socket(self, request: web.Request) -> web.StreamResponse:
        return await self._socket(request, private=False)

    async def _private_socket(self, request: web.Request) -> web.StreamResponse:
        return await self._socket(request, private=True)

    async def _socket(self, request: web.Request, private: bool) -> web.StreamResponse:
        if self._taken("outage", "v2"):
            return _cut(request)
        failed = self._taken("http_error", "v2")
        if failed is not None:
            return web.Response(status=failed.status, text="sandbox fault")
        self._connected += 1
        session = Session(self._sandbox.exchange, _FIRST_CONNECTION + self._connected, private)
        connection = Connection(self._sandbox, session, request)
        await connection.socket.prepare(request)
        connection.put([session.greeting()])
        self._sandbox.listeners.append(connection)
        tasks = [asyncio.create_task(connection.send_waiting()), asyncio.create_task(connection.beat())]
        try:
            async for message in connection.messages():
                await self._hear(connection, message)
        finally:
            self._sandbox.listeners.remove(connection)
            for task in tasks:
                await _ended(task)
        return connection.socket

    async def _hear(self, connection: Connection, message: object) -> None:
        """Answer one message of a websocket client; orders meet the faults of calls."""
        name = str(message.get("method")) if isinstance(message, dict) else ""
        trades = name in ORDERS
        if trades:
            await self._wait("slow", name)
        self._sandbox.step()
        refused = self._taken("api_error", name) if trades else None
        if refused is not None:
            connection.put([refusal(connection.session, message, refused.error)])
            return
        desk = self._sandbox.desk(_NOBODY)
        frames = answer(connection.session, message, desk)
        if trades and self._taken("double", name):
            answer(connection.session, message, desk)
        if trades and self._taken("lose_reply", name):
            connection.drop()
        else:
            connection.put(frames)
        self._sandbox.send_events()


def _cut(request: web.Request) -> web.Response:
    """Close the connection without an answer; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _params(body: bytes) -> dict[str, str]:
    """The parameters of a form or a JSON object; {} for anything else."""
    text = body.decode(errors="replace")
    if not text.startswith("{"):
        return dict(parse_qsl(text))
    try:
        return {name: str(value) for name, value in json.loads(text).items()}
    except ValueError:
        return {}
