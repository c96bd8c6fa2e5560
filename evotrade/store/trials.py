"""The ledger of trials: added to, counted and read; all that ever changes is a test that became a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from evotrade.evolution.ledger import Trial
from evotrade.store.database import Database
from evotrade.store.rows import Columns, Row, fetch, from_epoch, insert_columns, scalar, utc

_TIMES = {"start_s": "span_start", "end_s": "span_end"}
_LISTS = ("slice_n", "slice_sum", "slice_sum_sq")
_PLAIN = tuple(field.name for field in fields(Trial) if field.name not in {*_TIMES, *_LISTS, "created_at"})
_CONDITIONS = {
    "dish": "dish = $dish",
    "pair": "pair = $pair",
    "timeframe": "timeframe = $timeframe",
    "start": "span_end > $start",
    "end": "span_start < $end",
}


# One genome with the same settings on the same bars is one trial, whoever looks and however often. Genomes
# that do not parse share the id "": their texts tell them apart.
_IDENTITY = ("genome_id", "settings_key", "pair", "source", "span_start", "span_end")
_SAME = f"""
    SELECT {", ".join(_IDENTITY)}, if(genome_id = '', genome, '') AS genome, min(trial_id) AS trial_id
    FROM trials WHERE genome_id IN (SELECT unnest($genomes)) GROUP BY ALL
"""
_BORN = """
    UPDATE trials SET outcome = 'born' WHERE outcome = 'test' AND trial_id IN (SELECT unnest($ids::BIGINT[]))
"""


class Entry(NamedTuple):
    """Where the ledger holds a trial, and whether it was entered just now."""

    trial_id: int
    new: bool


class TrialTable(Database):
    """The table `trials`."""

    def add_trials(self, trials: Sequence[Trial]) -> None:
        """Enter trials into the ledger."""
        columns = trial_columns(trials)
        with self.write() as con:
            insert_trials(con, columns)

    def enter_once(self, trials: Sequence[Trial]) -> list[Entry]:
        """Enter those that the ledger lacks; says where each of `trials` is, in their order.

        The same genome with the same settings on the same span of the same series is the same trial. A test
        that became a cell counts as born.
        """
        keys = [_identity(trial) for trial in trials]
        with self.write() as con:
            same = fetch(con, _SAME, {"genomes": [trial.genome_id for trial in trials]})
            entries = {_stored_identity(row): Entry(row["trial_id"], new=False) for row in same}
            fresh = {key: trial for key, trial in zip(keys, trials, strict=True) if key not in entries}
            numbers = insert_trials(con, trial_columns(list(fresh.values())))
            known = [
                entries[key]
                for key, trial in zip(keys, trials, strict=True)
                if trial.outcome == "born" and key in entries
            ]
            con.execute(_BORN, {"ids": [entry.trial_id for entry in known]})
        entries.update((key, Entry(number, new=True)) for key, number in zip(fresh, numbers, strict=True))
        return [entries[key] for key in keys]

    def count_trials(
        self,
        pair: str,
        start_s: int | None = None,
        end_s: int | None = None,
        *,
        timeframe: str | None = None,
        effective: bool = False,
    ) -> int:
        """N: trials of the pair on any span that overlaps `[start_s, end_s)`, at any interval, that traded.

        With `effective`, those with the same decisions on the same span count once.
        """
        counted = (
            "count(DISTINCT (fingerprint, timeframe, span_start, span_end))" if effective else "count(*)"
        )
        where, parameters = _where(pair=pair, timeframe=timeframe, start_s=start_s, end_s=end_s)
        with self.read() as con:
            return int(scalar(con, f"SELECT {counted} FROM trials {where} AND trades > 0", parameters))

    def trials(
        self,
        *,
        dish: str | None = None,
        pair: str | None = None,
        timeframe: str | None = None,
        start_s: int | None = None,
        end_s: int | None = None,
    ) -> pd.DataFrame:
        """Trials in the order in which they were made; spans need to overlap `[start_s, end_s)`.

        Those of one moment, as a generation's, come in the order in which they were entered, which is that
        of `trial_id`. `slice_n`, `slice_sum`, `slice_sum_sq` hold an array of 16 per row; span_start,
        span_end and created_at are UTC.
        """
        where, parameters = _where(dish=dish, pair=pair, timeframe=timeframe, start_s=start_s, end_s=end_s)
        return self.query(f"SELECT * FROM trials {where} ORDER BY created_at, trial_id", parameters)

    def tried(self, dish: str) -> set[str]:
        """Ids of all genomes that were ever evaluated in the dish."""
        with self.read() as con:
            sql = "SELECT DISTINCT genome_id FROM trials WHERE dish = $dish"
            return {genome_id for (genome_id,) in con.execute(sql, {"dish": dish}).fetchall()}


def trial_columns(trials: Sequence[Trial]) -> Columns:
    """Trials as columns of the ledger. `StoreError` for a trial at a time without a zone."""
    columns: dict[str, Sequence[Any]] = {
        name: [getattr(trial, name) for trial in trials] for name in (*_PLAIN, *_LISTS)
    }
    for name, column in _TIMES.items():
        columns[column] = [from_epoch(getattr(trial, name)) for trial in trials]
    columns["created_at"] = [utc(one.created_at, f"time of the trial of {one.genome_id}") for one in trials]
    return columns


def insert_trials(con: duckdb.DuckDBPyConnection, columns: Columns) -> range:
    """Inside a write: enter columns of `trial_columns`, numbered after the trials there are; the numbers."""
    first = int(scalar(con, "SELECT coalesce(max(trial_id), 0) + 1 FROM trials"))
    numbers = range(first, first + len(columns["genome_id"]))
    if numbers:
        insert_columns(con, "trials", {"trial_id": numbers, **columns})
    return numbers


def _identity(trial: Trial) -> tuple[Any, ...]:
    span = from_epoch(trial.start_s), from_epoch(trial.end_s)
    text = "" if trial.genome_id else trial.genome
    return trial.genome_id, trial.settings_key, trial.pair, trial.source, *span, text


def _stored_identity(row: Row) -> tuple[Any, ...]:
    return *(row[name] for name in _IDENTITY), row["genome"]


def _where(*, start_s: int | None, end_s: int | None, **equal: str | None) -> tuple[str, dict[str, Any]]:
    given = {
        **equal,
        "start": None if start_s is None else from_epoch(start_s),
        "end": None if end_s is None else from_epoch(end_s),
    }
    parameters = {name: value for name, value in given.items() if value is not None}
    conditions = " AND ".join(_CONDITIONS[name] for name in parameters)
    return f"WHERE {conditions}" if conditions else "", parameters
