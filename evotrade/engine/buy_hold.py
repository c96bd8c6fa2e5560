"""Buy and hold: what the capital would have become without a strategy."""

from __future__ import annotations

import math

import numpy as np

from evotrade.engine.execution import Execution
from evotrade.engine.fills import Account, Floats
from evotrade.market.candles import Candles


def buy_and_hold(candles: Candles, execution: Execution) -> Floats:
    """(n,) equity in quote currency at each close, had the capital bought once, at the first possible fill.

    Costs and size are those of `execution`; NaN throughout where nothing could be bought.
    """
    first, account = _entry(candles, execution)
    if account is None:
        return np.full(len(candles), np.nan)
    equity = account.cash + account.position * candles.close
    equity[:first] = execution.initial
    return equity


def final_buy_and_hold(candles: Candles, execution: Execution) -> float:
    """The last of `buy_and_hold`, quote currency; NaN where there is none."""
    _, account = _entry(candles, execution)
    return math.nan if account is None else account.cash + account.position * candles.close.item(-1)


def _entry(candles: Candles, execution: Execution) -> tuple[int, Account | None]:
    """The bar of the purchase, and the account after it; None where nothing could be bought."""
    first, price = (1, candles.open) if execution.fill == "next_open" else (0, candles.close)
    account = Account(execution)
    could = len(candles) > first and account.buy(float(price[first])) is not None
    return first, account if could else None
