"""Decision lines: the closed bars of one pair and timeframe, decided once for all sessions on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evotrade import timeframes
from evotrade.engine.live import Watch
from evotrade.genome import Genome
from evotrade.market.candles import REQUIRED, Candles

FRESH_SHARE = 0.1
"""A bar that was fetched late may still act while less than this share of its interval has passed since."""

_SLACK_BARS = 64  # kept beyond the longest lookback, so that a member may leave and a like one come


@dataclass(frozen=True, slots=True)
class Decided:
    """What one session has to know of one bar; prices in quote currency, volume in base currency."""

    session_id: int
    start_s: int
    end_s: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: float
    decision: int
    may_act: bool

    def to_dict(self) -> dict[str, Any]:
        """The bar as JSON keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Member:
    """A session on a line: its genome, and the start of the first bar that it has not decided."""

    genome: Genome
    combine: str
    next_start_s: int


class Line:
    """Bars so far, and who decides on them. `candles` are what the decisions see: closed bars alone."""

    def __init__(self, candles: Candles) -> None:
        self.candles = candles
        self.length_s = timeframes.length_s(candles.timeframe)
        self._members: dict[int, Member] = {}
        self._watch: Watch | None = None

    def __len__(self) -> int:
        return len(self._members)

    @property
    def members(self) -> Mapping[int, Member]:
        """Who decides on this line, by number of the session."""
        return self._members

    @property
    def next_start_s(self) -> int:
        """No bar that starts before this is still to come."""
        return int(self.candles.time_s[-1]) + self.length_s if len(self.candles) else 0

    def join(self, session_id: int, member: Member) -> None:
        """From now on the session decides the bars that start at its `next_start_s` or later."""
        self._members[session_id] = member
        self._watch = None

    def leave(self, session_id: int) -> None:
        """The session decides no more."""
        if self._members.pop(session_id, None) is not None:
            self._watch = None

    def extend_back(self, older: Candles) -> None:
        """Take older bars for a longer lookback; bars that the line has already are its own."""
        if len(older) and len(self.candles):
            older = older[: int(np.searchsorted(older.time_s, self.candles.time_s[0]))]
        self.candles = joined(older, self.candles)

    def take(self, bars: Candles, now_s: float, late: bool) -> Iterator[list[Decided]]:
        """Decide new bars, oldest first, one list a bar; bars that the line has, or older ones, are ignored.

        `now_s` is the exchange's time, by which a late bar may be too old to act on.
        """
        fresh = bars[int(np.searchsorted(bars.time_s, self.next_start_s)) :]
        if not len(fresh):
            return
        first = len(self.candles)
        self.candles = joined(self.candles, fresh)
        yield from self._decide_from(first, now_s, late)
        self._forget()

    def catch_up(self, session_id: int, now_s: float) -> Iterator[Decided]:
        """Decide for one member alone the bars that the line has and the member has not decided."""
        member = self._members[session_id]
        first = int(np.searchsorted(self.candles.time_s, member.next_start_s))
        alone = Watch([(member.genome, member.combine)], self.candles.timeframe)
        for bar in range(first, len(self.candles)):
            decision = int(alone.decide(self.candles[: bar + 1])[0])
            yield self._decided(session_id, bar, decision, self._may_act(bar, now_s, late=True))
            member.next_start_s = int(self.candles.time_s[bar]) + self.length_s

    def _decide_from(self, first: int, now_s: float, late: bool) -> Iterator[list[Decided]]:
        order = list(self._members)
        if self._watch is None:
            watched = [(one.genome, one.combine) for one in self._members.values()]
            self._watch = Watch(watched, self.candles.timeframe)
        for bar in range(first, len(self.candles)):
            decisions = self._watch.decide(self.candles[: bar + 1]).tolist() if order else []
            may_act = self._may_act(bar, now_s, late)
            start_s, told = int(self.candles.time_s[bar]), []
            for session_id, decision in zip(order, decisions, strict=True):
                if self._members[session_id].next_start_s <= start_s:
                    self._members[session_id].next_start_s = start_s + self.length_s
                    told.append(self._decided(session_id, bar, decision, may_act))
            yield told

    def _may_act(self, bar: int, now_s: float, late: bool) -> bool:
        """A bar that was seen closing may act; of late ones the newest, if it closed a short while ago."""
        if not late:
            return True
        age_s = now_s - (int(self.candles.time_s[bar]) + self.length_s)
        return bar == len(self.candles) - 1 and age_s < FRESH_SHARE * self.length_s

    def _decided(self, session_id: int, bar: int, decision: int, may_act: bool) -> Decided:
        candles = self.candles
        start_s = int(candles.time_s[bar])
        names = ("open", "high", "low", "close", "volume", "trades")
        numbers = {name: float(getattr(candles, name)[bar]) for name in names}
        return Decided(
            session_id, start_s, start_s + self.length_s, **numbers, decision=decision, may_act=may_act
        )

    def _forget(self) -> None:
        """Let go of bars that no member looks at any more."""
        kept = 1 + _SLACK_BARS + (self._watch.lookback if self._watch else 0)
        if len(self.candles) > 2 * kept:
            self.candles = self.candles[len(self.candles) - kept :]


def joined(older: Candles, newer: Candles) -> Candles:
    """Two pieces of one series, of which every bar of `newer` starts after all of `older`."""
    if not len(older):
        return newer
    if not len(newer):
        return older
    names = ("time_s", *REQUIRED, "trades")
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(older, name), getattr(newer, name)]) for name in names
    }
    return Candles(timeframe=older.timeframe, pair=older.pair, source=older.source, **columns)
