"""Ticks of live sessions: what they saw and were worth, second by second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from evotrade.store.database import Database
from evotrade.store.rows import insert, utc


class Tick(NamedTuple):
    """One look of a session at its market: time of the exchange (UTC), last price and profit so far."""

    session_id: int
    seen_at: datetime
    price: float
    pnl: float


class TickTable(Database):
    """The table `ticks`."""

    def append_ticks(self, ticks: Sequence[Tick]) -> None:
        """Keep ticks of any number of sessions, in one transaction."""
        rows = [{**tick._asdict(), "seen_at": utc(tick.seen_at, "time of a tick")} for tick in ticks]
        with self.write() as con:
            insert(con, "ticks", rows)

    def ticks(self, session_id: int) -> pd.DataFrame:
        """The session's ticks, oldest first: seen_at (UTC), price, pnl (quote currency)."""
        return self.query(
            "SELECT seen_at, price, pnl FROM ticks WHERE session_id = $id ORDER BY seen_at",
            {"id": session_id},
        )
