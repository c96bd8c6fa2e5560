"""Long or flat at the next open in plain numpy, without a loop over bars or trades; and what came of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evotrade import timeframes
from evotrade.market.candles import Candles

from .signals import Decisions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

INITIAL = 1000.0
_YEAR_S = 365 * 86_400


@dataclass(frozen=True)
class Portfolio:
    """Buys and sells in turn, the last position maybe open: money in quote currency.

    `bought` and `sold` are bars, `factors` what a closed trade makes of 1, `cash` what there is before
    each buy and after the last sale, `paid` and `received` are values without fees; `equity` is marked at
    each close.
    """

    bought: Ints
    sold: Ints
    factors: Floats
    cash: Floats
    paid: Floats
    received: Floats
    equity: Floats


def fill_bars(decisions: Decisions) -> Ints:
    """(m,) bars at whose open a decision of the bar before fills: buy, sell, buy, sell."""
    decided = np.flatnonzero(decisions[:-1])
    turns = np.diff(decisions[decided], prepend=np.int8(-1)) != 0
    return decided[turns] + 1


def trade(decisions: Decisions, candles: Candles, fee_bps: float) -> Portfolio:
    """All cash in and all out, the fee on top: quantity = cash / (price * (1 + fee))."""
    fee = fee_bps / 10_000
    fills = fill_bars(decisions)
    bought, sold = fills[::2], fills[1::2]
    price = candles.open[fills]
    entry, leave = price[::2], price[1::2]
    closed = len(sold)
    factors = leave * (1 - fee) / (entry[:closed] * (1 + fee))
    cash = INITIAL * np.cumprod(np.append(1.0, factors))
    quantity = cash[: len(bought)] / (entry * (1 + fee))
    spans = np.diff(fills, prepend=0, append=len(candles))
    # flat, long, flat, long: what is held between two fills
    holding, waiting = np.zeros(len(fills) + 1), np.zeros(len(fills) + 1)
    holding[1::2], waiting[::2] = quantity, cash[: len(waiting[::2])]
    equity = np.repeat(holding, spans)
    equity *= candles.close
    equity += np.repeat(waiting, spans)
    paid, received = quantity * entry, quantity[:closed] * leave
    return Portfolio(bought, sold, factors, cash, paid, received, equity)


def summary(portfolio: Portfolio, fee_bps: float) -> dict[str, float]:
    """Entries, fees, final equity and deepest drawdown."""
    return _basics(portfolio, fee_bps, drawdowns(portfolio.equity))


def _basics(portfolio: Portfolio, fee_bps: float, fallen: Floats) -> dict[str, float]:
    return {
        "trades": len(portfolio.bought),
        "fees_paid": float(portfolio.paid.sum() + portfolio.received.sum()) * fee_bps / 10_000,
        "final_equity": float(portfolio.equity[-1]),
        "max_drawdown_pct": 100 * float(fallen.max()),
    }


def drawdowns(equity: Floats) -> Floats:
    """(n,) share lost since the highest mark. The first mark is the initial capital: nothing fills before."""
    fallen = equity / np.maximum.accumulate(equity)
    return np.subtract(1, fallen, out=fallen)


def full_summary(portfolio: Portfolio, candles: Candles, fee_bps: float) -> dict[str, float]:
    """`summary` and the further metrics of `evotrade.engine.metrics`, by its formulas."""
    with np.errstate(all="ignore"):
        fallen = drawdowns(portfolio.equity)
        values = _basics(portfolio, fee_bps, fallen) | _of_returns(portfolio, candles, fallen)
        values |= _of_trades(portfolio)
    return {name: float(value) if np.isfinite(value) else math.nan for name, value in values.items()}


def _of_returns(portfolio: Portfolio, candles: Candles, fallen: Floats) -> dict[str, float]:
    equity, bars = portfolio.equity, len(portfolio.equity)
    returns = np.empty(bars)
    returns[0] = equity[0] / INITIAL - 1
    np.divide(equity[1:], equity[:-1], out=returns[1:])
    returns[1:] -= 1
    losses = np.minimum(returns, 0)
    lost = -losses.sum()
    mean, deviation = returns.mean(), returns.std(ddof=1)
    root = math.sqrt(timeframes.bars_per_year(candles.timeframe))
    years = (candles.end_s[-1] - candles.time_s[0]) / _YEAR_S
    under = np.concatenate(([False], fallen > 0, [False]))
    edges = np.flatnonzero(under[1:] != under[:-1])
    starts, ends = edges[::2], edges[1::2]
    held = np.append(portfolio.sold, bars)[: len(portfolio.bought)] - portfolio.bought
    return {
        "return_pct": 100 * (equity[-1] / INITIAL - 1),
        "cagr_pct": 100 * ((equity[-1] / INITIAL) ** (1 / years) - 1),
        "calmar": ((equity[-1] / INITIAL) ** (1 / years) - 1) / fallen.max(),
        "volatility_pct": 100 * deviation * root,
        "sharpe": mean / deviation * root,
        "sortino": mean / np.sqrt(np.square(losses).sum() / bars) * root,
        "omega": (returns.sum() + lost) / lost,
        "exposure_pct": 100 * held.sum() / bars,
        "max_drawdown_bars": (ends - starts).max(initial=0),
        "avg_drawdown_pct": 100 * np.maximum.reduceat(fallen, starts).mean() if len(starts) else math.nan,
        "turnover": (portfolio.paid.sum() + portfolio.received.sum()) / equity.mean(),
    }


def _of_trades(portfolio: Portfolio) -> dict[str, float]:
    closed = len(portfolio.sold)
    returns = portfolio.factors - 1
    profit = portfolio.cash[:closed] * returns
    won, lost = profit > 0, profit < 0
    gains, losses = profit[won], profit[lost]
    if not closed:
        return {"closed_trades": 0}
    win_rate = len(gains) / closed
    return {
        "closed_trades": closed,
        "win_rate_pct": 100 * win_rate,
        "profit_factor": gains.sum() / -losses.sum(),
        "expectancy_pct": 100 * returns.mean(),
        "avg_trade_pct": 100 * np.expm1(np.log(portfolio.factors).mean()),
        "best_trade_pct": 100 * returns.max(),
        "worst_trade_pct": 100 * returns.min(),
        "avg_holding_bars": (portfolio.sold - portfolio.bought[:closed]).mean(),
        "max_win_streak": _longest_run(won),
        "max_loss_streak": _longest_run(lost),
        "sqn": math.sqrt(closed) * profit.mean() / profit.std(ddof=1) if closed > 1 else math.nan,
        "kelly": win_rate - (1 - win_rate) / (gains.sum() / len(gains) / (-losses.sum() / len(losses)))
        if len(gains) and len(losses)
        else math.nan,
    }


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
