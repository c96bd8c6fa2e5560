"""Risk limits: what closes a position inside a bar, what ends the trading at a close, what forbids an entry.

The rules are functions of prices, equity and time alone, so that a backtest asks them about bars and a
live session about ticks (a tick is a bar whose four prices are one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from evotrade.engine.execution import DAYS, Limits, TradingHours, minute_of_day
from evotrade.engine.fills import Reason
from evotrade.market.candles import Candles

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
AnyFloat = TypeVar("AnyFloat", float, npt.NDArray[np.float64])

DAY_S = 86_400
_FIRST_LOOK = 32  # bars; most stops strike soon, and a longer look costs no more per bar


class Exit(NamedTuple):
    """Where a position is closed inside bar `row` of a path, at `price` before costs."""

    row: int
    price: float
    reason: Reason


@dataclass(frozen=True, eq=False)
class Path:
    """The bars that decide about stops and targets, finer than the candles where `detail` is given.

    `bar` says in which candle each row lies; `first` (n + 1,) is the first row at or after each candle.
    """

    open: Floats
    high: Floats
    low: Floats
    time_s: Ints
    first: Ints
    bar: Ints

    @classmethod
    def of(cls, candles: Candles, detail: Candles | None = None) -> Path:
        """The candles themselves, each replaced by the bars of `detail` inside it.

        A candle that `detail` doesn't cover from start to end, or has no bars for, stays itself.
        """
        bars = np.arange(len(candles))
        if detail is None or not len(detail) or not len(candles):
            first = np.append(bars, len(bars))
            return cls(candles.open, candles.high, candles.low, candles.time_s, first, bars)
        inside = np.searchsorted(detail.time_s, candles.time_s)
        count = np.searchsorted(detail.time_s, candles.end_s) - inside
        covered = (candles.time_s >= detail.time_s[0]) & (candles.end_s <= detail.end_s[-1]) & (count > 0)
        rows = np.where(covered, count, 1)
        first = np.append(0, np.cumsum(rows))
        bar = np.repeat(bars, rows)
        # row k of a covered candle is the k-th of its finer bars
        finer = np.where(covered[bar], inside[bar] + np.arange(len(bar)) - first[bar], 0)
        open_, high, low, time_s = (
            np.where(covered[bar], getattr(detail, name)[finer], getattr(candles, name)[bar])
            for name in ("open", "high", "low", "time_s")
        )
        return cls(open_, high, low, time_s, first, bar)


class Protection:
    """Stop-loss, trailing stop and take-profit of one position."""

    def __init__(self, limits: Limits) -> None:
        self._stop, self._trail, self._target = protection_factors(limits)

    def exit(
        self, entry: float, peak: float, open_: float, high: float, low: float
    ) -> tuple[float, Reason] | None:
        """Price and reason of a close inside this bar, or None; `peak` is the highest price before it."""
        levels = entry * self._stop, peak * self._trail, entry * self._target
        price, reason = exit_in_bar(*levels, open_, high, low)
        return (price, EXIT_REASONS[reason - 1]) if reason else None

    def first_exit(self, entry: float, path: Path, start: int, until: int) -> Exit | None:
        """The first of the rows `start` to `until` in which a position bought at `entry` is closed."""
        peak, target, look = entry, entry * self._target, _FIRST_LOOK
        stops: float | Floats = entry * self._stop
        while start < until:
            end = min(start + look, until)
            high, low = path.high[start:end], path.low[start:end]
            peaks = high
            if self._trail:
                peaks = np.maximum.accumulate(np.concatenate(([peak], high)))
                stops = np.maximum(entry * self._stop, peaks[:-1] * self._trail)
            reached = (low <= stops) | (high >= target)
            row = int(reached.argmax())
            if reached[row]:
                bar = (path.open.item(start + row), high.item(row), low.item(row))
                found = self.exit(entry, peaks.item(row), *bar)
                return found and Exit(start + row, *found)
            peak, start, look = peaks.item(-1), end, look * 4
        return None


EXIT_REASONS: tuple[Reason, ...] = ("stop_loss", "trailing_stop", "take_profit")


def protection_factors(limits: Limits) -> tuple[float, float, float]:
    """Stop and target as factors of the entry price, trailing stop as one of the peak: stop, trail, target.

    An absent stop lies at 0, which no price reaches; an absent target at infinity.
    """
    stop = 1 - (limits.stop_loss_pct or 100) / 100
    trail = 1 - (limits.trailing_stop_pct or 100) / 100
    return stop, trail, 1 + limits.take_profit_pct / 100 if limits.take_profit_pct else np.inf


def exit_in_bar(
    stop: float, trail: float, target: float, open_: float, high: float, low: float
) -> tuple[float, int]:
    """Price of a close inside this bar and which of `EXIT_REASONS` it has, from 1 on; 0 where there is none.

    A stop fills at the worse of stop and open, a target at the better of target and open. When the bar
    reaches both, their order is unknown: the stop wins. Compiled as it stands for many genomes at once.
    """
    if low <= max(stop, trail):
        return (min(stop, open_), 1) if stop >= trail else (min(trail, open_), 2)
    if high >= target:
        return max(target, open_), 3
    return 0.0, 0


def first_strike(equity: Floats, time_s: Ints, initial: float, limits: Limits) -> tuple[int, Reason] | None:
    """The first bar at whose close the drawdown or the daily loss reaches its limit, and which of them.

    `equity` (n,) is marked at the closes of the bars that start at `time_s`. A drawdown is measured from
    the highest close or `initial`, a day's loss from the last close before the UTC day of the bar's start.
    """
    struck: list[tuple[int, Reason]] = []
    if limits.max_drawdown_pct:
        peak = np.maximum.accumulate(np.maximum(initial, equity))
        fallen = equity <= least_equity(peak, limits.max_drawdown_pct)
        struck += [(int(bar), "max_drawdown") for bar in np.flatnonzero(fallen)[:1]]
    if limits.max_daily_loss_pct:
        days = time_s // DAY_S
        day_first = np.searchsorted(days, days)
        before_day = np.concatenate(([initial], equity))[day_first]
        lost = equity <= least_equity(before_day, limits.max_daily_loss_pct)
        struck += [(int(bar), "daily_loss") for bar in np.flatnonzero(lost)[:1]]
    return min(struck, key=lambda strike: strike[0], default=None)


def least_equity(before: AnyFloat, loss_pct: float) -> AnyFloat:
    """The equity at which a loss of `loss_pct` percent from `before` strikes."""
    return before * (1 - loss_pct / 100)


def in_trading_hours(time_s: Ints, hours: TradingHours) -> Bools:
    """(n,) whether each time, in Unix seconds, lies in the trading hours."""
    local = pd.DatetimeIndex(pd.to_datetime(time_s, unit="s", utc=True)).tz_convert(hours.zone)
    minute = np.asarray(local.hour * 60 + local.minute)
    day = np.asarray(local.day_of_week)
    start, end = minute_of_day(hours.start), minute_of_day(hours.end)
    open_days: Bools = np.array([name in hours.days for name in DAYS])
    today, yesterday = open_days[day], open_days[day - 1]
    begun, over = start <= minute, minute >= end
    within = today & begun & ~over if start < end else (today & begun) | (yesterday & ~over)
    return np.asarray(within, dtype=np.bool_)
