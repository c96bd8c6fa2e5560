"""What a session is about to do: the signal that waits for a tick, the entry and the exit under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evotrade.engine.session.effects import BarDecided, Effect

_LONGEST_WAIT_S = 60.0


@dataclass(slots=True)
class Signal:
    """The decision of a bar `[start_s, end_s)`; `missed` is what was told of it last."""

    start_s: int
    end_s: int
    close: float
    decision: int
    missed: str = ""


@dataclass(slots=True)
class Entry:
    """A BUY under way. `until_s` is when it is given up, known from its first attempt on; `why` it failed."""

    signal: Signal
    attempts: int = 0
    until_s: float | None = None
    retry_at_s: float = 0.0
    why: str = ""

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Entry:
        """The entry that `asdict` described."""
        return cls(**{**kept, "signal": Signal(**kept["signal"])})


@dataclass(slots=True)
class Exit:
    """A sale under way, for `reason`, decided by or struck in the bar of `bar_start_s`.

    It is sent once it is `due`, which a tick makes it.
    """

    reason: str
    bar_start_s: int
    due: bool
    attempts: int = 0
    retry_at_s: float = 0.0


def wait_s(attempts: int) -> float:
    """Seconds to let pass after so many failed attempts."""
    return min(_LONGEST_WAIT_S, 2.0 ** min(attempts, 6))


class Told:
    """The effects of one event as they come, and how many signals were missed in all."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.missed = 0

    def add(self, effect: Effect) -> None:
        """One effect more."""
        self.effects.append(effect)

    def decided(self, at_s: float, signal: Signal, missed: str) -> None:
        """Tell a bar with its decision, or once more when something else became of its signal."""
        self.missed += bool(missed) - bool(signal.missed)
        signal.missed = missed
        self.add(BarDecided(at_s, signal.start_s, signal.close, signal.decision, missed))

    def take(self) -> list[Effect]:
        """What was told since the last call."""
        taken, self.effects = self.effects, []
        return taken


def plain(value: Signal | Entry | Exit | None) -> dict[str, Any] | None:
    """An intent as JSON keeps it."""
    return None if value is None else asdict(value)
