"""The bars of one pair and timeframe on their way to listeners: closed, checked, told once, in order.

Without I/O. A bar is over when a trade or bar of a later interval is seen. It is told at once when its count
of trades is the one that the trades' numbers demand; otherwise somebody has to fetch it, since a frame of
it may have been lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evotrade import timeframes
from evotrade.exchange.kraken.frames import Bar
from evotrade.exchange.kraken.trade_ids import TradeIds
from evotrade.market.candles import Candles, Source, bar_start_s
from evotrade.market.resample import resample

MADE_OF = {"12h": "4h", "1w": "1d"}
"""Timeframes that Kraken has no bars of, or other weeks, and what they are joined of."""

_VALUES = ("open", "high", "low", "close", "volume", "trades")


def first_start_s(since_s: int, timeframe: str) -> int:
    """The start of the first bar that starts at `since_s` or later."""
    return int(bar_start_s(since_s - 1, timeframe)) + timeframes.length_s(timeframe)


def bars_of(candles: Candles) -> list[Bar]:
    """Candles as single bars."""
    columns = (getattr(candles, name).tolist() for name in ("time_s", *_VALUES))
    return [
        Bar(candles.pair, candles.timeframe, start_s, open_, high, low, close, volume, int(trades))
        for start_s, open_, high, low, close, volume, trades in zip(*columns, strict=True)
    ]


def candles_of(bars: Sequence[Bar], source: Source) -> Candles:
    """Bars of one pair and timeframe, at least one, as candles."""
    columns: dict[str, Any] = {name: [float(getattr(bar, name)) for bar in bars] for name in _VALUES}
    return Candles(
        time_s=np.array([bar.start_s for bar in bars], dtype=np.int64),
        timeframe=bars[0].timeframe,
        pair=bars[0].pair,
        source=source,
        **columns,
    )


class Series:
    """One pair and timeframe that is watched.

    `told_until_s` is where the first bar not yet told may start; `behind` says that bars before the live
    ones have to be fetched first, `ready` that live ones come. `due_since_s` is when (our clock) a bar was
    seen to be over that could not be told yet, `tries` how often it was fetched in vain, `again_s` when next;
    `breaks` counts what was missed.
    """

    def __init__(self, pair: str, timeframe: str, after_s: int, source: Source) -> None:
        self.pair = pair
        self.timeframe = timeframe.lower()
        self.base = MADE_OF.get(self.timeframe, self.timeframe)
        self.length_s = timeframes.length_s(self.base)
        self.source = source
        self.told_until_s = first_start_s(after_s, self.timeframe)
        self.behind = True
        self.breaks = 0
        self.ready = False
        self.tries = 0
        self.again_s = 0.0
        self.due_since_s: float | None = None
        self._live: dict[int, Bar | None] = {}  # None: traded in, by the trades, but not seen yet
        self._crossed_s = 0.0
        self._parts: list[Bar] = []
        self._told_last: Bar | None = None

    def see_trade(self, at_s: float) -> None:
        """A trade happened: its interval has a bar, and those before it are over."""
        start_s = int(bar_start_s(int(at_s), self.base))
        if start_s >= self.told_until_s:
            self._live.setdefault(start_s, None)
        self._crossed_s = max(self._crossed_s, at_s)

    def see_time(self, at_s: float) -> None:
        """The exchange's time: bars before are over."""
        self._crossed_s = max(self._crossed_s, at_s)

    def miss(self, before_s: float, at_s: float) -> None:
        """Trades between two moments were missed: whole bars may be, unless both lie in one."""
        if bar_start_s(int(before_s), self.base) != bar_start_s(int(at_s), self.base):
            self.behind = True
            self.breaks += 1

    def see_bar(self, bar: Bar) -> str:
        """A bar as it stands; the name of what is wrong with it, "" for nothing."""
        self._crossed_s = max(self._crossed_s, float(bar.start_s))
        if bar.start_s < self.told_until_s:
            last = self._told_last
            differs = last is not None and last.start_s == bar.start_s and replace(bar, at_s=None) != last
            return "corrected_bars" if differs and last is not None and bar.trades > last.trades else ""
        known = self._live.get(bar.start_s)
        if known is not None and known.trades > bar.trades:
            return "stale_bars"  # counts only rise inside a bar: this frame was overtaken
        self._live[bar.start_s] = replace(bar, at_s=None)
        return ""

    def lose(self) -> None:
        """The connection broke: frames may have been missed."""
        self.behind, self.ready = True, False
        self.breaks += 1
        self.tries, self.again_s = 0, 0.0

    def due_s(self) -> int | None:
        """Start of the oldest bar that is over and not told."""
        over = [start_s for start_s in self._live if start_s + self.length_s <= self._crossed_s]
        return min(over, default=None)

    def clock_due(self, now_s: float, grace_s: float) -> bool:
        """Whether a bar should be over by the clock though nothing of a later interval was seen."""
        return any(start_s + self.length_s + grace_s <= now_s for start_s in self._live)

    def blocks(self, at_s: float) -> bool:
        """Whether what happened at this time must not be told before bars that ended by then."""
        if self.behind:
            return True
        due_s = self.due_s()
        return due_s is not None and due_s + self.length_s <= at_s

    def take(self, ids: TradeIds) -> list[Candles]:
        """The bars that are over and beyond doubt, to be told now."""
        while not self.behind and (start_s := self.due_s()) is not None:
            bar = self._live[start_s]
            if bar is None or bar.trades != ids.expected(start_s, start_s + self.length_s):
                break
            self._tell([bar])
        return self._finished()

    def take_unconfirmed(self) -> list[Candles]:
        """The oldest bar that is over, as the frames had it, since nobody can confirm it."""
        start_s = self.due_s()
        bar = self._live.get(start_s) if start_s is not None else None
        if bar is not None:
            self._tell([bar])
        elif start_s is not None:
            del self._live[start_s]
            self.tries, self.due_since_s = 0, None
        return self._finished()

    def take_fetched(self, candles: Candles | None) -> list[Candles]:
        """Bars that were fetched since `told_until_s`: the exchange's last word on them."""
        if candles is not None:
            self._tell([bar for bar in bars_of(candles) if bar.start_s >= self.told_until_s])
        return self._finished()

    def _tell(self, bars: Iterable[Bar]) -> None:
        for bar in bars:
            self.tries, self.again_s, self.due_since_s = 0, 0.0, None
            self._parts.append(bar)
            self._told_last = bar
            self.told_until_s = bar.start_s + self.length_s
        for start_s in [start_s for start_s in self._live if start_s < self.told_until_s]:
            del self._live[start_s]

    def _finished(self) -> list[Candles]:
        """What the parts told so far complete."""
        if not self._parts:
            return []
        if self.base == self.timeframe:
            parts, self._parts = self._parts, []
            return [candles_of(parts, self.source)]
        return self._joined()

    def _joined(self) -> list[Candles]:
        due_s = self.due_s()
        over_s = self.told_until_s if due_s is not None or self.behind else self._crossed_s
        end_s = int(bar_start_s(int(max(over_s, self.told_until_s)), self.timeframe))
        done = [bar for bar in self._parts if bar.start_s < end_s]
        if not done:
            return []
        self._parts = self._parts[len(done) :]
        self.told_until_s = max(self.told_until_s, end_s)
        return [join(done, self.timeframe, self.source)]


def join(bars: Sequence[Bar], timeframe: str, source: Source) -> Candles:
    """The bars of a longer timeframe that these (at least one) make up, all of them taken for complete."""
    length_s = timeframes.length_s(timeframe)
    # The first longer bar would be dropped as possibly incomplete, the last unless something follows it.
    before = replace(bars[0], start_s=bars[0].start_s - length_s)
    after = replace(bars[-1], start_s=int(bar_start_s(bars[-1].start_s, timeframe)) + length_s)
    return resample(candles_of([before, *bars, after], source), timeframe)
