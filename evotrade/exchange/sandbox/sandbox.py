"""The sandbox without its server: the exchange, its clock, its keys and faults, and who listens to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from evotrade.errors import SettingsError
from evotrade.exchange.sandbox.counters import Counters
from evotrade.exchange.sandbox.desk import Desk
from evotrade.exchange.sandbox.events import Event
from evotrade.exchange.sandbox.faults import Faults
from evotrade.exchange.sandbox.keys import ApiKey, Keys
from evotrade.exchange.sandbox.settings import SandboxSettings, build_exchange
from evotrade.exchange.sandbox.state import state_of
from evotrade.exchange.sandbox.tape import NS
from evotrade.exchange.sandbox.times import VirtualClock

HOST = "127.0.0.1"


class Listener(Protocol):
    """A connection that gets what happens."""

    def publish(self, events: Sequence[Event]) -> None:
        """Send the frames that these events make."""

    def drop(self) -> None:
        """Cut the connection."""


class Sandbox:
    """One exchange as its server and its tests have it; use it in the event loop that serves it.

    `exchange` is the core, `faults` what goes wrong. `url`, `ws_url` and `auth_ws_url` are what the SDK
    takes as addresses, `key` and `secret` a key that may trade.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        self.exchange = build_exchange(settings)
        self.faults = Faults()
        self.keys = Keys({key.key: key for key in settings.keys or (ApiKey(),)})
        self.counters = Counters(settings.limits)
        self.listeners: list[Listener] = []
        self.port = 0
        self._clock = VirtualClock(self.exchange.now_ns, self.outside_s(), settings.speed)

    @staticmethod
    def outside_s() -> float:
        """The clock that speed, faults and counters go by, in seconds; it never goes back."""
        return time.monotonic()

    @property
    def url(self) -> str:
        """Of REST."""
        return f"http://{HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Of the public websocket, to which the SDK adds /v2."""
        return f"ws://{HOST}:{self.port}"

    @property
    def auth_ws_url(self) -> str:
        """Of the private websocket, to which the SDK adds /v2."""
        return f"ws://{HOST}:{self.port}/auth"

    @property
    def key(self) -> str:
        """An API key."""
        return next(iter(self.keys.known))

    @property
    def secret(self) -> str:
        """The secret of that key."""
        return self.keys.known[self.key].secret

    def step(self) -> None:
        """Bring the exchange to the clock's present, and send what happened on the way."""
        self.exchange.advance(self._clock.at(self.outside_s()))
        self.send_events()

    def send_events(self) -> None:
        """Send what happened at the exchange since the last time."""
        events = self.exchange.take_events()
        if events:
            for listener in list(self.listeners):
                listener.publish(events)

    def advance(self, seconds: float) -> None:
        """Let so much of the exchange's time pass at once."""
        self._clock.shift(round(seconds * NS))
        self.step()

    def advance_to(self, time_s: int) -> None:
        """Let the exchange's time pass up to a Unix time; nothing happens where that is past."""
        self._clock.shift(max(0, time_s * NS - self._clock.at(self.outside_s())))
        self.step()

    def inject(self, kind: str, **options: Any) -> None:
        """Switch a fault on: `inject("http_error", status=503, calls=3, endpoints=["AddOrder"])`.

        What there is stands in `faults`; besides, `drop` cuts the websockets, `status` sets the exchange's
        or with `pair` one pair's `status`, `partial_fill` sets the `share` of an order carried out at a
        time, `clock_skew` puts the reported time `seconds` off. Raises `SettingsError` for anything else.
        """
        immediate: dict[str, Callable[..., None]] = {
            "drop": self.drop,
            "status": self._set_status,
            "partial_fill": self._set_partial_fill,
            "clock_skew": self._set_skew,
        }
        if kind not in immediate:
            self.faults.add(kind, self.outside_s(), **options)
            if kind == "outage":
                self.drop()
            return
        try:
            immediate[kind](**options)
        except TypeError:
            raise SettingsError(f"fault {kind} with {', '.join(options)}: it has no such option") from None
        self.send_events()

    def drop(self) -> None:
        """Cut every websocket."""
        for listener in list(self.listeners):
            listener.drop()

    def recover(self) -> None:
        """Switch every fault off: the exchange is online, on time, and fills orders whole."""
        self.faults.clear()
        self._set_partial_fill()
        self._set_skew()
        self._set_status()
        for pair, rules in self.exchange.rules.items():
            if rules.status != "online":
                self._set_status(pair=pair)
        self.send_events()

    def _set_status(self, status: str = "online", pair: str | None = None) -> None:
        if pair is None:
            self.exchange.set_status(status)
        else:
            self.exchange.set_pair_status(pair, status)

    def _set_partial_fill(self, share: Any = None) -> None:
        self.exchange.partial_fill = None if share is None else Decimal(str(share))

    def _set_skew(self, seconds: float = 0.0) -> None:
        self.exchange.skew_ns = round(seconds * NS)

    def state(self) -> dict[str, Any]:
        """The exchange's own record of orders, fills and balances, now."""
        self.step()
        return state_of(self.exchange) | {"faults": self.faults.rows()}

    def desk(self, key: ApiKey) -> Desk:
        """What a request signed by a key works on."""
        return Desk(self.exchange, self.keys, self.counters, key, self.outside_s(), time.time_ns())
