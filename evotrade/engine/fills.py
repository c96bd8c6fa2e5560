"""Fills: the one place where money and quantity change hands, in backtest and live session alike.

`Account` is plain floats: it knows neither bars nor clocks, and whoever calls it says when and why.
A **fill** is one execution; a **trade** is an entry and what closes it. Since a position is always sold
whole, fills alternate: buy, sell, buy, sell.
"""

from __future__ import annotations

import math
import sys
from array import array
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from evotrade.engine.execution import Execution, Instrument

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Reason = Literal[
    "signal", "stop_loss", "trailing_stop", "take_profit", "max_drawdown", "daily_loss", "end", "open"
]

_BPS = 1e-4
_NEARLY = 4 * sys.float_info.epsilon  # what a division may miss: a price on a tick must not move to the next


class Fill(NamedTuple):
    """One execution: price and fee in quote currency, quantity in base currency, after costs.

    `cash` and `position` are what the account holds afterwards; `pnl` is the closed trade's, 0 on a buy.
    """

    side: Literal[1, -1]
    price: float
    quantity: float
    fee: float
    pnl: float
    cash: float
    position: float


class Account:
    """Cash in quote currency and a position in base currency, long or flat, on the terms of `execution`."""

    __slots__ = (
        "_buy_factor",
        "_fee",
        "_instrument",
        "_on_top",
        "_sell_factor",
        "_size",
        "cash",
        "cost",
        "entry_price",
        "position",
    )

    def __init__(self, execution: Execution) -> None:
        self._buy_factor, self._sell_factor = price_factors(execution)
        self._fee = fee_rate(execution)
        self._on_top = execution.fee_on == "top"
        self._size = execution.size
        self._instrument = execution.instrument
        self.cash = execution.initial
        self.position = 0.0
        self.cost = 0.0
        self.entry_price = 0.0

    def buy(self, quoted: float) -> Fill | None:
        """Invest the size's share of the cash at `quoted` plus costs; None below the exchange's minimum."""
        price = quoted * self._buy_factor
        if self._instrument is not None:
            price = round_price(price, self._instrument.tick_size, up=True)
        entry = sized_entry(self.cash * self._size, price, self._fee, self._on_top, self._instrument)
        if entry is None:
            return None
        quantity, fee, spend = entry
        self.cash -= spend
        self.position = quantity
        self.cost = spend
        self.entry_price = price
        return Fill(1, price, quantity, fee, 0.0, self.cash, quantity)

    def sell(self, quoted: float) -> Fill:
        """Sell the whole position at `quoted` less costs."""
        price = quoted * self._sell_factor
        if self._instrument is not None:
            price = round_price(price, self._instrument.tick_size, up=False)
        fee, pnl, cash = sold(self.position, price, self._fee, self.cost, self.cash)
        fill = Fill(-1, price, self.position, fee, pnl, cash, 0.0)
        self.cash = cash
        self.position = 0.0
        return fill


def price_factors(execution: Execution) -> tuple[float, float]:
    """What slippage and half the spread make of a price, for a buyer and for a seller."""
    drift = (execution.slippage_bps + execution.spread_bps / 2) * _BPS
    return 1 + drift, 1 - drift


def fee_rate(execution: Execution) -> float:
    """The fee a side as a fraction."""
    return execution.fee_bps * _BPS


def bought(spend: float, price: float, rate: float, on_top: bool) -> tuple[float, float]:
    """Quantity and fee of spending `spend` at `price`; compiled as it stands for many genomes at once."""
    if on_top:
        quantity = spend / (price * (1 + rate))
        return quantity, quantity * price * rate
    return spend * (1 - rate) / price, spend * rate


def sized_entry(
    spend: float, price: float, rate: float, on_top: bool, instrument: Instrument | None
) -> tuple[float, float, float] | None:
    """Quantity, fee and cost with its fee of spending at most `spend` at `price`, in whole lots.

    None where that is below the exchange's minimum.
    """
    quantity, fee = bought(spend, price, rate, on_top)
    if instrument is None:
        return quantity, fee, spend
    quantity = round_quantity(quantity, instrument.lot_decimals)
    value = quantity * price
    if quantity <= 0 or quantity < instrument.order_min or value < instrument.cost_min:
        return None
    fee = value * rate if on_top else value * rate / (1 - rate)
    return quantity, fee, value + fee


def sold(position: float, price: float, rate: float, cost: float, cash: float) -> tuple[float, float, float]:
    """Fee, pnl and cash afterwards of selling `position`, which cost `cost`; compiled as it stands, too."""
    value = position * price
    fee = value * rate
    return fee, value - fee - cost, cash + (value - fee)


def round_price(price: float, tick_size: float, *, up: bool) -> float:
    """The tick at or next to `price`, against the trader: up for a buy, down for a sell; at least one."""
    if not tick_size:
        return price
    ticks = price / tick_size
    whole = math.ceil(ticks * (1 - _NEARLY)) if up else max(1, math.floor(ticks * (1 + _NEARLY)))
    return round(whole * tick_size, _decimals(tick_size))


