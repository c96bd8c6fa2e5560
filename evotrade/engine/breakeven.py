"""The fee at which a run of trades would have earned nothing."""

from __future__ import annotations

import math

import numpy as np

from evotrade.engine.execution import Execution
from evotrade.engine.fills import Trades
from evotrade.market.candles import Candles

_HALVINGS = 50  # from a bracket of 2 to less than 1e-11 basis points


def breakeven_fee(trades: Trades, execution: Execution, candles: Candles) -> float:
    """The fee a side, as a fraction, that makes the net profit of these entries and exits exactly 0.

    Prices and times of the fills stay as they are, and every entry invests the same share of the equity.
    With ρ = exit / entry price, a trade of share s multiplies the equity by 1 + s·(ρ·c − 1), where costs
    leave c = (1 − f)/(1 + f) (fee on top) or (1 − f)² (fee on notional); an open trade is marked at the
    last close and pays one side. The product of all is 1 at the break-even fee, found by bisection, since
    it falls with f. NaN without trades, and where no fee between −100 % and 100 % does it. Rounding to
    lots and ticks is not repeated.
    """
    if not len(trades):
        return math.nan
    closed, opened, share = trades.closed, len(trades) - trades.closed, execution.size
    exit_price = np.append(trades.exit_price[:closed], [candles.close[-1]] * opened)
    ratios = exit_price / trades.entry_price
    # invested whole, the logs of all trades add up once for every fee
    log_ratios = float(np.log(ratios).sum())

    def log_growth(fee: float) -> float:
        once = 1 / (1 + fee) if execution.fee_on == "top" else 1 - fee
        twice = once * (1 - fee)
        if share == 1:
            return log_ratios + closed * math.log(twice) + opened * math.log(once)
        kept = np.repeat([twice, once], [closed, opened])
        return float(np.log1p(share * (ratios * kept - 1)).sum())

    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if log_growth(middle) > 0 else (low, middle)
    return math.nan if low == -1 or high == 1 else (low + high) / 2
