"""What several metrics of one simulation share, each computed once."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from evotrade import timeframes
from evotrade.engine.execution import Execution
from evotrade.engine.fills import Floats, Ints
from evotrade.engine.simulation import Simulation
from evotrade.market.candles import Candles

_YEAR_S = 365 * 86_400


def per_bar_returns(equity: Floats, initial: float) -> Floats:
    """(n,) simple returns from mark to mark, the first from `initial`; NaN after a mark of 0."""
    with np.errstate(all="ignore"):  # fees can eat an account to the last bit
        return equity / np.concatenate(([initial], equity[:-1])) - 1


class Facts:
    """A simulation with its returns, drawdowns and closed trades.

    `pnl` and `trade_returns` are of closed trades, in quote currency and as fractions.
    """

    def __init__(self, simulation: Simulation, candles: Candles, execution: Execution) -> None:
        self.simulation, self.candles, self.execution = simulation, candles, execution
        self.bars = len(candles)
        self.bars_per_year = timeframes.bars_per_year(candles.timeframe)
        self.initial = execution.initial
        self.final = float(simulation.equity[-1]) if self.bars else execution.initial
        trades = simulation.trades
        self.trades, self.closed = trades, trades.closed
        self.pnl = trades.pnl[: self.closed]
        self.trade_returns = trades.return_pct[: self.closed] / 100

    @cached_property
    def returns(self) -> Floats:
        """(n,) per-bar simple returns."""
        return per_bar_returns(self.simulation.equity, self.initial)

    @cached_property
    def losses(self) -> Floats:
        """(n,) the negative per-bar returns, 0 for the others."""
        return np.minimum(self.returns, 0)

    @cached_property
    def mean(self) -> float:
        """Mean per-bar return."""
        return float(self.returns.mean()) if self.bars else math.nan

    @cached_property
    def deviation(self) -> float:
        """Standard deviation of the per-bar returns, ddof 1."""
        return float(self.returns.std(ddof=1)) if self.bars > 1 else math.nan

    @cached_property
    def drawdown(self) -> Floats:
        """(n,) share lost since the highest mark or `initial`, at least 0."""
        equity = self.simulation.equity
        return 1 - equity / np.maximum.accumulate(np.maximum(equity, self.initial))

    @cached_property
    def falls(self) -> tuple[Ints, Ints]:
        """Drawdowns, an unrecovered one too, as first bars under the peak and the bars after their last."""
        under = np.concatenate(([False], self.drawdown > 0, [False]))
        edges = np.flatnonzero(under[1:] != under[:-1])
        return edges[::2], edges[1::2]

    @cached_property
    def cagr(self) -> float:
        """Growth a year as a factor − 1, over the time from the first bar's start to the last one's end."""
        if not self.bars:
            return math.nan
        years = (self.candles.end_s[-1] - self.candles.time_s[0]) / _YEAR_S
        return float(np.float64(self.final / self.initial) ** (1 / years)) - 1

    @cached_property
    def traded(self) -> float:
        """Value of all fills in quote currency."""
        fills = self.simulation.fills
        return float((fills.price * fills.quantity).sum())
