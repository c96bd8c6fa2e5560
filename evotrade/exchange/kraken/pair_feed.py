"""One pair's frames in, what listeners are told out: quotes in order with the bars that end before them.

Without I/O.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.frames import INTERVALS_MIN, Bar, Ticker, Trade
from evotrade.exchange.kraken.sanity import PriceGuard
from evotrade.exchange.kraken.series import Series
from evotrade.exchange.kraken.subscriptions import Name, Params
from evotrade.exchange.kraken.trade_ids import TradeIds
from evotrade.exchange.protocols import ClosedBars, MarketEvent, Quote
from evotrade.market.candles import Candles

Tell = Callable[[MarketEvent], None]
MINUTES = {name: minutes for minutes, name in INTERVALS_MIN.items()}
_MOST_HELD = 10_000
_ABSURD_JUMP = 1_000_000  # trades that nobody misses while connected
_CONFIRMATIONS = 3


class PairFeed:
    """What is known of one pair, and its series."""

    def __init__(self, pair: str, counters: Counters, guard: PriceGuard) -> None:
        self.pair = pair
        self.series: dict[str, Series] = {}
        self._counters = counters
        self._guard = guard
        self._ids = TradeIds()
        self._ticker: Ticker | None = None
        self._price: float | None = None
        self._held: deque[Quote] = deque(maxlen=_MOST_HELD)
        self._blocked_since_s: float | None = None
        self._id_jumps = 0
        self._frame = 0

    def see_trades(self, trades: Iterable[Trade]) -> None:
        """Trades of one frame, in any order."""
        self._frame += 1
        quotes = []
        past = False
        for trade in sorted(trades, key=lambda trade: trade.id):
            past = trade.past
            quotes += self._see_trade(trade)
        if past:
            quotes = quotes[-1:]  # what was missed cannot be traded on any more
        self._held.extend(quote for quote in quotes if quote is not None)

    def _see_trade(self, trade: Trade) -> list[Quote | None]:
        last = self._ids.last
        if last is not None and trade.id <= last.id:
            if not trade.past:
                self._counters.add("duplicate_trades", 1)
            return []
        if self._jumps(trade):
            return []
        good = self._guard.accept(trade, self._frame)
        if not good:
            self._counters.warn("absurd_prices", pair=self.pair, price=trade.price, last=self._price)
        elif len(good) > 1:
            self._counters.warn("confirmed_jumps", pair=self.pair, price=trade.price, last=self._price)
        return [self._book(each) for each in good]

    def _jumps(self, trade: Trade) -> bool:
        """Whether its number is out of all proportion, and no others say the same."""
        last = self._ids.last
        if last is None or trade.past or trade.id - last.id < _ABSURD_JUMP:
            self._id_jumps = 0
            return False
        self._id_jumps += 1
        self._counters.warn("absurd_ids", pair=self.pair, trade_id=trade.id, last=last.id)
        return self._id_jumps < _CONFIRMATIONS

    def _book(self, trade: Trade) -> Quote | None:
        before = self._ids.last
        if self._ids.is_gap(trade) and not trade.past:
            self._counters.add("trade_gaps", 1)
        missed = (before is None or self._ids.is_gap(trade)) and not trade.past
        self._ids.add(trade)
        for series in self.series.values():
            if missed:
                series.miss(before.at_s if before else 0.0, trade.at_s)
            series.see_trade(trade.at_s)
        self._price = trade.price
        return self._quote(trade.at_s)

    def see_ticker(self, ticker: Ticker, now_s: float) -> None:
        """Best prices; the last price is the trades' matter once there were any."""
        if not self._guard.believes(ticker):
            self._counters.warn(
                "absurd_prices", pair=self.pair, bid=ticker.bid, ask=ticker.ask, last=ticker.last
            )
            return
        self._ticker = ticker
        last = self._ids.last
        at_s = ticker.at_s if ticker.at_s is not None else now_s
        for series in self.series.values():
            series.see_time(at_s)
        if last is None:
            self._price = ticker.last
        quote = self._quote(max(at_s, last.at_s) if last else at_s)
        if quote is not None:
            self._held.append(quote)

    def see_polled(self, ticker: Ticker, now_s: float, tell: Tell) -> None:
        """Prices that were asked for because no frames come: told at once, bars wait for the feed."""
        if not self._guard.believes(ticker):
            self._counters.warn(
                "absurd_prices", pair=self.pair, bid=ticker.bid, ask=ticker.ask, last=ticker.last
            )
            return
        self._ticker, self._price = ticker, ticker.last
        quote = self._quote(now_s)
        if quote is not None:
            tell(quote)

    def see_bar(self, bar: Bar) -> None:
        """A bar as it stands, for every series made of it."""
        if not self._guard.believes_bar(bar.high, bar.low) and bar.at_s is not None:
            self._counters.warn("absurd_prices", pair=self.pair, high=bar.high, low=bar.low)
            return
        for series in self.series.values():
            if series.base == bar.timeframe:
                wrong = series.see_bar(bar)
                if wrong:
                    self._counters.warn(
                        wrong, pair=self.pair, timeframe=series.timeframe, start_s=bar.start_s
                    )

    def _quote(self, at_s: float) -> Quote | None:
        if self._ticker is None or self._price is None:
            return None
        ticker = self._ticker
        return Quote(self.pair, at_s, self._price, ticker.bid, ticker.ask, ticker.bid_size, ticker.ask_size)

    def wanted(self) -> list[Params]:
        """Bars first, so that a bar's last state is known before the trade that ends it."""
        bases = dict.fromkeys(series.base for series in self.series.values())
        about: dict[str, Any] = {"symbol": [self.pair], "snapshot": True}
        bars = [{"channel": "ohlc", "interval": MINUTES[base], **about} for base in bases]
        return [*bars, {"channel": "trade", **about}, {"channel": "ticker", **about}]

    def settle(self, active: frozenset[Name]) -> None:
        """Which subscriptions stand."""
        for series in self.series.values():
            bars = ("ohlc", self.pair, MINUTES[series.base])
            series.ready = {bars, ("trade", self.pair, 0), ("ticker", self.pair, 0)} <= active

    def lose(self) -> None:
        """The connection broke."""
        self._held.clear()
        for series in self.series.values():
            series.lose()

    def flush(self, tell: Tell, now_s: float, monotonic_s: float, hold_s: float) -> None:
        """Tell what can be told: bars that are sure, then the quotes that may follow them.

        Quotes are held back for bars at most `hold_s`, since stops watch them.
        """
        for series in self.series.values():
            self.tell_bars(tell, series.take(self._ids), now_s, late=False)
        self._mark_due(monotonic_s)
        overdue = self._blocked_since_s is not None and monotonic_s - self._blocked_since_s > hold_s
        blocked = False
        while self._held:
            if self._blocked(self._held[0]):
                blocked = True
                if not overdue:
                    break
                self._counters.add("quotes_before_bars", 1)
            tell(self._held.popleft())
        if not blocked:
            self._blocked_since_s = None
        elif self._blocked_since_s is None:
            self._blocked_since_s = monotonic_s

    def tell_bars(self, tell: Tell, pieces: Iterable[Candles], now_s: float, *, late: bool) -> None:
        """Hand bars on."""
        for candles in pieces:
            if len(candles):
                tell(ClosedBars(candles, max(now_s, float(candles.end_s[-1])), late=late))

    def _blocked(self, quote: Quote) -> bool:
        return any(series.blocks(quote.at_s) for series in self.series.values())

    def _mark_due(self, monotonic_s: float) -> None:
        for series in self.series.values():
            if series.due_s() is None:
                series.due_since_s = None
            elif series.due_since_s is None:
                series.due_since_s = monotonic_s
