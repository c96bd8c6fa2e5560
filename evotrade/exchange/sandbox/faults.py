"""What goes wrong on purpose: a list of faults, each for so many calls or frames, or until it is cleared.

| kind | what happens | takes |
|---|---|---|
| `http_error` | REST calls (and the websocket's handshake) answer with `status` | status, calls, endpoints |
| `api_error` | calls are refused with `error`, nothing is carried out | error, calls, endpoints |
| `slow` | calls are carried out and answered `seconds` late | seconds, calls, endpoints |
| `slow_reply` | calls are carried out at once, answered `seconds` late | seconds, calls, endpoints |
| `lose_reply` | calls are carried out, the connection closes without a reply | calls, endpoints |
| `double` | calls arrive twice to the last byte; the answer to the second one is heard | calls, endpoints |
| `outage` | every connection is closed, every new one too | seconds |
| `silence` | websockets stay connected and get no frame, not even heartbeats | seconds |
| `duplicate`, `reorder`, `malformed`, `unknown_field` | to frames | calls, channels |
| `absurd_price` | prices in frames are `factor` times what they are | factor, calls, channels |

Endpoints are the last part of the address (`AddOrder`, `OHLC`), a websocket method (`add_order`), or `v2`
for the websocket's handshake; none named means every one. `calls` and `seconds` of None mean until cleared.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from evotrade.errors import SettingsError

OF_CALLS = ("http_error", "api_error", "slow", "slow_reply", "lose_reply", "double")
OF_TIME = ("outage", "silence")
OF_FRAMES = ("duplicate", "reorder", "malformed", "unknown_field", "absurd_price")
KINDS = (*OF_CALLS, *OF_TIME, *OF_FRAMES)


@dataclass
class Fault:
    """One fault; `names` are the endpoints or channels it concerns, `until_s` when it ends."""

    kind: str
    calls: int | None = 1
    names: tuple[str, ...] = ()
    status: int = 503
    error: str = "EService:Busy"
    seconds: float | None = None
    factor: float = 10.0
    until_s: float | None = None

    def concerns(self, kind: str, name: str, now_s: float) -> bool:
        """Whether it is of this kind, still on, and meant for this endpoint or channel."""
        lasts = self.until_s is None or now_s < self.until_s
        return self.kind == kind and lasts and (not self.names or name in self.names)


@dataclass
class Faults:
    """The faults that are on. `now_s` is the outside's clock in seconds, everywhere."""

    active: list[Fault] = field(default_factory=list)

    def add(self, kind: str, now_s: float, **options: Any) -> Fault:
        """Switch a fault on; `calls`, `endpoints` or `channels`, and the kind's own options as above.

        Raises `SettingsError` for a kind or option that there is not.
        """
        if kind not in KINDS:
            raise SettingsError(f"unknown fault {kind!r}: use one of {', '.join(KINDS)}")
        names = tuple(options.pop("endpoints", ())) + tuple(options.pop("channels", ()))
        try:
            fault = Fault(kind, names=names, **options)
        except TypeError:
            known = "calls, endpoints, channels, status, error, seconds, factor"
            raise SettingsError(f"fault {kind} with {', '.join(options)}: its options are {known}") from None
        if kind in OF_TIME:
            fault.calls = None
            fault.until_s = None if fault.seconds is None else now_s + fault.seconds
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all of them off."""
        self.active.clear()

    def take(self, kind: str, name: str, now_s: float) -> Fault | None:
        """The first fault of a kind that concerns a call or frame, one use of it used up."""
        for fault in self.active:
            if fault.concerns(kind, name, now_s):
                if fault.calls is not None:
                    fault.calls -= 1
                    if fault.calls <= 0:
                        self.active.remove(fault)
                return fault
        return None

    def rows(self) -> list[dict[str, Any]]:
        """The faults that are on, as plain values."""
        return [asdict(fault) for fault in self.active]
