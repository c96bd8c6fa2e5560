"""The sandbox's own addresses, for tests and people: its state, its faults, and its clock.

GET /sandbox/state; POST /sandbox/faults with `{"kind": …, …}` or a list of them, DELETE to be well again;
POST /sandbox/advance with `{"seconds": …}` or `{"to_s": …}`. Only for clients on this machine.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from evotrade.errors import EvotradeError, SettingsError
from evotrade.exchange.sandbox.sandbox import Sandbox

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """The addresses of one sandbox."""

    async def state(_: web.Request) -> web.Response:
        return web.json_response(sandbox.state())

    async def faults(request: web.Request) -> web.Response:
        if request.method == "DELETE":
            sandbox.recover()
        elif request.method == "POST":
            body = await _json(request)
            for item in body if isinstance(body, list) else [body]:
                options = dict(_mapping(item))
                sandbox.inject(str(options.pop("kind", "")), **options)
        return web.json_response({"faults": sandbox.faults.rows()})

    async def advance(request: web.Request) -> web.Response:
        body = _mapping(await _json(request))
        if "to_s" in body:
            sandbox.advance_to(int(_number(body["to_s"])))
        else:
            sandbox.advance(_number(body.get("seconds")))
        return web.json_response({"now_ns": sandbox.exchange.now_ns})

    return [
        web.get("/sandbox/state", _guarded(state)),
        web.get("/sandbox/faults", _guarded(faults)),
        web.post("/sandbox/faults", _guarded(faults)),
        web.delete("/sandbox/faults", _guarded(faults)),
        web.post("/sandbox/advance", _guarded(advance)),
    ]


def _guarded(handler: Handler) -> Handler:
    """The handler for clients of this machine, its errors as answers."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        # The host's name is checked too, or a page in a browser could reach in under a name of its own.
        host = (request.url.host or "").strip("[]")
        if not _is_loopback(request.remote or "") or not (host == "localhost" or _is_loopback(host)):
            return web.json_response({"error": "only for clients on this machine"}, status=403)
        try:
            return await handler(request)
        except EvotradeError as error:
            return web.json_response({"error": str(error)}, status=422)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.text())
    except ValueError:
        raise SettingsError('the body is no JSON: send an object like {"kind": "drop"}') from None


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError('the body is no JSON object: send one like {"kind": "drop"}')
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SettingsError(f"{value!r} is no time to advance: give seconds, or to_s as a Unix time")
    return value
