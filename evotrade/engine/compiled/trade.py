"""Decisions become fills: the rules of `simulation.py` for one genome, as a loop.

Money changes hands in `fills.bought` and `fills.sold`, stops in `limits.exit_in_bar`: the very functions that
the simulator and a live session call, compiled.
"""

from __future__ import annotations

import numpy as np

from evotrade.engine import fills as money
from evotrade.engine import limits as rules
from evotrade.engine.compiled.jit import kernel

BAR, PRICE, QUANTITY, FEE, PNL, CASH, POSITION, COLUMNS = range(8)
"""Columns of a fill, a row each; the bar as a float, which is exact."""

_ONES, _HIGHEST_BITS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_bought, _sold = kernel(money.bought), kernel(money.sold)
_exit_in_bar = kernel(rules.exit_in_bar)


@kernel
def trade(decisions, market, terms, bars, struck, turns, fills):
    """Trade the decisions on the first `bars` bars; how many rows of `fills`, and whether the end sold.

    `struck` says that a limit ended the trading at the close of the last of them: what is held is sold at
    the next open, if there is one. `turns` is room for a number a bar.
    """
    if terms.plain:
        count, cash, position, cost = _trade_turns(decisions, market.price, terms, bars, turns, fills)
    else:
        count, cash, position, cost = _trade_within_limits(decisions, market, terms, bars, fills)
    total, ended = market.close.size, False
    if position != 0.0 and struck and bars < total:
        _leave(fills[count], bars, market.open[bars], terms, position, cost, cash)
        count += 1
    elif position != 0.0 and terms.close_at_end:
        _leave(fills[count], total - 1, market.close[total - 1], terms, position, cost, cash)
        count += 1
        ended = True
    return count, ended


@kernel
def _trade_turns(decisions, price, terms, bars, turns, fills):
    """Where nothing but decisions matters: fills, then cash, position and what it cost."""
    count = _find_turns(decisions[: max(0, bars - terms.delay)], turns)
    cash, position, cost = terms.initial, 0.0, 0.0
    for number in range(count):
        bar = turns[number] + terms.delay
        if number % 2 == 0:
            cash, position, cost = _enter(fills[number], bar, price[bar], terms, cash)
        else:
            cash, _ = _leave(fills[number], bar, price[bar], terms, position, cost, cash)
            position = 0.0
    return count, cash, position, cost


