"""The numbers that all metrics of a run are made of, for any number of runs on the same bars and terms.

They come from two places: NumPy's `reckoning.py`, one run at a time, and the loops of `compiled/judge.py`,
many at once. Both give the same bits, and the formulas of `metrics.py` stand on either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from evotrade import timeframes
from evotrade.engine.buy_hold import final_buy_and_hold
from evotrade.engine.execution import Execution
from evotrade.engine.fills import Floats, Ints
from evotrade.engine.slices import SliceSums, slice_borders
from evotrade.engine.sums import Blocks
from evotrade.market.candles import Candles

Number = TypeVar("Number")
"""A float, or (runs,) floats."""

_YEAR_S = 365 * 86_400
_NOTHING = (
    4 * np.finfo(np.float64).eps
)  # of the mean square: less than that is what rounding left of no variance


class MarkFacts(NamedTuple, Generic[Number]):
    """Of the equity at every close: sums over bars, of per-bar returns unless their name says otherwise.

    A fall is a run of marks below the highest one before: `deepest` and `depths` (the sum over all falls)
    are fractions of that mark, `longest_fall` counts bars.
    """

    final: Number
    cubes: Number
    fourths: Number
    gains: Number
    losses: Number
    squared_losses: Number
    equity: Number
    deepest: Number
    longest_fall: Number
    falls: Number
    depths: Number


class TradeFacts(NamedTuple, Generic[Number]):
    """Of the trades; returns are fractions of what the entry cost, pnl is in quote currency.

    Those of trades that are closed, but for `trades`, `held` (bars), `traded` (value of all fills), `fees`
    and the `breakeven` fee. `deviations` are squared distances of pnl from its mean.
    """

    trades: Number
    closed: Number
    winners: Number
    losers: Number
    profits: Number
    losses: Number
    pnl: Number
    deviations: Number
    returns: Number
    log_returns: Number
    best: Number
    worst: Number
    held: Number
    held_closed: Number
    win_streak: Number
    loss_streak: Number
    traded: Number
    fees: Number
    breakeven: Number


@dataclass(frozen=True, eq=False)
class Ground:
    """What all runs on the same bars and terms share, each computed when it is first asked for.

    Their slices divide `[start_s, end_s)`, Unix seconds.
    """

    candles: Candles
    execution: Execution
    start_s: int
    end_s: int

    @property
    def bars(self) -> int:
        """Number of bars."""
        return len(self.candles)

    @property
    def initial(self) -> float:
        """The capital, quote currency."""
        return self.execution.initial

    @cached_property
    def bars_per_year(self) -> float:
        """Bars in a year."""
        return timeframes.bars_per_year(self.candles.timeframe)

    @cached_property
    def years(self) -> float:
        """From the first bar's start to the last one's end; NaN without bars."""
        if not self.bars:
            return math.nan
        return (self.candles.stop_s - int(self.candles.time_s[0])) / _YEAR_S

    @cached_property
    def borders(self) -> Ints:
        """The first bars of the slices that divide `[start_s, end_s)`, and the number of bars."""
        return slice_borders(self.candles.time_s, self.start_s, self.end_s)

    @cached_property
    def slice_bars(self) -> tuple[int, ...]:
        """How many bars each slice has."""
        return tuple(np.diff(self.borders).tolist())

    @cached_property
    def buy_hold(self) -> float:
        """What buying once and holding would have made of the capital; NaN where nothing could be bought."""
        return final_buy_and_hold(self.candles, self.execution)

    @cached_property
    def blocks(self) -> Blocks:
        """The slices in blocks."""
        return Blocks(self.borders)


@dataclass(frozen=True, eq=False)
class Facts:
    """Runs on one ground; `sums` and `squares` (runs, slices) are of per-bar returns, all others (runs,).

    What is computed of them is so run by run, whatever their number: only operations that round the same in
    an array of any length.
    """

    ground: Ground
    sums: Floats
    squares: Floats
    marks: MarkFacts[Floats]
    trades: TradeFacts[Floats]

    @classmethod
    def of(cls, ground: Ground, sums: Floats, squares: Floats, marks: Floats, trades: Floats) -> Facts:
        """Facts whose marks and trades are rows, one a run."""
        of_marks, of_trades = MarkFacts(*marks.T.copy()), TradeFacts(*trades.T.copy())
        return cls(ground, sums, squares, of_marks, of_trades)

    def __len__(self) -> int:
        return len(self.sums)

    @cached_property
    def mean(self) -> Floats:
        """Mean per-bar return."""
        return _mean(self.sums, self.ground.bars)

    @cached_property
    def mean_square(self) -> Floats:
        """Mean square of the per-bar returns."""
        return _mean(self.squares, self.ground.bars)

    @cached_property
    def variance(self) -> Floats:
        """Variance of the per-bar returns with divisor n; 0 when they do not differ."""
        variance = self.mean_square - self.mean * self.mean
        return np.where(variance <= _NOTHING * self.mean_square, 0.0, variance)

    @cached_property
    def deviation(self) -> Floats:
        """Standard deviation of the per-bar returns, ddof 1."""
        bars = self.ground.bars
        return np.sqrt(self.variance * (bars / (bars - 1) if bars > 1 else math.nan))

    @cached_property
    def cagr(self) -> Floats:
        """Growth a year as a factor − 1, over the time from the first bar's start to the last one's end."""
        growth, exponent = self.marks.final / self.ground.initial, 1 / self.ground.years
        return np.array([factor**exponent for factor in growth]) - 1  # one by one: see the class

    @property
    def slices(self) -> list[SliceSums]:
        """What the ledger keeps, of each run."""
        with np.errstate(all="ignore"):
            skew, kurtosis = self._shape()
        rows = zip(self.sums.tolist(), self.squares.tolist(), skew.tolist(), kurtosis.tolist(), strict=True)
        return [SliceSums(self.ground.slice_bars, tuple(row[0]), tuple(row[1]), *row[2:]) for row in rows]

    def _shape(self) -> tuple[Floats, Floats]:
        """Skewness and kurtosis, from sums of powers: returns are far larger than their mean."""
        m2, mean, square, bars = self.variance, self.mean, self.mean_square, self.ground.bars or math.nan
        cube, fourth = self.marks.cubes / bars, self.marks.fourths / bars
        m3 = cube - 3 * mean * square + 2 * mean * mean * mean
        m4 = fourth - 4 * mean * cube + 6 * mean * mean * square - 3 * mean * mean * mean * mean
        moves = m2 * m2 > 0  # or else so little that the square underflows
        return np.where(moves, m3 / (m2 * np.sqrt(m2)), math.nan), np.where(moves, m4 / (m2 * m2), math.nan)


def _mean(sums: Floats, bars: int) -> Floats:
    """(runs,) the slices of each run added in order, a bar."""
    total = np.zeros(len(sums))
    for column in sums.T:
        total = total + column
    return total / (bars or math.nan)
