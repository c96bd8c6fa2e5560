"""Buy and hold: what the capital would have become without a strategy."""

from __future__ import annotations

import numpy as np

from evotrade.engine.execution import Execution
from evotrade.engine.fills import Account, Floats
from evotrade.market.candles import Candles


def buy_and_hold(candles: Candles, execution: Execution) -> Floats:
    """(n,) equity in quote currency at each close, had the capital bought once, at the first possible fill.

    Costs and size are those of `execution`; NaN throughout where nothing could be bought.
    """
    first, price = (1, candles.open) if execution.fill == "next_open" else (0, candles.close)
    account = Account(execution)
    if len(candles) <= first or account.buy(float(price[first])) is None:
        return np.full(len(candles), np.nan)
    equity = account.cash + account.position * candles.close
    equity[:first] = execution.initial
    return equity
