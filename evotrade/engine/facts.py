"""The numbers that all metrics of one run are made of, each summed in a fixed order.

They are written twice: here as NumPy for one run, in `compiled/judge.py` as loops for many. Both give the
same bits, and the formulas of `metrics.py` stand on either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evotrade import timeframes
from evotrade.engine.breakeven import breakeven_fee
from evotrade.engine.buy_hold import final_buy_and_hold
from evotrade.engine.execution import Execution
from evotrade.engine.fills import Floats, Ints, Trades
from evotrade.engine.simulation import Simulation
from evotrade.engine.slices import SliceSums, slice_borders
from evotrade.engine.sums import Blocks, in_order
from evotrade.market.candles import Candles

_YEAR_S = 365 * 86_400
_NOTHING = (
    4 * np.finfo(np.float64).eps
)  # of the mean square: less than that is what rounding left of no variance


class MarkFacts(NamedTuple):
    """Of the equity at every close: sums over bars, of per-bar returns unless their name says otherwise.

    A fall is a run of marks below the highest one before: `deepest` and `depths` (the sum over all falls)
    are fractions of that mark, `longest_fall` counts bars.
    """

    final: float
    cubes: float
    fourths: float
    gains: float
    losses: float
    squared_losses: float
    equity: float
    deepest: float
    longest_fall: float
    falls: float
    depths: float


class TradeFacts(NamedTuple):
    """Of the trades; returns are fractions of what the entry cost, pnl is in quote currency.

    Those of trades that are closed, but for `trades`, `held` (bars), `traded` (value of all fills), `fees`
    and the `breakeven` fee. `deviations` are squared distances of pnl from its mean.
    """

    trades: float
    closed: float
    winners: float
    losers: float
    profits: float
    losses: float
    pnl: float
    deviations: float
    returns: float
    log_returns: float
    best: float
    worst: float
    held: float
    held_closed: float
    win_streak: float
    loss_streak: float
    traded: float
    fees: float
    breakeven: float


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
    def buy_hold(self) -> float:
        """What buying once and holding would have made of the capital; NaN where nothing could be bought."""
        return final_buy_and_hold(self.candles, self.execution)

    @cached_property
    def blocks(self) -> Blocks:
        """The slices in blocks."""
        return Blocks(self.borders)


@dataclass(frozen=True, eq=False)
class Facts:
    """One run on its ground; `sums` and `squares` are of per-bar returns by slice."""

    ground: Ground
    sums: Sequence[float]
    squares: Sequence[float]
    marks: MarkFacts
    trades: TradeFacts

    @cached_property
    def mean(self) -> float:
        """Mean per-bar return."""
        return _total(self.sums) / self.ground.bars if self.ground.bars else math.nan

    @cached_property
    def mean_square(self) -> float:
        """Mean square of the per-bar returns."""
        return _total(self.squares) / self.ground.bars if self.ground.bars else math.nan

    @cached_property
    def variance(self) -> float:
        """Variance of the per-bar returns with divisor n; 0 when they do not differ."""
        variance = self.mean_square - self.mean * self.mean
        return 0.0 if variance <= _NOTHING * self.mean_square else variance

    @cached_property
    def deviation(self) -> float:
        """Standard deviation of the per-bar returns, ddof 1."""
        bars = self.ground.bars
        return math.sqrt(self.variance * (bars / (bars - 1))) if bars > 1 else math.nan

    @cached_property
    def cagr(self) -> float:
        """Growth a year as a factor − 1, over the time from the first bar's start to the last one's end."""
        growth = np.float64(self.marks.final / self.ground.initial)
        return float(growth ** (1 / self.ground.years)) - 1

    @cached_property
    def slices(self) -> SliceSums:
        """What the ledger keeps."""
        counts = tuple(int(count) for count in np.diff(self.ground.borders))
        return SliceSums(counts, tuple(self.sums), tuple(self.squares), *self._shape())

    def _shape(self) -> tuple[float, float]:
        """Skewness and kurtosis, from sums of powers: returns are far larger than their mean."""
        m2 = self.variance
        if not m2 * m2 > 0:  # nothing moves, or so little that the square underflows
            return math.nan, math.nan
        bars, mean, square = self.ground.bars, self.mean, self.mean_square
        cube, fourth = self.marks.cubes / bars, self.marks.fourths / bars
        m3 = cube - 3 * mean * square + 2 * mean**3
        m4 = fourth - 4 * mean * cube + 6 * mean * mean * square - 3 * mean**4
        return m3 / m2**1.5, m4 / m2**2


def facts_of(simulation: Simulation, execution: Execution, ground: Ground, close: Floats) -> Facts:
    """The facts of one simulation on bars with those closes (n,)."""
    blocks = ground.blocks
    returns, equity = _block_returns(simulation, ground, close)
    squares = returns * returns
    losses = np.minimum(returns, 0.0)
    deepest, longest, falls, depths = _falls(simulation.equity, ground.initial)
    marks = MarkFacts(
        final=float(simulation.equity[-1]) if ground.bars else ground.initial,
        cubes=_total(blocks.sum(squares * returns)),
        fourths=_total(blocks.sum(squares * squares)),
        gains=_total(blocks.sum(returns - losses)),
        losses=_total(blocks.sum(losses)),
        squared_losses=_total(blocks.sum(losses * losses)),
        equity=_total(blocks.add(equity)),
        deepest=deepest,
        longest_fall=longest,
        falls=falls,
        depths=depths,
    )
    trades = _trade_facts(simulation, execution, close)
    return Facts(ground, blocks.sum(returns), blocks.sum(squares), marks, trades)


def core_of(simulation: Simulation, ground: Ground) -> tuple[float, float, float, float]:
    """Entries, fees, final equity and deepest drawdown alone, as `facts_of` has them."""
    equity, fills = simulation.equity, simulation.fills
    final = float(equity[-1]) if ground.bars else ground.initial
    return (len(fills) + 1) // 2, in_order(fills.fee), final, _falls(equity, ground.initial)[0]


def _block_returns(simulation: Simulation, ground: Ground, close: Floats) -> tuple[Floats, Floats]:
    """(n,) per-bar returns, and (slices, blocks) sums of the equity.

    A block of bars in which nothing is filled is told by the market: its marks are cash and position times
    closes, and while all is invested its returns are the closes' own. So they are the same for all who hold.
    """
    blocks, fills = ground.blocks, simulation.fills
    before = np.searchsorted(fills.bar, blocks.starts)
    quiet = before == np.searchsorted(fills.bar, blocks.starts + blocks.widths)
    cash = np.append(ground.initial, fills.cash)[before]
    position = np.append(0.0, fills.position)[before]
    returns = per_bar_returns(simulation.equity, ground.initial)
    invested = np.repeat((quiet & (cash == 0) & (position > 0)).ravel(), blocks.widths.ravel())
    returns = np.where(invested, per_bar_returns(close, math.nan), returns)
    held = cash * blocks.widths + position * blocks.fold(close)
    return returns, np.where(quiet, held, blocks.fold(simulation.equity))


def per_bar_returns(equity: Floats, initial: float) -> Floats:
    """(n,) simple returns from mark to mark, the first from `initial`; NaN after a mark of 0."""
    with np.errstate(all="ignore"):  # fees can eat an account to the last bit
        return equity / np.concatenate(([initial], equity[:-1])) - 1


def _falls(equity: Floats, initial: float) -> tuple[float, float, float, float]:
    """Depth of the deepest fall, bars of the longest, their number, sum of their depths."""
    drawdown = 1 - equity / np.maximum.accumulate(np.maximum(equity, initial))
    under = np.concatenate(([False], drawdown > 0, [False]))
    edges = np.flatnonzero(under[1:] != under[:-1])
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0.0, 0.0, 0.0, 0.0
    # between two falls the drawdown is 0, so a stretch from start to start has the fall's own maximum
    depths = np.maximum.reduceat(drawdown, starts)
    return float(depths.max()), float((ends - starts).max()), float(len(starts)), in_order(depths)


def _trade_facts(simulation: Simulation, execution: Execution, close: Floats) -> TradeFacts:
    trades, fills = simulation.trades, simulation.fills
    closed = trades.closed
    pnl = trades.pnl[:closed]
    returns = trades.return_pct[:closed] / 100
    apart = pnl - in_order(pnl) / closed if closed else pnl
    return TradeFacts(
        trades=len(trades),
        closed=closed,
        winners=int(np.count_nonzero(pnl > 0)),
        losers=int(np.count_nonzero(pnl < 0)),
        profits=in_order(pnl[pnl > 0]),
        losses=in_order(pnl[pnl < 0]),
        pnl=in_order(pnl),
        deviations=in_order(apart * apart),
        returns=in_order(returns),
        log_returns=_total([_log1p(value) for value in returns.tolist()]),
        best=float(returns.max()) if closed else math.nan,
        worst=float(returns.min()) if closed else math.nan,
        held=int(trades.bars_held.sum()),
        held_closed=int(trades.bars_held[:closed].sum()),
        win_streak=_longest_run(pnl > 0),
        loss_streak=_longest_run(pnl < 0),
        traded=in_order(fills.price * fills.quantity),
        fees=in_order(fills.fee),
        breakeven=_breakeven(trades, execution, close),
    )


def _breakeven(trades: Trades, execution: Execution, close: Floats) -> float:
    marked = close[-1:] if len(trades) > trades.closed else close[:0]
    exits = np.append(trades.exit_price[: trades.closed], marked)
    ratios = exits / trades.entry_price
    return breakeven_fee(ratios, trades.closed, execution.size, execution.fee_on == "top")


def _log1p(value: float) -> float:
    return math.log1p(value) if value > -1 else -math.inf


def _longest_run(flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False]))))
    return float((edges[1::2] - edges[::2]).max(initial=0))


def _total(values: Sequence[float]) -> float:
    """0 + the first + the second + …; the built-in sum corrects rounding in later versions of Python."""
    total = 0.0
    for value in values:
        total += value
    return total
