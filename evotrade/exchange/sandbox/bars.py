"""Bars that the exchange makes of its trades, as OHLC and the websocket serve them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from decimal import Decimal

from evotrade.exchange.sandbox.tape import NS, Tape, Trade

INTERVALS_MIN = (1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600)
"""Lengths of bars that Kraken serves, in minutes; all of them begin at multiples of themselves."""

SERVED = 720
_KEPT = SERVED + 80  # intervals with trades; older ones are served by nobody
_WEEK_NS = 604_800 * NS


@dataclass(slots=True)
class Bar:
    """One interval's trades so far; `cost` is the sum of price times volume, for the average price."""

    start_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    cost: Decimal
    trades: int

    @property
    def vwap(self) -> Decimal:
        """Average price by volume, the close where no volume is known."""
        return self.cost / self.volume if self.volume else self.close

    def add(self, other: Bar) -> None:
        """Take in a later bar, or a single trade as one."""
        self.high, self.low = max(self.high, other.high), min(self.low, other.low)
        self.close = other.close
        self.volume += other.volume
        self.cost += other.cost
        self.trades += other.trades


def bar_of(trade: Trade) -> Bar:
    """One trade as a bar."""
    price = trade.price
    return Bar(trade.time_ns, price, price, price, price, trade.qty, price * trade.qty, 1)


class BarSeries:
    """Bars of one interval, those without trades left out."""

    def __init__(self, interval_ns: int) -> None:
        self.interval_ns = interval_ns
        self.bars: deque[Bar] = deque(maxlen=_KEPT)

    def add(self, part: Bar) -> None:
        """Take in what was traded next."""
        start_ns = part.start_ns - part.start_ns % self.interval_ns
        if self.bars and self.bars[-1].start_ns == start_ns:
            self.bars[-1].add(part)
        else:
            self.bars.append(replace(part, start_ns=start_ns))

    def with_gaps_filled(self, now_ns: int) -> list[Bar]:
        """The latest 720 intervals up to the running one; an empty one has the close before it."""
        if not self.bars:
            return []
        running = now_ns - now_ns % self.interval_ns
        known = {bar.start_ns: bar for bar in self.bars}
        start_ns = max(self.bars[0].start_ns, running - (SERVED - 1) * self.interval_ns)
        close = [bar.close for bar in self.bars if bar.start_ns < start_ns][-1:] or [self.bars[0].open]
        last = close[0]
        filled = []
        for at_ns in range(start_ns, running + 1, self.interval_ns):
            bar = known.get(at_ns) or Bar(at_ns, last, last, last, last, Decimal(0), Decimal(0), 0)
            last = bar.close
            filled.append(bar)
        return filled


def series_until(tape: Tape, interval_ns: int, now_ns: int) -> BarSeries:
    """The bars of everything traded until now."""
    series = BarSeries(interval_ns)
    since_ns = _first_ns(tape, interval_ns, now_ns)
    # Kraken's weeks start on Thursday, candles' on Monday: those fit no longer interval as a whole.
    if interval_ns % tape.length_ns or tape.length_ns == _WEEK_NS:
        for trade in tape.trades(since_ns - 1, now_ns):
            series.add(bar_of(trade))
        return series
    for bar in range(int(tape.start_ns.searchsorted(since_ns)), len(tape)):
        if int(tape.start_ns[bar]) + tape.length_ns > now_ns:
            break
        series.add(_whole_bar(tape, bar))
    running_ns = now_ns - now_ns % tape.length_ns
    for trade in tape.trades(running_ns - 1, now_ns):
        series.add(bar_of(trade))
    return series


def _first_ns(tape: Tape, interval_ns: int, now_ns: int) -> int:
    """Where the bars begin that anybody may ask for; after a long silence that is at the last trade."""
    latest = max(0, int(tape.start_ns.searchsorted(now_ns, side="right")) - 1)
    last_ns = int(tape.start_ns[latest])
    return min(now_ns - now_ns % interval_ns - _KEPT * interval_ns, last_ns - last_ns % interval_ns)


def _whole_bar(tape: Tape, bar: int) -> Bar:
    """A replayed candle as a bar; its average price is that of its four prices, since nobody recorded it."""
    ticks = [int(column[bar]) for column in (tape.open, tape.high, tape.low, tape.close)]
    open_, high, low, close = (Decimal(value).scaleb(-tape.rules.pair_decimals) for value in ticks)
    volume = Decimal(int(tape.lots[bar])).scaleb(-tape.rules.lot_decimals)
    cost = volume * (open_ + high + low + close) / 4
    return Bar(int(tape.start_ns[bar]), open_, high, low, close, volume, cost, int(tape.counts[bar]))
