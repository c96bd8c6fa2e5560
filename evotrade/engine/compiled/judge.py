"""What `facts.py` says about a simulation, for many genomes, as loops that give the same bits."""

from __future__ import annotations

import math

import numpy as np

from evotrade.engine import breakeven
from evotrade.engine.compiled.elements import higher, lower
from evotrade.engine.compiled.jit import kernel
from evotrade.engine.compiled.trade import BAR, CASH, FEE, PNL, POSITION, PRICE, QUANTITY, first_strike, trade
from evotrade.engine.sums import BLOCK_BARS

_breakeven_fee = kernel(breakeven.breakeven_fee)

_RETURNS, _SQUARES, _CUBES, _FOURTHS, _GAINS, _LOSSES, _SQUARED_LOSSES, _MARKS, _SUMS = range(9)
"""What is summed over bars; from cubes on in the order of `MarkFacts`."""

_HIGHEST, _LOWEST_CLOSE, _COLUMNS = range(_SUMS, _SUMS + 3)
"""What is known of a block of the market besides the sums of its returns and closes: the extremes of its
closes, NaN until somebody who holds through it asks."""

_DEEPEST, _LONGEST, _FALLS, _DEPTHS, _PEAK, _LOWEST, _UNDER, _STATE = range(8)
"""Falls so far, in the order of `MarkFacts`, and of the present one its peak, lowest mark and bars."""


