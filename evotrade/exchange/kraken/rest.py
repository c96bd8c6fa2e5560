"""Kraken's REST: one call in, its result out, every failure one clear error, never more than is allowed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from kraken.spot import SpotAsyncClient

from evotrade.errors import ExchangeBusy, ExchangeError, ExchangeUnreachable, SettingsError
from evotrade.exchange.kraken.budget import (
    ORDERS,
    REST,
    Allowance,
    Gate,
    Monotonic,
    Priority,
    Queue,
    Tier,
    cancel_cost,
)
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.keys import Keys
from evotrade.exchange.kraken.refusals import INVALID_NONCE, ORDER_RATE_LIMIT, RATE_LIMIT, read_answer
from evotrade.exchange.venue import KRAKEN, Venue

Jitter = Callable[[], float]
"""Gives a number in [0, 1)."""

_HISTORY_COST = 2
_HISTORY_CALLS = frozenset({"TradesHistory", "QueryTrades", "ClosedOrders", "Ledgers", "QueryLedgers"})
_FREE_CALLS = frozenset({"AddOrder", "CancelOrder"})


def no_jitter() -> float:
    """Always the middle: for tests, and where one client is alone."""
    return 0.5


@dataclass(frozen=True, slots=True)
class RestSettings:
    """How long to wait for an answer, how often to try again; `public_pause_s` lies between public calls.

    `tier` says how many private calls the key may make, unless `allowance` does.
    """

    timeout_s: float = 10.0
    tries: int = 5
    back_off_s: float = 0.5
    most_back_off_s: float = 8.0
    public_pause_s: float = 1.0
    tier: Tier = "starter"
    allowance: Allowance | None = None


class _Client(SpotAsyncClient):
    """The SDK's client with nonces that always rise, whatever the wall clock does."""

    def __init__(self, keys: Keys | None, url: str | None) -> None:
        key, secret = (keys.key, keys.secret) if keys else ("", "")
        super().__init__(key=key, secret=secret, url=url or "", use_custom_exceptions=False)
        self._last_nonce = 0

    def get_nonce(self) -> str:
        self._last_nonce = max(self._last_nonce + 1, time.time_ns() // 1_000)
        return str(self._last_nonce)


class Rest:
    """All calls of one process to one address with one key. Used in one event loop.

    Private calls go out one at a time, since a nonce must not be overtaken by a later one; the urgent
    go first. `jitter` spreads the pauses between tries, `venue` says whose failures errors tell of.
    """

    def __init__(
        self,
        url: str | None = None,
        keys: Keys | None = None,
        *,
        settings: RestSettings | None = None,
        counters: Counters | None = None,
        jitter: Jitter = no_jitter,
        monotonic: Monotonic = time.monotonic,
        venue: Venue = KRAKEN,
    ) -> None:
        self.settings = settings or RestSettings()
        self.venue = venue
        self.counters = counters or Counters()
        self.keys = keys
        self._address = url
        self._jitter = jitter
        self._monotonic = monotonic
        self._clients: dict[bool, _Client] = {}
        self._lanes = {True: Queue(), False: Queue()}
        self._gate = Gate(self.settings.allowance or REST[self.settings.tier], monotonic)
        self._order_gates: dict[str, Gate] = {}
        self._next_public_s = 0.0

    @property
    def url(self) -> str:
        """The address that is called."""
        return self._address or str(SpotAsyncClient.URL)

    async def public(self, call: str, params: Mapping[str, Any] | None = None) -> Any:
        """The result of a public call; passing troubles are tried again. Raises `ExchangeError`."""
        return await self._patiently("GET", f"/0/public/{call}", params or {}, Priority.QUERY)

    async def private(
        self, call: str, params: Mapping[str, Any] | None = None, priority: Priority = Priority.QUERY
    ) -> Any:
        """The result of a private call that may be repeated without harm. Raises `ExchangeError`.

        `SettingsError` without keys.
        """
        return await self._patiently("POST", f"/0/private/{call}", params or {}, priority)

    async def private_once(self, call: str, params: Mapping[str, Any], priority: Priority) -> Any:
        """The result of a private call that must not be carried out twice: it is sent once.

        `ExchangeUnreachable` and `ExchangeBusy` say that it may have been carried out or not. So does a nonce
        that was refused: on its way the call may have been doubled, and this is what became of the copy.
        """
        try:
            return await self._once("POST", f"/0/private/{call}", params, priority)
        except ExchangeError as error:
            if INVALID_NONCE in str(error):
                raise ExchangeUnreachable(str(error)) from None
            raise

    async def spend_order(self, pair: str, cost: float, priority: Priority) -> None:
        """Wait until the order engine's counter of the pair has room, and take it."""
        waited_s = await self._order_gate(pair).spend(cost, priority)
        self.counters.add("rest_waits_s", float(waited_s))

    def count_cancel(self, pair: str, age_s: float) -> None:
        """A cancel of an order of this age: never refused or held back, but orders after it wait for it."""
        self._order_gate(pair).count(cancel_cost(age_s))

    def order_limit_hit(self, pair: str) -> None:
        """The exchange says that the pair's counter is full."""
        self._order_gate(pair).exhaust()

    async def close(self) -> None:
        """Let go of the connections."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.close()

    def _order_gate(self, pair: str) -> Gate:
        return self._order_gates.setdefault(pair, Gate(ORDERS[self.settings.tier], self._monotonic))

    async def _patiently(self, method: str, uri: str, params: Mapping[str, Any], priority: Priority) -> Any:
        for attempt in range(1, self.settings.tries + 1):
            try:
                return await self._once(method, uri, params, priority)
            except ExchangeError as error:
                passing = isinstance(error, ExchangeBusy | ExchangeUnreachable) or INVALID_NONCE in str(error)
                if not passing or attempt == self.settings.tries:
                    raise
                self.counters.warn("rest_retries", call=uri, reason=str(error))
            await asyncio.sleep(self._back_off_s(attempt))
        raise AssertionError("unreachable: the last try returns or raises")

    def _back_off_s(self, attempt: int) -> float:
        longest_s = min(self.settings.most_back_off_s, self.settings.back_off_s * 2.0 ** (attempt - 1))
        return longest_s * (0.5 + self._jitter())

    async def _once(self, method: str, uri: str, params: Mapping[str, Any], priority: Priority) -> Any:
        private = method == "POST"
        call = uri.rsplit("/", 1)[1]
        if private:
            await self._pay(call, priority)
        async with self._lanes[private].turn(priority):
            if not private:
                await self._pause_public()
            self.counters.add("rest_calls")
            try:
                status, body = await self._send(method, uri, dict(params), call)
                return read_answer(status, body, call, self.url, self.venue)
            except ExchangeError as error:
                self._take_note(error, params)
                raise

    async def _pay(self, call: str, priority: Priority) -> None:
        if self.keys is None:
            raise SettingsError(
                f"{call} needs an API key of the exchange: set it in the environment or the keyring"
            )
        if call in _FREE_CALLS:
            return
        cost = _HISTORY_COST if call in _HISTORY_CALLS else 1
        self.counters.add("rest_waits_s", float(await self._gate.spend(cost, priority)))

    async def _pause_public(self) -> None:
        now_s = self._monotonic()
        if now_s < self._next_public_s:
            await asyncio.sleep(self._next_public_s - now_s)
        self._next_public_s = self._monotonic() + self.settings.public_pause_s

    async def _send(self, method: str, uri: str, params: dict[str, Any], call: str) -> tuple[int, bytes]:
        private = method == "POST"
        if private not in self._clients:  # a session of aiohttp is made inside a running loop
            self._clients[private] = _Client(self.keys if private else None, self._address)
        limit = aiohttp.ClientTimeout(total=self.settings.timeout_s)
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                client: Any = self._clients[private]  # the SDK takes more than its annotations say
                response = await client.request(method, uri, params, limit, auth=private, return_raw=True)
                async with response:
                    return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            reason = type(error).__name__  # the text may hold what was sent
            raise ExchangeUnreachable(
                f"{self.venue.name} did not answer {call} at {self.url} ({reason}): {self.venue.repair}"
            ) from None

    def _take_note(self, error: ExchangeError, params: Mapping[str, Any]) -> None:
        text = str(error)
        self.counters.add("rest_errors")
        if RATE_LIMIT in text:
            self._gate.exhaust()
        elif ORDER_RATE_LIMIT in text:
            self.order_limit_hit(str(params.get("pair", "")))
