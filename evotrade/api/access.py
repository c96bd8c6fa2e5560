"""The gate before all routes: who asks, how often, and with how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from fastapi import Depends, HTTPException
from fastapi.params import Depends as DependsParam
from fastapi.requests import HTTPConnection
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evotrade.api.problems import Problem, problem
from evotrade.tokens import Identity, Role, Tokens

OPEN_PATHS = frozenset({"/health", "/docs"})
"""What answers without a token: health, and the form at /docs that asks for one."""

SUBPROTOCOL = "evotrade"
"""The websocket's; a browser, which can't send headers, offers `bearer.<token>` beside it."""

_BEARER = "bearer."
bearer = HTTPBearer(auto_error=False, description="A token of db/tokens.json.")


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a token, and a request, may ask for."""

    burst: int = 200
    per_s: float = 50.0
    max_body_bytes: int = 64 * 1024


class Bucket:
    """A token bucket: `burst` requests at once, and `per_s` a second in the long run."""

    def __init__(self, burst: int, per_s: float, now_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._left = float(burst)
        self._at_s = now_s

    def take(self, now_s: float) -> float:
        """Take one and return 0, or return the seconds after which there is one again."""
        passed_s = max(0.0, now_s - self._at_s)
        self._left = min(float(self._burst), self._left + passed_s * self._per_s)
        self._at_s = max(self._at_s, now_s)
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._per_s


class Gate:
    """ASGI middleware that lets nobody without a token pass, whatever route there may be behind it.

    401 without a known token, 429 beyond the quota, 413 for too large a body. Who asks is in
    `scope["state"]["identity"]` from then on.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, quota: Quota, clock_s: Callable[[], float]) -> None:
        self._app = app
        self._tokens = tokens
        self._quota = quota
        self._clock_s = clock_s
        now_s = clock_s()
        self._buckets = {one.name: Bucket(quota.burst, quota.per_s, now_s) for one in tokens}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the connection through, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            if scope["path"] not in OPEN_PATHS or scope["type"] == "websocket":
                self._admit(scope)
            limited = self._limit(scope, receive)
        except Problem as refusal:
            answer = problem(refusal.status, refusal.detail, headers=refusal.headers)
            if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
                await send({"type": "websocket.close", "code": 1008, "reason": refusal.detail[:100]})
            else:
                await answer(scope, receive, send)
            return
        await self._app(scope, limited, send)

    def _admit(self, scope: Scope) -> None:
        identity = self._tokens.find(_token(Headers(scope=scope)) or "")
        if identity is None:
            raise Problem(
                401,
                "this needs a token: send the header Authorization: Bearer TOKEN with one of db/tokens.json",
                {"WWW-Authenticate": "Bearer"},
            )
        wait_s = self._buckets[identity.name].take(self._clock_s())
        if wait_s > 0:
            raise Problem(
                429,
                f"{identity.name} asks more than {self._quota.per_s:g} times a second: wait, then ask again",
                {"Retry-After": str(ceil(wait_s))},
            )
        scope.setdefault("state", {})["identity"] = identity

    def _limit(self, scope: Scope, receive: Receive) -> Receive:
        """`receive`, ending the request once its body is too large."""
        most = self._quota.max_body_bytes
        too_large = Problem(413, f"the request is larger than {most:,} bytes: send less")
        told = Headers(scope=scope).get("content-length", "0")
        if told.isdecimal() and int(told) > most:
            raise too_large
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if received > most:
                # FastAPI lets only this kind pass from where it reads a body
                raise HTTPException(too_large.status, too_large.detail)
            return message

        return limited


def _token(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    for offered in headers.get("sec-websocket-protocol", "").split(","):
        if offered.strip().startswith(_BEARER):
            return offered.strip().removeprefix(_BEARER)
    return None


def identity_of(connection: HTTPConnection) -> Identity:
    """Who asks; the gate has let it through."""
    found: Identity = connection.state.identity
    return found


def needs(role: Role) -> DependsParam:
    """A route's demand for a role: 403 for who has a lesser one."""

    def check(connection: HTTPConnection, _documented: object = Depends(bearer)) -> Identity:
        identity = identity_of(connection)
        if not identity.may(role):
            raise Problem(
                403,
                f"{identity.name} is a {identity.role}, and this needs the role {role}: "
                "ask with a token of that role, see db/tokens.json",
            )
        return identity

    check.role = role  # type: ignore[attr-defined]
    found: DependsParam = Depends(check)
    return found
