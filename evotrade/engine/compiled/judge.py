"""What `facts.py` says about a simulation, for many genomes, as loops that give the same bits."""

from __future__ import annotations

import math

import numpy as np

from evotrade.engine import breakeven
from evotrade.engine.compiled.elements import higher, lower
from evotrade.engine.compiled.falls import (
    DEEPEST,
    DEPTHS,
    EXTREMES,
    PEAK,
    STATE,
    UNDER,
    follow,
    follow_marks,
    hold,
    recover,
)
from evotrade.engine.compiled.jit import kernel
from evotrade.engine.compiled.trade import BAR, CASH, FEE, PNL, POSITION, PRICE, QUANTITY, first_strike, trade
from evotrade.engine.sums import BLOCK_BARS

_breakeven_fee = kernel(breakeven.breakeven_fee)

_RETURNS, _SQUARES, _CUBES, _FOURTHS, _GAINS, _LOSSES, _SQUARED_LOSSES, _MARKS, _SUMS = range(9)
"""What is summed over bars; from cubes on in the order of `MarkFacts`."""


@kernel
def judge(decisions, first, market, terms, borders, turns, fills, sums, squares, marks, trades):
    """Simulate each row of `decisions` (genomes, …) on the market's bars, from column `first` on.

    `borders` (k + 1,) divide the bars into slices, whose sums of returns and of their squares go to `sums`
    and `squares` (genomes, k); `marks` and `trades` get rows of `MarkFacts` and `TradeFacts`. `turns` and
    `fills` are room for those of one genome.
    """
    bars = market.close.size
    blocks = _read_market(market.close, borders)
    ratios = np.empty(len(fills) // 2 + 1)
    for genome in range(len(decisions)):
        chosen = decisions[genome, first : first + bars]
        count, ended = _trade_until_struck(chosen, market, terms, turns, fills)
        _judge_marks(
            fills[:count],
            market.close,
            blocks,
            terms.initial,
            borders,
            sums[genome],
            squares[genome],
            marks[genome],
        )
        _judge_trades(fills[:count], ended, market.close, terms, ratios, trades[genome])


@kernel
def _trade_until_struck(decisions, market, terms, turns, fills):
    """Trade, and once more up to the close at which a limit ended it: what came before stands as it is."""
    count, ended = trade(decisions, market, terms, market.close.size, False, turns, fills)
    if terms.acts_at_close:
        strike = first_strike(fills, count, market, terms)
        if strike >= 0:
            count, ended = trade(decisions, market, terms, strike + 1, True, turns, fills)
    return count, ended


@kernel
def screen(decisions, first, market, terms, turns, fills, out):
    """Write entries, fees, final equity and deepest drawdown of each row, as `judge` has them."""
    bars, equity, falls = market.close.size, np.empty(BLOCK_BARS), np.empty(STATE)
    extremes = np.full(((bars + BLOCK_BARS - 1) // BLOCK_BARS, EXTREMES), math.nan)
    for genome in range(len(decisions)):
        chosen = decisions[genome, first : first + bars]
        count, _ = _trade_until_struck(chosen, market, terms, turns, fills)
        fees = 0.0
        for number in range(count):
            fees += fills[number, FEE]
        falls[:] = 0.0
        falls[PEAK] = terms.initial
        final = follow_marks(falls, fills[:count], market.close, extremes, terms.initial, equity)
        out[genome, 0], out[genome, 1] = (count + 1) // 2, fees
        out[genome, 2], out[genome, 3] = final, falls[DEEPEST]


@kernel
def _read_market(close, borders):
    """(blocks, …) of the closes: the sums of one who holds through, and room for the extremes."""
    count = 0
    for part in range(borders.size - 1):
        count += (borders[part + 1] - borders[part] + BLOCK_BARS - 1) // BLOCK_BARS
    sums, lanes, block = np.empty((count, _SUMS)), np.empty((_SUMS, BLOCK_BARS)), 0
    for part in range(borders.size - 1):
        for begin in range(borders[part], borders[part + 1], BLOCK_BARS):
            closes = close[begin : min(begin + BLOCK_BARS, borders[part + 1])]
            _spread(lanes, closes, close[begin - 1] if begin else math.nan)
            for kind in range(_SUMS):
                sums[block, kind] = _fold(lanes[kind])
            block += 1
    return sums, np.full((count, EXTREMES), math.nan)


@kernel
def _judge_marks(fills, close, market, initial, borders, sums, squares, out):
    """Write the sums of each slice, and a row of `MarkFacts`."""
    lanes, equity = np.empty((_SUMS, BLOCK_BARS)), np.empty(BLOCK_BARS)
    totals, added, falls = np.zeros(_SUMS), np.empty(_SUMS), np.zeros(STATE)
    falls[PEAK] = initial
    filled, cash, position, last, block = 0, initial, 0.0, initial, 0
    for part in range(borders.size - 1):
        added[:] = 0.0
        for begin in range(borders[part], borders[part + 1], BLOCK_BARS):
            width = min(BLOCK_BARS, borders[part + 1] - begin)
            quiet = filled == len(fills) or fills[filled, BAR] >= begin + width
            read, extremes = market[0][block], market[1][block]
            block += 1
            if quiet and position == 0.0 and cash != 0.0:
                added[_MARKS] += cash * width + position * read[_MARKS]
                falls[UNDER] += width if cash < falls[PEAK] else 0
            elif quiet and position > 0.0 and cash == 0.0:
                for kind in range(_MARKS):
                    added[kind] += read[kind]
                added[_MARKS] += cash * width + position * read[_MARKS]
                hold(falls, extremes, close[begin : begin + width], cash, position, equity, lanes)
                last = cash + position * close[begin + width - 1]
            else:
                filled, cash, position = _mark(equity[:width], close, begin, fills, filled, cash, position)
                _spread(lanes, equity[:width], last)
                for kind in range(_MARKS):
                    added[kind] += _fold(lanes[kind])
                marked = cash * width + position * read[_MARKS] if quiet else _fold(lanes[_MARKS])
                added[_MARKS] += marked
                follow(falls, equity[:width], lanes)
                last = equity[width - 1]
        for kind in range(_SUMS):
            totals[kind] += added[kind]
        sums[part], squares[part] = added[_RETURNS], added[_SQUARES]
    recover(falls)
    out[0] = last
    out[1 : 1 + _SUMS - _CUBES] = totals[_CUBES:]
    out[1 + _SUMS - _CUBES :] = falls[: DEPTHS + 1]


@kernel
def _mark(equity, close, begin, fills, filled, cash, position):
    """Mark the closes of the bars from `begin` on; where the fills got to, cash and position then."""
    at, end = begin, begin + equity.size
    while at < end:
        until = end
        while filled < len(fills) and fills[filled, BAR] <= at:
            cash, position = fills[filled, CASH], fills[filled, POSITION]
            filled += 1
        if filled < len(fills) and fills[filled, BAR] < end:
            until = int(fills[filled, BAR])
        for bar in range(at, until):
            equity[bar - begin] = cash + position * close[bar]
        at = until
    return filled, cash, position


@kernel
def _spread(lanes, equity, last):
    """Each bar of a block in its lane, zeros after them."""
    if equity.size < BLOCK_BARS:
        lanes[:] = 0.0
    for j in range(equity.size):
        change = equity[j] / (equity[j - 1] if j else last) - 1
        square = change * change
        loss = lower(change, 0.0)
        lanes[_RETURNS, j] = change
        lanes[_SQUARES, j] = square
        lanes[_CUBES, j] = square * change
        lanes[_FOURTHS, j] = square * square
        lanes[_GAINS, j] = change - loss
        lanes[_LOSSES, j] = loss
        lanes[_SQUARED_LOSSES, j] = loss * loss
        lanes[_MARKS, j] = equity[j]


@kernel
def _fold(lane):
    """The sum of a block, by halves of lengths that a compiler knows."""
    for j in range(64):
        lane[j] += lane[j + 64]
    for j in range(32):
        lane[j] += lane[j + 32]
    for j in range(16):
        lane[j] += lane[j + 16]
    for j in range(8):
        lane[j] += lane[j + 8]
    for j in range(4):
        lane[j] += lane[j + 4]
    for j in range(2):
        lane[j] += lane[j + 2]
    return lane[0] + lane[1]


@kernel
def _judge_trades(fills, ended, close, terms, ratios, out):
    """Write a row of `TradeFacts`."""
    count, closed, bars = (len(fills) + 1) // 2, len(fills) // 2, close.size
    winners = losers = win_streak = loss_streak = wins = losses_now = 0
    profits = losses = pnl = returns = log_returns = traded = fees = 0.0
    held = held_closed = 0
    best = worst = math.nan
    for number in range(closed):
        entry, leave = fills[2 * number], fills[2 * number + 1]
        gain = leave[PNL]
        change = 100 * gain / (entry[PRICE] * entry[QUANTITY] + entry[FEE]) / 100
        pnl += gain
        returns += change
        log_returns += math.log1p(change) if change > -1 else -math.inf
        best = higher(best, change) if number else change
        worst = lower(worst, change) if number else change
        if gain > 0:
            winners += 1
            profits += gain
        elif gain < 0:
            losers += 1
            losses += gain
        wins = wins + 1 if gain > 0 else 0
        losses_now = losses_now + 1 if gain < 0 else 0
        win_streak, loss_streak = max(win_streak, wins), max(loss_streak, losses_now)
        last_close = bars if ended and number == closed - 1 else int(leave[BAR])
        held_closed += last_close - int(entry[BAR])
        ratios[number] = leave[PRICE] / entry[PRICE]
    held = held_closed
    if count > closed:
        held += bars - int(fills[-1, BAR])
        ratios[closed] = close[bars - 1] / fills[-1, PRICE]
    for number in range(len(fills)):
        traded += fills[number, PRICE] * fills[number, QUANTITY]
        fees += fills[number, FEE]
    deviations, mean = 0.0, pnl / closed
    for number in range(closed):
        apart = fills[2 * number + 1, PNL] - mean
        deviations += apart * apart
    breakeven_fee = _breakeven_fee(ratios[:count], closed, terms.size, terms.on_top)
    out[0], out[1], out[2], out[3] = count, closed, winners, losers
    out[4], out[5], out[6], out[7] = profits, losses, pnl, deviations
    out[8], out[9], out[10], out[11] = returns, log_returns, best, worst
    out[12], out[13], out[14], out[15] = held, held_closed, win_streak, loss_streak
    out[16], out[17], out[18] = traded, fees, breakeven_fee