@kernel
def _find_turns(decisions, turns):
    """Write down where a buy, a sell, a buy … comes next, and count them.

    Eight decisions are looked at as one word, since most hold no turn; the others are read one by one
    without a branch to guess wrong. A byte is 0 where (word - ones) & ~word has its highest bit set: see
    "Determine if a word has a zero byte" of Anderson's Bit Twiddling Hacks.
    """
    words = decisions[: decisions.size // 8 * 8].view(np.uint64)
    wanted, count, all_wanted = np.int8(1), 0, _ONES
    for word in range(words.size):
        others = words[word] ^ all_wanted
        if (others - _ONES) & ~others & _HIGHEST_BITS:
            wanted, count = _read_turns(decisions, 8 * word, 8 * word + 8, wanted, turns, count)
            all_wanted = _ONES if wanted == 1 else ~np.uint64(0)
    _, count = _read_turns(decisions, 8 * words.size, decisions.size, wanted, turns, count)
    return count


@kernel
def _read_turns(decisions, begin, end, wanted, turns, count):
    """Write down the turns from `begin` to `end`; which comes next, and their count."""
    for number in range(begin, end):
        turns[count] = number
        found = decisions[number] == wanted
        count += found
        wanted = np.int8(-wanted) if found else wanted
    return wanted, count


@kernel
def _trade_within_limits(decisions, market, terms, bars, fills):
    """As `_trade_turns`, where stops close a position and limits forbid entries."""
    decided, count, bar = bars - terms.delay, 0, 0
    cash, position, cost = terms.initial, 0.0, 0.0
    day, entries = -1, 0
    while True:
        bar, day, entries = _next_entry(decisions, market, terms, decided, bar, day, entries)
        if bar < 0:
            break
        cash, position, cost = _enter(fills[count], bar, market.price[bar], terms, cash)
        count += 1
        leave, quoted = _next_exit(decisions, market, terms, decided, bars, bar, fills[count - 1, PRICE])
        if leave == bars:
            break
        cash, pnl = _leave(fills[count], leave, quoted, terms, position, cost, cash)
        count += 1
        position = 0.0
        bar = leave + terms.cool_down + 1 if terms.cool_down and pnl < 0 else leave + terms.delay
    return count, cash, position, cost


@kernel
def _next_entry(decisions, market, terms, decided, earliest, day, entries):
    """The bar from `earliest` on at which the next entry fills, -1 for none, and the count of its day."""
    for number in range(max(0, earliest - terms.delay), decided):
        if decisions[number] != 1:
            continue
        bar = number + terms.delay
        if market.allowed.size and not market.allowed[bar]:
            continue
        if terms.max_a_day:
            today = market.fill_s[bar] // rules.DAY_S
            if today != day:
                day, entries = today, 0
            if entries >= terms.max_a_day:
                continue
        return bar, day, entries + 1
    return -1, day, entries


@kernel
def _next_exit(decisions, market, terms, decided, bars, entry, paid):
    """Bar and price of the sale of what was bought at bar `entry`; `bars` where it is not sold."""
    number = entry - terms.delay
    while number < decided and decisions[number] != -1:
        number += 1
    planned = number + terms.delay if number < decided else bars
    if terms.acts_in_bar:
        # bought at a close, a position lives from the next bar's open; sold at a close, through that bar
        peak, first = paid, entry + 1 - terms.delay
        for bar in range(first, min(planned + 1 - terms.delay, bars)):
            quoted, reason = _exit_in_bar(
                paid * terms.stop,
                peak * terms.trail,
                paid * terms.target,
                market.open[bar],
                market.high[bar],
                market.low[bar],
            )
            if reason:
                return bar, quoted
            peak = max(peak, market.high[bar])
    return planned, market.price[planned] if planned < bars else 0.0


@kernel
def _enter(row, bar, quoted, terms, cash):
    price, cost = quoted * terms.buy_factor, cash * terms.size
    position, fee = _bought(cost, price, terms.fee_rate, terms.on_top)
    cash -= cost
    _write(row, bar, price, position, fee, 0.0, cash, position)
    return cash, position, cost


@kernel
def _leave(row, bar, quoted, terms, position, cost, cash):
    price = quoted * terms.sell_factor
    fee, pnl, cash = _sold(position, price, terms.fee_rate, cost, cash)
    _write(row, bar, price, position, fee, pnl, cash, 0.0)
    return cash, pnl


@kernel
def _write(row, bar, price, quantity, fee, pnl, cash, position):
    row[BAR] = bar
    row[PRICE] = price
    row[QUANTITY] = quantity
    row[FEE] = fee
    row[PNL] = pnl
    row[CASH] = cash
    row[POSITION] = position


@kernel
def first_strike(fills, count, market, terms):
    """The first bar at whose close the drawdown or the daily loss reaches its limit; -1 for none.

    A limit that is absent leaves less than nothing, which no equity reaches.
    """
    filled, cash, position = 0, terms.initial, 0.0
    peak = before_day = last = terms.initial
    day = -1
    for bar in range(market.close.size):
        while filled < count and fills[filled, BAR] <= bar:
            cash, position = fills[filled, CASH], fills[filled, POSITION]
            filled += 1
        equity = cash + position * market.close[bar]
        today = market.start_s[bar] // rules.DAY_S
        if today != day:
            day, before_day = today, last
        peak, last = max(peak, equity), equity
        if equity <= peak * terms.least_of_peak or equity <= before_day * terms.least_of_day:
            return bar
    return -1
