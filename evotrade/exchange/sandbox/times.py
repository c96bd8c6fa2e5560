"""The exchange's clock, and how it writes times down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from evotrade.exchange.sandbox.orders import Refused
from evotrade.exchange.sandbox.tape import NS


@dataclass
class VirtualClock:
    """Maps a clock of the outside to the exchange's, `speed` times as fast; 0 is by hand alone.

    `start_ns` is the exchange's time (Unix, ns) at `start_s` of the outside.
    """

    start_ns: int
    start_s: float
    speed: float

    def at(self, outside_s: float) -> int:
        """The exchange's time, in nanoseconds."""
        return self.start_ns + int((outside_s - self.start_s) * self.speed * NS)

    def shift(self, by_ns: int) -> None:
        """Set it forward by hand."""
        self.start_ns += by_ns


def rfc3339(time_ns: int, digits: int = 6) -> str:
    """2023-10-04T16:26:01.806315Z, with up to nine digits of a second; none leaves out the point."""
    seconds, rest = divmod(time_ns, NS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}"[: len(text) + 1 + digits].rstrip(".") + "Z"


def read_rfc3339(text: str) -> int:
    """Nanoseconds of a time like 2023-10-04T16:26:01.806Z. `Refused` for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("EGeneral:Invalid arguments:deadline") from None
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    return int(moment.timestamp()) * NS + moment.microsecond * 1_000


def unix_s(time_ns: int) -> float:
    """Unix seconds as REST writes them: a number with four decimals."""
    return float(Decimal(time_ns // 100_000).scaleb(-4))