@kernel
def judge(decisions, first, market, terms, borders, fills, sums, squares, marks, trades):
    """Simulate each row of `decisions` (genomes, …) on the market's bars, from column `first` on.

    `borders` (k + 1,) divide the bars into slices, whose sums of returns and of their squares go to `sums`
    and `squares` (genomes, k); `marks` and `trades` get rows of `MarkFacts` and `TradeFacts`. `fills` is room
    for those of one genome.
    """
    bars = market.close.size
    blocks = _read_market(market.close, borders)
    ratios, turns = np.empty(len(fills) // 2 + 1), np.empty(bars + 1, np.int64)
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
def screen(decisions, first, market, terms, fills, out):
    """Write entries, fees, final equity and deepest drawdown of each row, as `judge` has them."""
    bars = market.close.size
    turns, equity, falls = np.empty(bars + 1, np.int64), np.empty(BLOCK_BARS), np.empty(_STATE)
    blocks = np.full(((bars + BLOCK_BARS - 1) // BLOCK_BARS, _COLUMNS), math.nan)
    for genome in range(len(decisions)):
        chosen = decisions[genome, first : first + bars]
        count, _ = _trade_until_struck(chosen, market, terms, turns, fills)
        fees = 0.0
        for number in range(count):
            fees += fills[number, FEE]
        falls[:] = 0.0
        falls[_PEAK] = terms.initial
        final = _follow_marks(falls, fills[:count], market.close, blocks, terms.initial, equity)
        out[genome, 0], out[genome, 1] = (count + 1) // 2, fees
        out[genome, 2], out[genome, 3] = final, falls[_DEEPEST]


@kernel
def _follow_marks(falls, fills, close, blocks, initial, equity):
    """The falls of one genome, and its final equity; `blocks` have, or get, the extremes of the closes."""
    filled, cash, position = 0, initial, 0.0
    lanes = np.empty((2, BLOCK_BARS // 2))
    for block in range(len(blocks)):
        begin = block * BLOCK_BARS
        width = min(BLOCK_BARS, close.size - begin)
        if filled < len(fills) and fills[filled, BAR] < begin + width:
            filled, cash, position = _follow_fills(
                falls, close, begin, begin + width, fills, filled, cash, position
            )
        elif position == 0.0:
            _stand(falls, cash, width)
        else:
            _hold(falls, blocks[block], close[begin : begin + width], cash, position, equity, lanes)
    _recover(falls)
    return cash + position * close[-1] if close.size else initial


@kernel
def _follow_fills(falls, close, begin, end, fills, filled, cash, position):
    """Go on with the falls from fill to fill; where the fills got to, cash and position then."""
    at = begin
    while at < end:
        while filled < len(fills) and fills[filled, BAR] <= at:
            cash, position = fills[filled, CASH], fills[filled, POSITION]
            filled += 1
        until = min(end, int(fills[filled, BAR])) if filled < len(fills) else end
        if position == 0.0:
            _stand(falls, cash, until - at)
        else:
            _carry(falls, close[at:until], cash, position)
        at = until
    return filled, cash, position


@kernel
def _stand(falls, cash, bars):
    """Go on with the falls through bars in which nothing is held."""
    if cash < falls[_PEAK]:
        falls[_LOWEST] = min(falls[_LOWEST], cash) if falls[_UNDER] else cash
        falls[_UNDER] += bars
    else:
        _recover(falls)
        falls[_PEAK] = cash


@kernel
def _carry(falls, closes, cash, position):
    """Go on with the falls through some bars in which all is held: mostly their extremes tell."""
    highest = lowest = closes[0]
    for close in closes:
        highest, lowest = _higher(highest, close), _lower(lowest, close)
    if cash + position * highest < falls[_PEAK]:
        least = cash + position * lowest
        falls[_LOWEST] = min(falls[_LOWEST], least) if falls[_UNDER] else least
        falls[_UNDER] += closes.size
    else:
        for close in closes:
            _follow_mark(falls, cash + position * close)


@kernel
def _follow_mark(falls, mark):
    """Go on with the falls through one mark."""
    if mark < falls[_PEAK]:
        falls[_LOWEST] = min(falls[_LOWEST], mark) if falls[_UNDER] else mark
        falls[_UNDER] += 1
    else:
        _recover(falls)
        falls[_PEAK] = mark


@kernel
def _read_market(close, borders):
    """(blocks, columns) of the closes: the sums of one who holds through, and the extremes."""
    count = 0
    for part in range(borders.size - 1):
        count += (borders[part + 1] - borders[part] + BLOCK_BARS - 1) // BLOCK_BARS
    blocks, lanes, block = np.empty((count, _COLUMNS)), np.empty((_SUMS, BLOCK_BARS)), 0
    for part in range(borders.size - 1):
        for begin in range(borders[part], borders[part + 1], BLOCK_BARS):
            closes = close[begin : min(begin + BLOCK_BARS, borders[part + 1])]
            _spread(lanes, closes, close[begin - 1] if begin else math.nan)
            for kind in range(_SUMS):
                blocks[block, kind] = _fold(lanes[kind])
            blocks[block, _HIGHEST] = math.nan
            block += 1
    return blocks


@kernel
def _judge_marks(fills, close, blocks, initial, borders, sums, squares, out):
    """Write the sums of each slice, and a row of `MarkFacts`."""
    lanes, equity = np.empty((_SUMS, BLOCK_BARS)), np.empty(BLOCK_BARS)
    totals, added, falls = np.zeros(_SUMS), np.empty(_SUMS), np.zeros(_STATE)
    falls[_PEAK] = initial
    filled, cash, position, last, block = 0, initial, 0.0, initial, 0
    for part in range(borders.size - 1):
        added[:] = 0.0
        for begin in range(borders[part], borders[part + 1], BLOCK_BARS):
            width = min(BLOCK_BARS, borders[part + 1] - begin)
            quiet = filled == len(fills) or fills[filled, BAR] >= begin + width
            read = blocks[block]
            block += 1
            if quiet and position == 0.0 and cash != 0.0:
                added[_MARKS] += cash * width + position * read[_MARKS]
                falls[_UNDER] += width if cash < falls[_PEAK] else 0
            elif quiet and position > 0.0 and cash == 0.0:
                for kind in range(_MARKS):
                    added[kind] += read[kind]
                added[_MARKS] += cash * width + position * read[_MARKS]
                _hold(falls, read, close[begin : begin + width], cash, position, equity, lanes)
                last = cash + position * close[begin + width - 1]
            else:
                filled, cash, position = _mark(equity[:width], close, begin, fills, filled, cash, position)
                _spread(lanes, equity[:width], last)
                for kind in range(_MARKS):
                    added[kind] += _fold(lanes[kind])
                marked = cash * width + position * read[_MARKS] if quiet else _fold(lanes[_MARKS])
                added[_MARKS] += marked
                _follow(falls, equity[:width], lanes)
                last = equity[width - 1]
        for kind in range(_SUMS):
            totals[kind] += added[kind]
        sums[part], squares[part] = added[_RETURNS], added[_SQUARES]
    _recover(falls)
    out[0] = last
    out[1 : 1 + _SUMS - _CUBES] = totals[_CUBES:]
    out[1 + _SUMS - _CUBES :] = falls[: _DEPTHS + 1]


@kernel
def _hold(falls, read, closes, cash, position, equity, lanes):
    """Go on with the falls through a block in which all is held: mostly its extremes tell."""
    if read[_HIGHEST] != read[_HIGHEST]:
        read[_HIGHEST], read[_LOWEST_CLOSE] = _extremes(closes, lanes)
    if cash + position * read[_HIGHEST] < falls[_PEAK]:
        lowest = cash + position * read[_LOWEST_CLOSE]
        falls[_LOWEST] = min(falls[_LOWEST], lowest) if falls[_UNDER] else lowest
        falls[_UNDER] += closes.size
    else:
        for bar in range(closes.size):
            equity[bar] = cash + position * closes[bar]
        _follow_each(falls, equity[: closes.size])


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
def _extremes(values, lanes):
    """Highest and lowest of a block without NaN, in lanes that a compiler turns into wide instructions."""
    if values.size < BLOCK_BARS:
        return values.max(), values.min()
    high, low = lanes[0], lanes[1]
    for j in range(16):
        a, b, c, d = values[j], values[j + 16], values[j + 32], values[j + 48]
        e, f, g, h = values[j + 64], values[j + 80], values[j + 96], values[j + 112]
        high[j] = _higher(_higher(_higher(a, b), _higher(c, d)), _higher(_higher(e, f), _higher(g, h)))
        low[j] = _lower(_lower(_lower(a, b), _lower(c, d)), _lower(_lower(e, f), _lower(g, h)))
    for j in range(4):
        high[j] = _higher(_higher(high[j], high[j + 4]), _higher(high[j + 8], high[j + 12]))
        low[j] = _lower(_lower(low[j], low[j + 4]), _lower(low[j + 8], low[j + 12]))
    highest = _higher(_higher(high[0], high[1]), _higher(high[2], high[3]))
    return highest, _lower(_lower(low[0], low[1]), _lower(low[2], low[3]))


@kernel
def _higher(x, y):
    return x if x > y else y


@kernel
def _lower(x, y):
    return x if x < y else y


@kernel
def _follow(falls, marks, lanes):
    """Go on with the falls through the marks of a block: mostly its extremes tell, otherwise each mark."""
    highest, least = _extremes(marks, lanes)
    if highest < falls[_PEAK]:
        falls[_LOWEST] = min(falls[_LOWEST], least) if falls[_UNDER] else least
        falls[_UNDER] += marks.size
    else:
        _follow_each(falls, marks)


@kernel
def _follow_each(falls, marks):
    """Go on with the falls through marks one by one."""
    peak, lowest, under = falls[_PEAK], falls[_LOWEST], falls[_UNDER]
    for mark in marks:
        if mark < peak:
            lowest = min(lowest, mark) if under else mark
            under += 1
        else:
            if under:
                falls[_PEAK], falls[_LOWEST], falls[_UNDER] = peak, lowest, under
                _recover(falls)
                under = 0.0
            peak = mark
    falls[_PEAK], falls[_LOWEST], falls[_UNDER] = peak, lowest, under


@kernel
def _recover(falls):
    """The present fall is over."""
    if falls[_UNDER]:
        depth = 1 - falls[_LOWEST] / falls[_PEAK]
        falls[_DEEPEST] = max(falls[_DEEPEST], depth)
        falls[_LONGEST] = max(falls[_LONGEST], falls[_UNDER])
        falls[_FALLS] += 1
        falls[_DEPTHS] += depth
        falls[_UNDER] = 0.0


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
