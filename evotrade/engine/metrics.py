"""Metrics: what simulations were worth, each with its unit and the source of its formula.

All are on the equity marked at every close. A metric without a value (no trades to average, nothing to
divide by) is NaN, never 0. A year has 365 days; the risk-free rate is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evotrade.engine.facts import Facts
from evotrade.engine.fills import Floats

Formula = Callable[[Facts], Floats | float]
"""(runs,) values of some facts; one float where all runs share it."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its unit, the formula with its source, and the function that computes it."""

    name: str
    unit: str
    doc: str
    compute: Formula


_TABLE: dict[str, Metric] = {}
METRICS: Mapping[str, Metric] = _TABLE
"""All metrics by name, in the order in which they are shown."""


def measure(facts: Facts) -> list[dict[str, float]]:
    """Every metric of `METRICS`, by name, for each run."""
    values = np.empty((len(METRICS), len(facts)))
    with np.errstate(all="ignore"):  # a value that overflows is no value
        for row, metric in zip(values, METRICS.values(), strict=True):
            row[:] = metric.compute(facts)
    values[~np.isfinite(values)] = math.nan
    return [dict(zip(METRICS, run, strict=True)) for run in values.T.tolist()]


def _metric(unit: str) -> Callable[[Formula], Formula]:
    """Enter a function into the table; its docstring is the documentation."""

    def enter(compute: Formula) -> Formula:
        name = compute.__name__.removeprefix("_")
        _TABLE[name] = Metric(name, unit, compute.__doc__ or "", compute)
        return compute

    return enter


def _ratio(above: Floats, below: Floats | float) -> Floats:
    """NaN where there is nothing to divide by."""
    return above / np.where(np.equal(below, 0), math.nan, below)


@_metric("quote currency")
def _net_profit(facts: Facts) -> Floats:
    """Final equity − initial capital."""
    return facts.marks.final - facts.ground.initial


@_metric("%")
def _return_pct(facts: Facts) -> Floats:
    """Final equity / initial capital − 1."""
    return 100 * (facts.marks.final / facts.ground.initial - 1)


@_metric("% a year")
def _cagr_pct(facts: Facts) -> Floats:
    """Compound annual growth: (final / initial)^(1 / years) − 1, by the calendar."""
    return 100 * facts.cagr


@_metric("%")
def _buy_hold_return_pct(facts: Facts) -> float:
    """Return of buying at the first possible fill, at the same costs and size, marked at the last close."""
    return 100 * (facts.ground.buy_hold / facts.ground.initial - 1)


@_metric("%")
def _exposure_pct(facts: Facts) -> Floats:
    """Share of closes at which a position is held, the last one too when it is sold there."""
    return 100 * _ratio(facts.trades.held, facts.ground.bars)


@_metric("% a year")
def _volatility_pct(facts: Facts) -> Floats:
    """Standard deviation of per-bar returns (ddof 1) · √(bars per year)."""
    return 100 * facts.deviation * math.sqrt(facts.ground.bars_per_year)


@_metric("per √year")
def _sharpe(facts: Facts) -> Floats:
    """Mean / standard deviation (ddof 1) of per-bar returns · √(bars per year) (Sharpe 1994)."""
    return _ratio(facts.mean, facts.deviation) * math.sqrt(facts.ground.bars_per_year)


@_metric("per √year")
def _sortino(facts: Facts) -> Floats:
    """Mean / root mean square of losses over all bars · √(bars per year) (Sortino and Price 1994)."""
    downside = np.sqrt(_ratio(facts.marks.squared_losses, facts.ground.bars))
    return _ratio(facts.mean, downside) * math.sqrt(facts.ground.bars_per_year)


@_metric("per year")
def _calmar(facts: Facts) -> Floats:
    """Compound annual growth / maximum drawdown (Young 1991)."""
    return _ratio(facts.cagr, facts.marks.deepest)


@_metric("")
def _omega(facts: Facts) -> Floats:
    """Sum of positive / sum of negative per-bar returns: threshold 0 (Keating and Shadwick 2002)."""
    return _ratio(facts.marks.gains, -facts.marks.losses)


@_metric("%")
def _max_drawdown_pct(facts: Facts) -> Floats:
    """Largest fall of a mark below the highest mark before it, or below the initial capital."""
    return np.where(facts.ground.bars, 100 * facts.marks.deepest, math.nan)


