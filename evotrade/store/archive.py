"""The archive: ended sessions leave the main tables with all their rows, and nothing is ever lost of them."""

from __future__ import annotations

from evotrade.store.records import TABLES
from evotrade.store.rows import fetch
from evotrade.store.sessions import SessionTable, columns_of, ended

_OLD = f"""
    SELECT session_id FROM sessions WHERE {ended()}
    ORDER BY coalesce(ended_at, started_at) DESC, session_id DESC OFFSET $keep
"""


class Archive(SessionTable):
    """Moves sessions to the tables `archived_…`."""

    def archive_sessions(self, keep: int = 100) -> list[int]:
        """Move all but the newest `keep` of the sessions that have ended; returns their numbers.

        All their rows move with them, in one transaction; reads find them as before. Ticks stay where
        they are, and become minutes like others.
        """
        with self.write() as con:
            ids = sorted(row["session_id"] for row in fetch(con, _OLD, {"keep": keep}))
            for table in TABLES:
                if table.archived and ids:
                    names = ", ".join(columns_of(table))
                    chosen = f"FROM {table.name} WHERE session_id IN (SELECT unnest($ids::BIGINT[]))"
                    con.execute(
                        f"INSERT INTO archived_{table.name} ({names}) SELECT {names} {chosen} ORDER BY rowid",
                        {"ids": ids},
                    )
                    con.execute(f"DELETE {chosen}", {"ids": ids})
        return ids