def round_quantity(quantity: float, lot_decimals: int) -> float:
    """`quantity` cut to the lot's decimals, never more than the cash paid for."""
    lots: int = 10**lot_decimals
    nearest = round(quantity * lots)
    # not floor: 0.29 · 100 is a little less than 29 in binary, and 0.29 is a quantity of two decimals
    return (nearest if nearest / lots <= quantity else nearest - 1) / lots


def _decimals(step: float) -> int:
    """Decimals that a multiple of `step` needs."""
    return max(0, -int(Decimal(repr(step)).normalize().as_tuple().exponent))


@dataclass(frozen=True, eq=False)
class Fills:
    """(m,) executions of a simulation in order, as columns.

    `bar` indexes the candles; `time_s` is in Unix seconds: the bar's start for a fill at its open, its end
    for one at its close, and the start of the (finer) bar in which a stop or a target filled.
    """

    reason: tuple[Reason, ...]
    bar: Ints
    time_s: Ints
    side: npt.NDArray[np.int8]
    price: Floats
    quantity: Floats
    fee: Floats
    pnl: Floats
    cash: Floats
    position: Floats

    def __len__(self) -> int:
        return len(self.bar)


class FillLog:
    """Fills as they happen; `array` keeps plain numbers, so that a long log costs no garbage collection."""

    __slots__ = ("_bars", "_numbers", "_reasons", "_times_s")

    def __init__(self) -> None:
        self._bars, self._times_s, self._numbers = array("q"), array("q"), array("d")
        self._reasons: list[Reason] = []

    def add(self, bar: int, time_s: int, reason: Reason, fill: Fill) -> None:
        """Append a fill with the bar, the time and the reason that its caller knows."""
        self._bars.append(bar)
        self._times_s.append(time_s)
        self._reasons.append(reason)
        self._numbers.extend(fill)

    def columns(self) -> Fills:
        """All of it as columns."""
        rows = np.array(self._numbers).reshape(-1, len(Fill._fields))
        side, *numbers = np.ascontiguousarray(rows.T)
        bars, times_s = np.array(self._bars), np.array(self._times_s)
        return Fills(tuple(self._reasons), bars, times_s, side.astype(np.int8), *numbers)


@dataclass(frozen=True, eq=False)
class Trades:
    """(k,) entries and what closed them, as columns; only the last may be open.

    Prices, fees and pnl are in quote currency, the quantity in base currency. `pnl` is after the fees of
    both sides, `return_pct` is pnl in percent of what the entry cost with its fee; `bars_held` counts the
    closes at which the trade was held. An open trade has the reason `open`, NaN for exit price, pnl and
    return, and -1 for the exit's bar and time.
    """

    entry_bar: Ints
    exit_bar: Ints
    entry_time_s: Ints
    exit_time_s: Ints
    entry_price: Floats
    exit_price: Floats
    quantity: Floats
    fees: Floats
    pnl: Floats
    return_pct: Floats
    bars_held: Ints
    reason: tuple[Reason, ...]

    def __len__(self) -> int:
        return len(self.entry_bar)

    @property
    def closed(self) -> int:
        """Number of round trips, which come first."""
        return len(self) - (self.reason[-1:] == ("open",))


def make_trades(fills: Fills, bars: int) -> Trades:
    """Pair buys and sells of a simulation over `bars` bars."""
    is_open = len(fills) % 2
    nothing, never = np.full(is_open, np.nan), np.full(is_open, -1)
    exit_bar = np.append(fills.bar[1::2], never)
    value, pnl = fills.price * fills.quantity, np.append(fills.pnl[1::2], nothing)
    still_open: tuple[Reason, ...] = ("open",) if is_open else ()
    why = fills.reason[1::2] + still_open
    # held at the last close too, when it is sold there because the simulation ends
    to_the_end = np.array([reason in ("end", "open") for reason in why], dtype=np.bool_)
    with np.errstate(all="ignore"):  # a trade that cost nothing, of an account that has nothing left
        return_pct = 100 * pnl / (value + fills.fee)[::2]
    return Trades(
        entry_bar=fills.bar[::2],
        exit_bar=exit_bar,
        entry_time_s=fills.time_s[::2],
        exit_time_s=np.append(fills.time_s[1::2], never),
        entry_price=fills.price[::2],
        exit_price=np.append(fills.price[1::2], nothing),
        quantity=fills.quantity[::2],
        fees=fills.fee[::2] + np.append(fills.fee[1::2], np.zeros(is_open)),
        pnl=pnl,
        return_pct=return_pct,
        bars_held=np.where(to_the_end, bars, exit_bar) - fills.bar[::2],
        reason=why,
    )
