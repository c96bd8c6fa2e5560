"""What is believed of prices and times: a jump out of all proportion waits until more trades confirm it."""

from __future__ import annotations

from evotrade.exchange.kraken.frames import Ticker, Trade


class PriceGuard:
    """Tells good trades of one pair from absurd ones. A price is good within `factor` of the last good one.

    Trades beyond are kept back; when as many frames in a row as `confirmations` agree on another level, it
    is the market's, and they come out together.
    """

    def __init__(self, factor: float = 5.0, confirmations: int = 3) -> None:
        self._factor = factor
        self._confirmations = confirmations
        self._good: float | None = None
        self._doubted: list[Trade] = []
        self._frames: set[int] = set()

    def accept(self, trade: Trade, frame: int) -> list[Trade]:
        """The trades that are good now that this one came: itself, none, or those that it confirms.

        `frame` is the number of the frame that it came in.
        """
        if self._good is None or self._near(trade.price, self._good):
            self._good = trade.price
            self._trust()
            return [trade]
        if self._doubted and not self._near(trade.price, self._doubted[-1].price):
            self._trust()
        if trade.id not in {doubted.id for doubted in self._doubted}:  # one trade told twice confirms nothing
            self._doubted.append(trade)
            self._frames.add(frame)
        if len(self._frames) < self._confirmations:
            return []
        good = list(self._doubted)
        self._trust()
        self._good = trade.price
        return good

    def _trust(self) -> None:
        self._doubted.clear()
        self._frames.clear()

    def believes(self, ticker: Ticker) -> bool:
        """Whether its prices fit the last good trade; the first ticker of all is believed."""
        prices = (ticker.last, ticker.bid, ticker.ask)
        return self._good is None or all(self._near(price, self._good) for price in prices)

    def believes_bar(self, high: float, low: float) -> bool:
        """Whether a bar's prices fit the last good trade."""
        return self._good is None or (self._near(high, self._good) and self._near(low, self._good))

    def _near(self, price: float, other: float) -> bool:
        return other / self._factor <= price <= other * self._factor


class ExchangeClock:
    """The exchange's time by its last message and the time passed since, Unix seconds.

    `speed` is how many of its seconds pass in one of ours. A time further ahead than `most_ahead_s` is
    believed once `confirmations` messages in a row say so.
    """

    def __init__(
        self, speed: float = 1.0, most_ahead_s: float = 30 * 86_400.0, confirmations: int = 3
    ) -> None:
        self.speed = speed
        self._most_ahead_s = most_ahead_s
        self._confirmations = confirmations
        self._at_s: float | None = None
        self._set_s = 0.0
        self._doubts = 0

    @property
    def is_set(self) -> bool:
        """Whether the exchange has told a time yet."""
        return self._at_s is not None

    def now_s(self, monotonic_s: float) -> float:
        """The time, 0 before the first message."""
        if self._at_s is None:
            return 0.0
        return self._at_s + max(0.0, monotonic_s - self._set_s) * self.speed

    def hear(self, at_s: float, monotonic_s: float) -> bool:
        """Take in a time of a message; whether it is believed. An older one is, and changes nothing."""
        now_s = self.now_s(monotonic_s)
        if self._at_s is not None and at_s > now_s + self._most_ahead_s:
            self._doubts += 1
            if self._doubts < self._confirmations:
                return False
        self._doubts = 0
        if at_s >= now_s:
            self._at_s, self._set_s = at_s, monotonic_s
        return True
