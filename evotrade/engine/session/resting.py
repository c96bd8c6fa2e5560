"""When a stop that rests at the exchange is replaced, and when one that ended is placed again."""

from __future__ import annotations

from decimal import Decimal

from evotrade.engine.session.events import Ended
from evotrade.engine.session.intents import wait_s
from evotrade.engine.session.sizing import exact
from evotrade.engine.session.tickets import Ticket

_RAISES_A_TRAIL = 10  # a resting trailing stop follows in so many steps of its distance
_BETWEEN_RAISES_S = 10.0  # a cancel sooner than that costs the exchange's patience


class RestingStop:
    """`failures` counts the stops in a row that did not rest; none is placed before `retry_at_s`."""

    def __init__(self, trailing_stop_pct: float | None) -> None:
        self.failures = 0
        self.retry_at_s = 0.0
        self._trail_pct = trailing_stop_pct

    def is_behind(self, resting: Ticket, trigger: Decimal, at_s: float) -> bool:
        """Whether a trailing stop has moved up so far that the resting one should follow."""
        if not self._trail_pct or resting.order.price is None:
            return False
        step = 1 + exact(self._trail_pct) / (100 * _RAISES_A_TRAIL)
        is_far = trigger >= resting.order.price * step
        return is_far and at_s - resting.sent_at_s >= _BETWEEN_RAISES_S

    def ended(self, ticket: Ticket, event: Ended) -> None:
        """A stop is no more: unless it was wanted so, the next one waits a little."""
        failed = not ticket.cancelling and event.status != "filled"
        self.failures = self.failures + 1 if failed else 0
        self.retry_at_s = event.at_s + wait_s(self.failures) if failed else 0.0
