"""SMA 10/50 on the same candles by four engines: they must agree before their speeds are compared."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evotrade.engine.backtest import backtest
from evotrade.engine.columns import Columns
from evotrade.engine.execution import Execution
from evotrade.genome import parse
from evotrade.market.candles import Candles

from .portfolio import INITIAL

FAST, SLOW = 10, 50
GENOME = parse(
    f"IF AVG(DELTA, {FAST}) > AVG(DELTA, {SLOW}) THEN BUY;"
    f"IF AVG(DELTA, {FAST}) < AVG(DELTA, {SLOW}) THEN SELL"
)
Result = tuple[int, float]
"""Entries, and the equity at the last close, where an open position is marked without costs."""


def compare(candles: Candles, fee_bps: float) -> dict[str, Result]:
    """{engine: (trades, final equity)} of evotrade, numpy by hand, vectorbt and backtesting.py."""
    return {
        "evotrade": by_evotrade(candles, fee_bps),
        "numpy": by_numpy(candles, fee_bps),
        "vectorbt": by_vectorbt(candles, fee_bps),
        "backtesting.py": by_backtesting(candles, fee_bps),
    }


def by_evotrade(candles: Candles, fee_bps: float) -> Result:
    """evotrade's reference."""
    made = backtest(GENOME, Columns(candles), Execution(fee_bps=fee_bps, fill="next_open"))
    return int(made.metrics["trades"]), made.metrics["final_equity"]


def by_numpy(candles: Candles, fee_bps: float) -> Result:
    """By hand, bar by bar in the simplest words, so that it depends on nothing that it is to check."""
    fee, cash, units, trades = fee_bps / 10_000, INITIAL, 0.0, 0
    close = candles.close
    before = np.concatenate(([0.0], np.cumsum(close)))
    for bar in range(SLOW, len(candles)):
        fast = (before[bar] - before[bar - FAST]) / FAST
        slow = (before[bar] - before[bar - SLOW]) / SLOW
        price = candles.open[bar]
        if fast > slow and not units:
            units, cash, trades = cash / (price * (1 + fee)), 0.0, trades + 1
        elif fast < slow and units:
            cash, units = units * price * (1 - fee), 0.0
    return trades, float(cash + units * close[-1])


def by_vectorbt(candles: Candles, fee_bps: float) -> Result:
    """Its compiled rolling mean (16 times as fast as `vbt.MA`) and `Portfolio.from_signals`.

    The first call compiles.
    """
    import vectorbt as vbt

    close = pd.Series(candles.close, index=candles.timestamp.tz_localize(None))
    fast, slow = close.vbt.rolling_mean(FAST).to_numpy(), close.vbt.rolling_mean(SLOW).to_numpy()
    entries, exits = np.zeros(len(close), dtype=np.bool_), np.zeros(len(close), dtype=np.bool_)
    entries[1:], exits[1:] = (fast > slow)[:-1], (fast < slow)[:-1]
    portfolio = vbt.Portfolio.from_signals(
        close,
        entries,
        exits,
        price=candles.open,
        fees=fee_bps / 10_000,
        init_cash=INITIAL,
        min_size=0.0,
        freq=candles.timeframe,
        use_stops=False,
        fillna_close=False,
    )
    return int(portfolio.orders.buy.count()), float(portfolio.final_value())


def by_backtesting(candles: Candles, fee_bps: float) -> Result:
    """A strategy with one indicator."""
    from .backtesting_peer import run_sma

    return run_sma(candles, FAST, SLOW, fee_bps)
