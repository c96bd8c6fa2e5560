"""What is counted: one set of names for the whole connection, ready for /metrics."""

from __future__ import annotations

from collections import Counter

import structlog

_log = structlog.get_logger(__name__)

NAMES = (
    "messages",
    "connects",
    "drops",
    "silences",
    "callback_errors",
    "malformed_frames",
    "unknown_frames",
    "refused_subscriptions",
    "superseded_tickers",
    "overflows",
    "duplicate_trades",
    "trade_gaps",
    "absurd_prices",
    "absurd_times",
    "absurd_ids",
    "listener_errors",
    "confirmed_jumps",
    "stale_bars",
    "confirmed_bars",
    "unconfirmed_bars",
    "corrected_bars",
    "quotes_before_bars",
    "backfills",
    "failed_backfills",
    "failed_polls",
    "duplicate_fills",
    "unknown_orders",
    "late_orders",
    "failed_lookups",
    "reconciliations",
    "rest_calls",
    "rest_retries",
    "rest_errors",
    "rest_waits_s",
)
"""Every counter, so that one that is still 0 shows too."""


class Counters:
    """Counts, and says in the log what went wrong."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter(dict.fromkeys(NAMES, 0))
        self._amounts: dict[str, float] = {}

    def add(self, name: str, amount: float = 1) -> None:
        """Count without a word."""
        if isinstance(amount, int):
            self._counts[name] += amount
        else:
            self._amounts[name] = self._amounts.get(name, 0.0) + amount

    def warn(self, name: str, **details: object) -> None:
        """Count, and write a line with the details."""
        self._counts[name] += 1
        _log.warning(name, count=self._counts[name], **details)

    def __getitem__(self, name: str) -> float:
        return self._counts[name] + self._amounts.get(name, 0.0)

    def values(self) -> dict[str, float]:
        """All counts by name."""
        return {name: self[name] for name in [*self._counts, *(self._amounts.keys() - self._counts.keys())]}
