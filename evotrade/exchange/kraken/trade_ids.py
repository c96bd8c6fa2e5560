"""How many trades an interval must have had, by the numbers that the exchange gives its trades."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

from evotrade.exchange.kraken.frames import Trade

_KEPT = 6_000


class TradeIds:
    """The trades of one pair that were seen, as far as they tell where intervals begin.

    Numbers have no gaps: where number 7 was traded before an hour's start and 8 after it, 8 is the first of
    that hour, whatever was missed on the way. So a bar's count of trades can be checked.
    """

    def __init__(self) -> None:
        self.last: Trade | None = None
        self._after_s: deque[float] = deque(maxlen=_KEPT)
        self._steps: deque[tuple[float, int]] = deque(maxlen=_KEPT)  # time of the trade before, number

    def add(self, trade: Trade) -> bool:
        """Take in a trade; False for one that is not newer than the last."""
        last = self.last
        if last is not None and trade.id <= last.id:
            return False
        if last is not None and trade.id == last.id + 1 and trade.at_s // 60 > last.at_s // 60:
            self._after_s.append(trade.at_s)
            self._steps.append((last.at_s, trade.id))
        self.last = trade
        return True

    def is_gap(self, trade: Trade) -> bool:
        """Whether trades before this one were missed."""
        return self.last is not None and trade.id > self.last.id + 1

    def expected(self, start_s: int, end_s: int) -> int | None:
        """Trades of `[start_s, end_s)`, None where the numbers don't tell. Bounds are whole minutes."""
        first, after = self._first_id(start_s), self._first_id(end_s)
        return None if first is None or after is None else after - first

    def _first_id(self, bound_s: int) -> int | None:
        """The number of the first trade at or after a moment."""
        place = bisect_left(self._after_s, bound_s)
        if place == len(self._steps) or self._steps[place][0] >= bound_s:
            return None
        return self._steps[place][1]
