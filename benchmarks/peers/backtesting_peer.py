"""The SMA crossing in backtesting.py 0.6.6, as a strategy of its own."""

from __future__ import annotations

import warnings
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import pandas as pd

from evotrade.market.candles import Candles

from .portfolio import INITIAL

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it and its plotting library warn on import
    from backtesting import Strategy
    from backtesting.lib import FractionalBacktest

_UNIT = 1e-12  # it trades whole units: of so small ones, their rounding vanishes


def run_sma(candles: Candles, fast: int, slow: int, fee_bps: float) -> tuple[int, float]:
    """Entries and final equity of buying where the fast mean is above the slow one, selling where below.

    Fills are at the next open; an open position is marked at the last close.
    """

    class Crossing(Strategy):
        def init(self) -> None:
            self.lead = self.I(_lead, self.data.Close, fast, slow)

        def next(self) -> None:
            if self.lead[-1] > 0:
                if not self.position:
                    self.buy()
            elif self.lead[-1] < 0 and self.position:
                self.position.close()

    frame = candles.frame.rename(columns=str.capitalize).tz_localize(None)
    with warnings.catch_warnings(), redirect_stderr(StringIO()):  # its progress bar
        warnings.simplefilter("ignore")  # about a position that is open at the end
        test = FractionalBacktest(
            frame,
            Crossing,
            cash=INITIAL,
            commission=fee_bps / 10_000,
            trade_on_close=False,
            finalize_trades=False,
            fractional_unit=_UNIT,
        )
        stats = test.run()
    still_open = len(stats["_strategy"].trades)
    return len(stats["_trades"]) + still_open, float(stats["Equity Final [$]"])


def _lead(values: Any, fast: int, slow: int) -> pd.Series:
    """The fast mean less the slow one; 0 before there is one, since it would skip the first such bar."""
    close = pd.Series(values)
    return (close.rolling(fast).mean() - close.rolling(slow).mean()).fillna(0)
