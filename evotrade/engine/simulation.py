"""Decisions become fills and equity: long or flat, one position at a time.

Everything that can happen at bar t happens in this order:

| step | when | what |
|---|---|---|
| 1 | open of t | a limit that struck at the close of t−1 sells and ends the trading |
| 2 | open of t | `next_open`: the decision of bar t−1 fills |
| 3 | inside t | stop-loss, trailing stop or take-profit of a position held since the open, or longer |
| 4 | close of t | `close`: the decision of bar t fills, also a BUY after a stop in step 3 |
| 5 | close of t | the last bar sells what is left, if `close_at_end` |
| 6 | close of t | equity is marked: cash plus position at the close, without costs |
| 7 | close of t | drawdown and daily loss are judged on that mark |
| 8 | close of t | `next_open`: the decision of bar t waits for the open of the next bar that exists |

With `next_open` step 3 comes after the entry of its bar, so after a stop the next entry is at the open of
t+1 at the earliest. Trailing stops follow the entry price and the highs of earlier bars. An entry belongs
to the UTC day of the moment it fills, a daily loss to the day in which its bar starts. After a loss closed
at bar t with a cool-down of c bars, the first entry is at bar t+c+1.

The simulator jumps from fill to fill: between two of them nothing has to be looked at bar by bar.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from evotrade import timeframes
from evotrade.engine.evaluator import BUY, SELL
from evotrade.engine.execution import Execution
from evotrade.engine.fills import (
    Account,
    FillLog,
    Fills,
    Floats,
    Reason,
    Trades,
    bought,
    fee_rate,
    make_trades,
    price_factors,
    sold,
)
from evotrade.engine.limits import DAY_S, Path, Protection, first_strike, in_trading_hours
from evotrade.errors import SettingsError
from evotrade.market.candles import Candles

Decisions = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Simulation:
    """What became of the capital.

    `equity` (n,) in quote currency and `held` (n,), whether a position was held, are at every close (a
    position sold at the last close by `close_at_end` was held there). `halted_bar` is the bar at whose
    close a drawdown or daily loss struck, for `halt_reason`; None when none did. `refused_entries` counts
    entries below the exchange's minimum.
    """

    equity: Floats
    held: Bools
    fills: Fills
    halted_bar: int | None
    halt_reason: Reason | None
    refused_entries: int

    @cached_property
    def trades(self) -> Trades:
        """The fills paired to trades, an open one last."""
        return make_trades(self.fills, len(self.equity))

    @property
    def halted(self) -> bool:
        """Whether a limit ended the trading."""
        return self.halted_bar is not None

    @property
    def open_at_end(self) -> bool:
        """Whether a position is still open after the last bar."""
        return len(self.fills) % 2 == 1


def simulate(
    decisions: Decisions, candles: Candles, execution: Execution | None = None, detail: Candles | None = None
) -> Simulation:
    """Trade (n,) `decisions` (1 buy, -1 sell, 0 hold) on the same n candles, starting flat.

    `detail` is the same market in shorter bars: where it is there, it decides about stops and targets.
    Raises `SettingsError` for decisions of another shape or value, or a detail that isn't finer.
    """
    _check(decisions, candles, detail)
    terms = execution or Execution()
    if terms.is_plain:
        return _marked(_trade_turns(decisions, candles, terms), candles, terms)
    run = _Simulator(decisions, candles, terms, detail, len(candles)).run()
    strike = first_strike(run.equity, candles.time_s, terms.initial, terms.limits)
    if strike is None:
        return run
    # what came up to that close stands as it is: trade again up to there, and then sell
    return _Simulator(decisions, candles, terms, detail, strike[0] + 1).run(strike)


def _check(decisions: Decisions, candles: Candles, detail: Candles | None) -> None:
    if decisions.shape != (len(candles),):
        raise SettingsError(
            f"decisions have shape {decisions.shape}, expected one per bar, ({len(candles)},)"
        )
    if len(decisions) and (decisions.min() < -1 or decisions.max() > 1):
        raise SettingsError("decisions must be 1 (buy), -1 (sell) or 0 (hold)")
    if detail is not None and timeframes.length_s(detail.timeframe) >= timeframes.length_s(candles.timeframe):
        raise SettingsError(f"detail of {detail.timeframe} is not finer than candles of {candles.timeframe}")


def _trade_turns(decisions: Decisions, candles: Candles, execution: Execution) -> Fills:
    """The fills where nothing but decisions matters: a buy, a sell, a buy … at the next bar that says so."""
    delay = int(execution.fill == "next_open")
    price, time_s = (candles.open, candles.time_s) if delay else (candles.close, candles.end_s)
    decided = decisions[: max(0, len(candles) - delay)]
    said = np.flatnonzero(decided)
    bars = said[np.diff(decided[said], prepend=SELL) != 0] + delay
    prices, times_s = price[bars], time_s[bars]
    reasons: list[Reason] = ["signal"] * len(bars)
    if execution.close_at_end and len(bars) % 2:
        bars, prices = np.append(bars, len(candles) - 1), np.append(prices, candles.close[-1])
        times_s = np.append(times_s, candles.end_s[-1])
        reasons.append("end")
    for side, factor in enumerate(price_factors(execution)):
        prices[side::2] *= factor
    numbers = np.frombuffer(_settle(prices.tolist(), execution)).reshape(len(bars), 5)
    sides = np.where(np.arange(len(bars)) % 2, SELL, BUY).astype(np.int8)
    return Fills(tuple(reasons), bars, times_s, sides, prices, *np.ascontiguousarray(numbers.T))


def _settle(prices: list[float], execution: Execution) -> array[float]:
    """Quantity, fee, pnl, and cash and position afterwards, of a buy, a sell, a buy … at these prices."""
    rate, on_top, size = fee_rate(execution), execution.fee_on == "top", execution.size
    cash, numbers = execution.initial, array("d")
    for paid, got in zip_longest(prices[::2], prices[1::2]):
        cost = cash * size
        quantity, fee = bought(cost, paid, rate, on_top)
        cash -= cost
        numbers.extend((quantity, fee, 0.0, cash, quantity))
        if got is not None:
            fee, pnl, cash = sold(quantity, got, rate, cost, cash)
            numbers.extend((quantity, fee, pnl, cash, 0.0))
    return numbers


def _marked(
    fills: Fills,
    candles: Candles,
    execution: Execution,
    strike: tuple[int, Reason] | None = None,
    refused: int = 0,
) -> Simulation:
    """Mark every close: between two fills, cash and position stand still."""
    spans = np.diff(fills.bar, prepend=0, append=len(candles))
    cash = np.repeat(np.append(execution.initial, fills.cash), spans)
    position = np.repeat(np.append(0.0, fills.position), spans)
    held = position > 0
    if fills.reason[-1:] == ("end",):
        held[-1] = True
    halted_bar, halt_reason = strike or (None, None)
    equity = cash + position * candles.close
    return Simulation(equity, held, fills, halted_bar, halt_reason, refused)


class _Simulator:
    """One run. A decision is known by the bar in which it fills, whatever `fill` says."""

    def __init__(
        self, decisions: Decisions, candles: Candles, execution: Execution, detail: Candles | None, bars: int
    ) -> None:
        limits, self.bars = execution.limits, bars
        self.candles, self.execution = candles, execution
        self.delay = 1 if execution.fill == "next_open" else 0
        self.price = candles.open if self.delay else candles.close
        self.time_s = candles.time_s if self.delay else candles.end_s
        decided = decisions[: max(0, self.bars - self.delay)]
        buys = np.flatnonzero(decided == 1) + self.delay
        if limits.trading_hours is not None:
            buys = buys[in_trading_hours(self.time_s[buys], limits.trading_hours)]
        self.buys: list[int] = buys.tolist()
        self.sells: list[int] = [*(np.flatnonzero(decided == -1) + self.delay).tolist(), self.bars]
        self.next_buy = self.next_sell = 0
        self.account = Account(execution)
        self.max_a_day, self.cool_down = limits.max_trades_per_day, limits.cool_down_bars
        self.path = Path.of(candles, detail) if limits.acts_in_bar else None
        self.protection = Protection(limits)
        self.refused = 0
        self.entry_day, self.entries_that_day = -1, 0
        self.log = FillLog()

    def run(self, strike: tuple[int, Reason] | None = None) -> Simulation:
        """Enter and leave until the bars end; then sell, if `strike` says why or the terms say so."""
        bar: int | None = 0
        while bar is not None and (entry := self._enter(bar)) is not None:
            bar = self._leave(entry)
        candles, last = self.candles, len(self.candles) - 1
        if self.account.position and strike and self.bars <= last:
            self._sell(self.bars, candles.time_s.item(self.bars), candles.open.item(self.bars), strike[1])
        elif self.account.position and self.execution.close_at_end:
            self._sell(last, candles.end_s.item(last), candles.close.item(last), "end")
        return _marked(self.log.columns(), candles, self.execution, strike, self.refused)

    def _enter(self, earliest: int) -> int | None:
        """Buy at the first bar from `earliest` on that allows it; that bar, or None."""
        buys, self.next_buy = self.buys, bisect_left(self.buys, earliest, self.next_buy)
        for at in range(self.next_buy, len(buys)):
            bar = buys[at]
            time_s = self.time_s.item(bar)
            if self.max_a_day and not self._free_that_day(time_s // DAY_S):
                continue
            fill = self.account.buy(self.price.item(bar))
            if fill is not None:
                self.log.add(bar, time_s, "signal", fill)
                self.entries_that_day += 1
                return bar
            self.refused += 1
        return None

    def _leave(self, entry: int) -> int | None:
        """Sell what was bought at bar `entry`; the earliest bar for a next entry, None when it is over."""
        self.next_sell = bisect_left(self.sells, entry, self.next_sell)
        bar = self.sells[self.next_sell]
        stop = self._stop_before(bar, entry) if self.path else None
        if stop:
            bar = stop[0]
        if bar == self.bars:
            return None
        pnl = self._sell(*(stop or (bar, self.time_s.item(bar), self.price.item(bar), "signal")))
        return bar + self.cool_down + 1 if self.cool_down and pnl < 0 else bar + self.delay

    def _sell(self, bar: int, time_s: int, price: float, reason: Reason) -> float:
        """Sell and write it down; profit or loss of the trade."""
        fill = self.account.sell(price)
        self.log.add(bar, time_s, reason, fill)
        return fill.pnl

    def _stop_before(self, planned: int, entry: int) -> tuple[int, int, float, Reason] | None:
        """Bar, time, price and reason of a stop or target that comes before the planned sale."""
        path = self.path
        assert path is not None  # the caller looked
        # bought at a close, the position lives from the next bar's open; sold at a close, through that bar
        shift = 1 - self.delay
        start, until = (path.first.item(min(bar + shift, self.bars)) for bar in (entry, planned))
        found = self.protection.first_exit(self.account.entry_price, path, start, until)
        return found and (path.bar.item(found.row), path.time_s.item(found.row), found.price, found.reason)

    def _free_that_day(self, day: int) -> bool:
        """Whether the day has an entry left; starts the count of a new day."""
        if day != self.entry_day:
            self.entry_day, self.entries_that_day = day, 0
        return self.entries_that_day < (self.max_a_day or 0)
