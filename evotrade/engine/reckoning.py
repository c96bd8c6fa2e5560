"""The facts of simulations, one at a time, by NumPy: `compiled/judge.py` does the same with loops."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evotrade.engine.breakeven import breakeven_fee
from evotrade.engine.execution import Execution
from evotrade.engine.facts import Facts, Ground, MarkFacts, TradeFacts
from evotrade.engine.fills import Floats, Trades
from evotrade.engine.simulation import Simulation
from evotrade.engine.sums import in_order


def facts_of(simulations: Sequence[Simulation], execution: Execution, ground: Ground, close: Floats) -> Facts:
    """The facts of at least one simulation on bars with those closes (n,)."""
    runs = [_facts_of_one(simulation, execution, ground, close) for simulation in simulations]
    sums, squares, marks, trades = (np.array(rows, np.float64) for rows in zip(*runs, strict=True))
    return Facts.of(ground, sums, squares, marks, trades)


def core_of(simulation: Simulation, ground: Ground) -> tuple[float, float, float, float]:
    """Entries, fees, final equity and deepest drawdown alone, as `facts_of` has them."""
    equity, fills = simulation.equity, simulation.fills
    final = float(equity[-1]) if ground.bars else ground.initial
    return (len(fills) + 1) // 2, in_order(fills.fee), final, _falls(equity, ground.initial)[0]


def _facts_of_one(
    simulation: Simulation, execution: Execution, ground: Ground, close: Floats
) -> tuple[list[float], list[float], MarkFacts[float], TradeFacts[float]]:
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
    return blocks.sum(returns), blocks.sum(squares), marks, trades


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


def _trade_facts(simulation: Simulation, execution: Execution, close: Floats) -> TradeFacts[float]:
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
