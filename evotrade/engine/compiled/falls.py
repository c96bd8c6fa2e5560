"""How far equity falls below its highest mark, and for how long: of many bars, their extremes mostly tell."""

from __future__ import annotations

import numpy as np

from evotrade.engine.compiled.jit import kernel
from evotrade.engine.compiled.trade import BAR, CASH, POSITION
from evotrade.engine.sums import BLOCK_BARS

DEEPEST, LONGEST, FALLS, DEPTHS, PEAK, LOWEST, UNDER, STATE = range(8)
"""Falls so far, in the order of `MarkFacts`, and of the present one its peak, lowest mark and bars."""

EXTREMES = 2
"""What is known of the closes of a block: the highest and the lowest, NaN until somebody who holds through
it asks."""


@kernel
def follow_marks(falls, fills, close, extremes, initial, equity):
    """The falls of one genome, and its final equity; `extremes` (blocks, 2) are as far known as asked for."""
    filled, cash, position = 0, initial, 0.0
    lanes = np.empty((2, BLOCK_BARS // 2))
    for block in range(len(extremes)):
        begin = block * BLOCK_BARS
        width = min(BLOCK_BARS, close.size - begin)
        if filled < len(fills) and fills[filled, BAR] < begin + width:
            filled, cash, position = _follow_fills(
                falls, close, begin, begin + width, fills, filled, cash, position
            )
        elif position == 0.0:
            _stand(falls, cash, width)
        else:
            hold(falls, extremes[block], close[begin : begin + width], cash, position, equity, lanes)
    recover(falls)
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
            _carry(falls, close, at, until, cash, position)
        at = until
    return filled, cash, position


@kernel
def _stand(falls, cash, bars):
    """Go on with the falls through bars in which nothing is held."""
    if cash < falls[PEAK]:
        _sink(falls, cash, bars)
    else:
        recover(falls)
        falls[PEAK] = cash


@kernel
def _carry(falls, close, begin, end, cash, position):
    """Go on with the falls through the bars from `begin` to `end`, all held: mostly their extremes tell."""
    highest = lowest = close[begin]
    for bar in range(begin + 1, end):
        highest, lowest = _higher(highest, close[bar]), _lower(lowest, close[bar])
    if cash + position * highest < falls[PEAK]:
        _sink(falls, cash + position * lowest, end - begin)
    else:
        for bar in range(begin, end):
            _follow_mark(falls, cash + position * close[bar])


@kernel
def _follow_mark(falls, mark):
    """Go on with the falls through one mark."""
    if mark < falls[PEAK]:
        _sink(falls, mark, 1)
    else:
        recover(falls)
        falls[PEAK] = mark


@kernel
def hold(falls, extremes, closes, cash, position, equity, lanes):
    """Go on with the falls through a block in which all is held: mostly its extremes tell."""
    if extremes[0] != extremes[0]:
        extremes[0], extremes[1] = _extremes(closes, lanes)
    if cash + position * extremes[0] < falls[PEAK]:
        _sink(falls, cash + position * extremes[1], closes.size)
    else:
        for bar in range(closes.size):
            equity[bar] = cash + position * closes[bar]
        _follow_each(falls, equity[: closes.size])


@kernel
def follow(falls, marks, lanes):
    """Go on with the falls through the marks of a block: mostly its extremes tell, otherwise each mark."""
    highest, least = _extremes(marks, lanes)
    if highest < falls[PEAK]:
        _sink(falls, least, marks.size)
    else:
        _follow_each(falls, marks)


@kernel
def _follow_each(falls, marks):
    """Go on with the falls through marks one by one."""
    peak, lowest, under = falls[PEAK], falls[LOWEST], falls[UNDER]
    for mark in marks:
        if mark < peak:
            lowest = min(lowest, mark) if under else mark
            under += 1
        else:
            if under:
                falls[PEAK], falls[LOWEST], falls[UNDER] = peak, lowest, under
                recover(falls)
                under = 0.0
            peak = mark
    falls[PEAK], falls[LOWEST], falls[UNDER] = peak, lowest, under


@kernel
def _sink(falls, lowest, bars):
    """Be below the peak for some bars, the lowest mark of which is given: a fall begins or goes on."""
    falls[LOWEST] = min(falls[LOWEST], lowest) if falls[UNDER] else lowest
    falls[UNDER] += bars


@kernel
def recover(falls):
    """The present fall is over."""
    if falls[UNDER]:
        depth = 1 - falls[LOWEST] / falls[PEAK]
        falls[DEEPEST] = max(falls[DEEPEST], depth)
        falls[LONGEST] = max(falls[LONGEST], falls[UNDER])
        falls[FALLS] += 1
        falls[DEPTHS] += depth
        falls[UNDER] = 0.0


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
