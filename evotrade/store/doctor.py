"""What a healthy store never holds: rows that point to nothing. There are no foreign keys to forbid it."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from evotrade.store import migrations
from evotrade.store.database import Database
from evotrade.store.rows import fetch


class _Check(NamedTuple):
    """A kind of finding: what it says, the SQL for the rows concerned (column `id`), how to repair it."""

    finding: str
    sql: str
    repair: str


def _orphans(table: str, column: str, owner: str, key: str, repair: str, name: str | None = None) -> _Check:
    return _Check(
        f"{table} whose {column.removesuffix('_id')} is missing",
        f"SELECT {name or column} AS id FROM {table} WHERE {column} IS NOT NULL "
        f"AND {column} NOT IN (SELECT {key} FROM {owner})",
        repair,
    )


def _of_sessions(prefix: str) -> tuple[_Check, ...]:
    """The checks of sessions and what belongs to them, in the main tables or in the archive."""
    sessions = f"{prefix}sessions"
    owned = {"transitions": "record_id", "session_bars": "session_id", "orders": "order_id"}
    owned |= {"fills": "fill_id", "trades": "trade_id"}
    return (
        _orphans(sessions, "cell_id", "cells", "cell_id", _IMPORT, name="session_id"),
        *(
            _orphans(f"{prefix}{table}", "session_id", sessions, "session_id", _RESTORE, name)
            for table, name in owned.items()
        ),
        _orphans(f"{prefix}fills", "order_id", f"{prefix}orders", "order_id", _RESTORE, name="fill_id"),
    )


_IMPORT = "import those cells again, or restore a snapshot"
_RESTORE = "restore a snapshot"
_ALL_SESSIONS = "(SELECT session_id FROM sessions UNION ALL SELECT session_id FROM archived_sessions)"
_CHECKS = (
    _orphans("phenotypes", "cell_id", "cells", "cell_id", _IMPORT),
    _orphans("status_history", "cell_id", "cells", "cell_id", _IMPORT),
    _orphans("cells", "parent_id", "cells", "cell_id", _IMPORT, name="cell_id"),
    _orphans("cells", "second_parent_id", "cells", "cell_id", _IMPORT, name="cell_id"),
    _Check(
        "cells whose dish is missing",
        "SELECT cell_id AS id FROM cells WHERE dish <> '' AND dish NOT IN (SELECT name FROM dishes)",
        "save the dish again under its name",
    ),
    _Check(
        "cells whose status is not the last of their history",
        "SELECT cell_id AS id FROM cells LEFT JOIN (SELECT cell_id, last(status ORDER BY changed_at, rowid) "
        "AS last FROM status_history GROUP BY cell_id) USING (cell_id) WHERE status IS DISTINCT FROM last",
        "judge the cells again",
    ),
    _orphans("runs", "dish", "dishes", "name", "save the dish again under its name", name="run_id"),
    _orphans("generations", "run_id", "runs", "run_id", _RESTORE),
    _orphans("failures", "run_id", "runs", "run_id", _RESTORE),
    _orphans("trials", "run_id", "runs", "run_id", _RESTORE),
    _orphans("candles", "series_id", "series", "series_id", "import those candles again"),
    *_of_sessions(""),
    *_of_sessions("archived_"),
    _orphans("ticks", "session_id", _ALL_SESSIONS, "session_id", _RESTORE),
    _orphans("tick_minutes", "session_id", _ALL_SESSIONS, "session_id", _RESTORE),
    _orphans("alerts", "session_id", _ALL_SESSIONS, "session_id", _RESTORE, name="record_id"),
    _Check(
        "sessions that are in the archive, too",
        "SELECT session_id AS id FROM sessions JOIN archived_sessions USING (session_id)",
        _RESTORE,
    ),
)


class Doctor(Database):
    """Looks over all tables."""

    def doctor(self) -> pd.DataFrame:
        """A row for each kind of damage found: finding, rows, example, repair. Empty for a healthy store."""
        found = []
        for check in _CHECKS:  # a read each, so that no writer waits for all of them
            with self.read() as con:
                (row,) = fetch(con, f"SELECT count(*) AS n, min(id)::VARCHAR AS example FROM ({check.sql})")
            if row["n"]:
                found.append((check.finding, row["n"], row["example"], check.repair))
        with self.read() as con:
            changed = migrations.changed(con, self._steps)
        if changed:
            text = "migrations changed after they were applied"
            found.append((text, len(changed), changed[0], "restore the files of db/migrations"))
        return pd.DataFrame(found, columns=["finding", "rows", "example", "repair"])
