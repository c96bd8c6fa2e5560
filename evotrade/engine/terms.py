"""What a compiled simulation needs of candles and terms, as plain arrays and numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evotrade.engine.execution import Execution
from evotrade.engine.fills import Floats, Ints, fee_rate, price_factors
from evotrade.engine.limits import in_trading_hours, protection_factors
from evotrade.market.candles import Candles


class Market(NamedTuple):
    """(n,) arrays: the price and the Unix second of a fill in each bar, its start, its prices, and where an
    entry is allowed (empty: everywhere)."""

    price: Floats
    fill_s: Ints
    start_s: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    allowed: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, candles: Candles, execution: Execution) -> Market:
        """The market as `execution` trades on it."""
        at_open = execution.fill == "next_open"
        fill_s = candles.time_s if at_open else candles.end_s
        fill_s.flags.writeable = False  # as all columns are: kernels are compiled for such arrays
        hours = execution.limits.trading_hours
        return cls(
            price=candles.open if at_open else candles.close,
            fill_s=fill_s,
            start_s=candles.time_s,
            open=candles.open,
            high=candles.high,
            low=candles.low,
            close=candles.close,
            allowed=np.empty(0, np.bool_) if hours is None else in_trading_hours(fill_s, hours),
        )


class Terms(NamedTuple):
    """An `Execution` without an instrument.

    `plain` says that nothing but decisions makes trades. `delay` is 1 for a fill at the next open. Stops and
    target are factors as `limits.protection_factors` gives them, `least_of_peak` and `least_of_day` those to
    which an equity must not fall (below 0: to which none does).
    """

    initial: float
    size: float
    fee_rate: float
    on_top: bool
    buy_factor: float
    sell_factor: float
    plain: bool
    delay: int
    close_at_end: bool
    acts_in_bar: bool
    stop: float
    trail: float
    target: float
    max_a_day: int
    cool_down: int
    acts_at_close: bool
    least_of_peak: float
    least_of_day: float

    @classmethod
    def of(cls, execution: Execution) -> Terms:
        """The terms of `execution`."""
        limits = execution.limits
        return cls(
            execution.initial,
            execution.size,
            fee_rate(execution),
            execution.fee_on == "top",
            *price_factors(execution),
            not (limits.acts_in_bar or limits.forbids_entries),
            int(execution.fill == "next_open"),
            execution.close_at_end,
            limits.acts_in_bar,
            *protection_factors(limits),
            limits.max_trades_per_day or 0,
            limits.cool_down_bars,
            limits.acts_at_close,
            _least(limits.max_drawdown_pct),
            _least(limits.max_daily_loss_pct),
        )


def _least(loss_pct: float | None) -> float:
    return 1 - loss_pct / 100 if loss_pct else -1.0
