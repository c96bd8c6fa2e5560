"""Ticks of live sessions: what they saw and were worth, second by second, and minute by minute when old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import pandas as pd

from evotrade.store.database import Database
from evotrade.store.rows import insert, scalar, utc

MOST_TICKS = 10_000

# A minute stands at its end, where its last price and profit were seen.
_TICKS = """
    SELECT seen_at, price, pnl FROM (
        SELECT seen_at, price, pnl FROM ticks WHERE session_id = $id
        UNION ALL
        SELECT minute + INTERVAL 1 MINUTE AS seen_at, close AS price, pnl FROM tick_minutes
        WHERE session_id = $id
    ) WHERE $since::TIMESTAMPTZ IS NULL OR seen_at > $since ORDER BY seen_at DESC LIMIT $limit
"""
_MINUTES = """
    INSERT INTO tick_minutes (session_id, minute, open, high, low, close, pnl)
    SELECT session_id, date_trunc('minute', seen_at) AS minute, arg_min(price, (seen_at, rowid)), max(price),
           min(price), arg_max(price, (seen_at, rowid)), arg_max(pnl, (seen_at, rowid))
    FROM ticks WHERE seen_at < $end GROUP BY session_id, minute
    ON CONFLICT (session_id, minute) DO UPDATE SET high = greatest(high, excluded.high),
    low = least(low, excluded.low), close = excluded.close, pnl = excluded.pnl
"""
_PIECE = timedelta(hours=1)  # of a hundred sessions this takes a fraction of a second, while others wait


class Tick(NamedTuple):
    """One look of a session at its market: time of the exchange (UTC), last price and profit so far."""

    session_id: int
    seen_at: datetime
    price: float
    pnl: float


class TickTable(Database):
    """The tables `ticks` and `tick_minutes`."""

    def append_ticks(self, ticks: Sequence[Tick]) -> None:
        """Keep ticks of any number of sessions, in one transaction."""
        rows = [{**tick._asdict(), "seen_at": utc(tick.seen_at, "time of a tick")} for tick in ticks]
        with self.write() as con:
            insert(con, "ticks", rows)

    def ticks(
        self, session_id: int, since: datetime | None = None, limit: int | None = MOST_TICKS
    ) -> pd.DataFrame:
        """The session's ticks after `since`, oldest first: seen_at (UTC), price, pnl (quote currency).

        The newest `limit` of them, all with None; old ones come minute by minute.
        """
        after = None if since is None else utc(since, "start of the ticks")
        most = 2**62 if limit is None else limit
        newest = self.query(_TICKS, {"id": session_id, "since": after, "limit": most})
        return newest.iloc[::-1].reset_index(drop=True)

    def downsample_ticks(self, older_than: datetime) -> int:
        """Make minutes of the ticks of whole minutes before that time; returns how many ticks went.

        In pieces of an hour of ticks, so that nobody waits for all of it.
        """
        last = utc(older_than, "age of ticks").replace(second=0, microsecond=0)
        gone = 0
        with self.read() as con:
            first = scalar(con, "SELECT min(seen_at) FROM ticks")
        while first is not None and first < last:
            end = min(first.replace(second=0, microsecond=0) + _PIECE, last)
            with self.write() as con:
                con.execute(_MINUTES, {"end": end})
                gone += int(scalar(con, "DELETE FROM ticks WHERE seen_at < $end", {"end": end}))
                first = scalar(con, "SELECT min(seen_at) FROM ticks")
        return gone