@_metric("bars")
def _max_drawdown_bars(facts: Facts) -> Floats:
    """Longest run of marks below the highest one before, recovered or not."""
    return np.where(facts.ground.bars, facts.marks.longest_fall, math.nan)


@_metric("%")
def _avg_drawdown_pct(facts: Facts) -> Floats:
    """Mean depth of all drawdowns, the unrecovered one too; each from its peak to its lowest mark."""
    return 100 * _ratio(facts.marks.depths, facts.marks.falls)


@_metric("count")
def _trades(facts: Facts) -> Floats:
    """Entries filled, an open one included."""
    return facts.trades.trades


@_metric("count")
def _closed_trades(facts: Facts) -> Floats:
    """Round trips."""
    return facts.trades.closed


@_metric("%")
def _win_rate_pct(facts: Facts) -> Floats:
    """Share of closed trades with a profit after fees."""
    return 100 * _ratio(facts.trades.winners, facts.trades.closed)


@_metric("")
def _profit_factor(facts: Facts) -> Floats:
    """Sum of profits / sum of losses of closed trades, in quote currency."""
    return _ratio(facts.trades.profits, -facts.trades.losses)


@_metric("%")
def _expectancy_pct(facts: Facts) -> Floats:
    """Arithmetic mean of the returns of closed trades."""
    return 100 * _ratio(facts.trades.returns, facts.trades.closed)


@_metric("%")
def _avg_trade_pct(facts: Facts) -> Floats:
    """Geometric mean of the returns of closed trades (as backtesting.py's "Avg. Trade")."""
    means = _ratio(facts.trades.log_returns, facts.trades.closed)
    return 100 * np.array([math.expm1(mean) for mean in means])  # one by one: see `Facts`


@_metric("%")
def _best_trade_pct(facts: Facts) -> Floats:
    """Highest return of a closed trade."""
    return 100 * facts.trades.best


@_metric("%")
def _worst_trade_pct(facts: Facts) -> Floats:
    """Lowest return of a closed trade."""
    return 100 * facts.trades.worst


@_metric("bars")
def _avg_holding_bars(facts: Facts) -> Floats:
    """Mean number of closes at which a closed trade was held."""
    return _ratio(facts.trades.held_closed, facts.trades.closed)


@_metric("count")
def _max_win_streak(facts: Facts) -> Floats:
    """Most closed trades in a row with a profit."""
    return np.where(facts.trades.closed > 0, facts.trades.win_streak, math.nan)


@_metric("count")
def _max_loss_streak(facts: Facts) -> Floats:
    """Most closed trades in a row with a loss."""
    return np.where(facts.trades.closed > 0, facts.trades.loss_streak, math.nan)


@_metric("")
def _sqn(facts: Facts) -> Floats:
    """System quality number: √trades · mean / standard deviation (ddof 1) of their pnl (Tharp 2008)."""
    trades = facts.trades
    deviation = np.sqrt(trades.deviations / (trades.closed - 1))
    values = np.sqrt(trades.closed) * _ratio(trades.pnl / trades.closed, deviation)
    return np.where(trades.closed < 2, math.nan, values)


@_metric("share of equity")
def _kelly(facts: Facts) -> Floats:
    """W − (1 − W) / R for win rate W and R = mean win / mean loss in quote currency (Kelly 1956)."""
    trades = facts.trades
    win_rate = trades.winners / trades.closed
    gain_to_loss = _ratio(trades.profits / trades.winners, -trades.losses / trades.losers)
    values = win_rate - _ratio(1 - win_rate, gain_to_loss)
    return np.where((trades.winners > 0) & (trades.losers > 0), values, math.nan)


@_metric("times the equity")
def _turnover(facts: Facts) -> Floats:
    """Value of all fills / mean equity over the whole span."""
    return _ratio(facts.trades.traded, facts.marks.equity / max(1, facts.ground.bars))


@_metric("quote currency")
def _fees_paid(facts: Facts) -> Floats:
    """Sum of all fees; slippage and spread are in the prices."""
    return facts.trades.fees


@_metric("bps a side")
def _breakeven_bps(facts: Facts) -> Floats:
    """The `fee_bps` at which the same fills end with net profit 0; below 0 where only a rebate could."""
    return 1e4 * facts.trades.breakeven


@_metric("quote currency")
def _final_equity(facts: Facts) -> Floats:
    """Equity at the last close, an open position marked without costs."""
    return facts.marks.final
