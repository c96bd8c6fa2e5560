"""One pair's market: the tape played up to a moment, its last price, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import islice

import numpy as np

from evotrade.errors import NotEnoughCandles
from evotrade.exchange.sandbox.bars import BarSeries, bar_of, series_until
from evotrade.exchange.sandbox.rules import PairRules, rules_for
from evotrade.exchange.sandbox.tape import MOST_TRADES, NS, Tape, Trade
from evotrade.market.candles import Candles

_HOUR_NS, _DAY_NS = 3_600 * NS, 86_400 * NS


@dataclass(frozen=True)
class Day:
    """What was traded in the 24 hours before a moment."""

    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    vwap: Decimal
    trades: int


class Market:
    """A pair whose trades come from candles; candles that ended by `now_ns` are its history.

    Orders of the sandbox's clients leave no trace on the tape: nobody knows what they would have done.
    """

    def __init__(
        self,
        candles: Candles,
        now_ns: int,
        *,
        rules: PairRules | None = None,
        spread_bps: Decimal = Decimal(0),
        most_trades: int = MOST_TRADES,
    ) -> None:
        self.rules = rules or rules_for(candles)
        self.timeframe = candles.timeframe
        self.tape = Tape(candles, self.rules, most_trades)
        if not len(self.tape) or self.tape.start_ns[0] >= now_ns:
            raise NotEnoughCandles(
                f"{self.rules.name} has no candle before the sandbox's start: give it at least one as history"
            )
        self.now_ns = now_ns
        self._spread_bps = spread_bps
        self._series: dict[int, BarSeries] = {}
        self._hours = self.series(max(self.tape.length_ns, _HOUR_NS))
        self.last = self._last_trade()

    def _last_trade(self) -> Trade:
        bar = int(np.searchsorted(self.tape.start_ns, self.now_ns, side="right")) - 1
        return [trade for trade in self.tape.trades_of(bar) if trade.time_ns <= self.now_ns][-1]

    @property
    def replayed(self) -> Candles:
        """All the candles as they are traded here: what a client should have rebuilt at the end."""
        return self.tape.candles(self.timeframe)

    @property
    def bid(self) -> Decimal:
        """What a market sell gets: the last price less half the spread, on a tick."""
        return self._off_last(-1)

    @property
    def ask(self) -> Decimal:
        """What a market buy pays: the last price plus half the spread, on a tick."""
        return self._off_last(1)

    def _off_last(self, sign: int) -> Decimal:
        price = self.last.price * (1 + sign * self._spread_bps / 20_000)
        rounding = ROUND_CEILING if sign > 0 else ROUND_FLOOR
        return max(self.rules.tick_size, price.quantize(self.rules.tick_size, rounding))

    def due(self, until_ns: int) -> list[Trade]:
        """The trades that come next, up to and with a moment; `play` makes each of them happen."""
        return list(self.tape.trades(self.now_ns, until_ns))

    def play(self, trade: Trade) -> None:
        """Let the next trade happen."""
        self.last, self.now_ns = trade, trade.time_ns
        part = bar_of(trade)
        for series in self._series.values():
            series.add(part)

    def series(self, interval_ns: int) -> BarSeries:
        """Bars of an interval, kept up to date from the first time they are asked for."""
        if interval_ns not in self._series:
            self._series[interval_ns] = series_until(self.tape, interval_ns, self.now_ns)
        return self._series[interval_ns]

    def trades_since(self, since_ns: int, count: int) -> list[Trade]:
        """The first `count` trades after a moment."""
        return list(islice(self.tape.trades(since_ns, self.now_ns), count))

    def latest_trades(self, count: int) -> list[Trade]:
        """The newest trades, oldest first."""
        bar = int(np.searchsorted(self.tape.first_id, self.last.id - count + 1, side="right")) - 1
        return list(self.tape.trades(int(self.tape.start_ns[max(0, bar)]) - 1, self.now_ns))[-count:]

    def day(self, now_ns: int) -> Day:
        """The last 24 hours, by the bars that begin in them; the last bar where there is none."""
        bars = [bar for bar in self._hours.bars if bar.start_ns > now_ns - _DAY_NS] or [self._hours.bars[-1]]
        volume = sum((bar.volume for bar in bars), Decimal(0))
        cost = sum((bar.cost for bar in bars), Decimal(0))
        return Day(
            open=bars[0].open,
            high=max(bar.high for bar in bars),
            low=min(bar.low for bar in bars),
            volume=volume,
            vwap=(cost / volume if volume else bars[-1].close).quantize(self.rules.tick_size),
            trades=sum(bar.trades for bar in bars),
        )
