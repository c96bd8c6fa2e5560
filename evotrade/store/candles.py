"""Candle series: a pair, source and timeframe each; bars come in any number of pieces."""

from __future__ import annotations

from typing import Any, get_args

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from evotrade.errors import NotFound
from evotrade.market.candles import OPTIONAL, REQUIRED, Candles, Source
from evotrade.store.database import Database
from evotrade.store.rows import arrow, arrow_table, fetch, frame, scalar

_VALUES = (*REQUIRED, *OPTIONAL)
_MAY_LACK = ("funding_rate", "open_interest")
_BARS = f"""
    SELECT epoch_us(bar_start) AS time_us, {", ".join(_VALUES)} FROM candles
    WHERE series_id = $id ORDER BY bar_start
"""
_SERIES_ID = """
    SELECT series_id FROM series WHERE pair = $pair AND source = $source AND timeframe = $timeframe
"""
_COVERAGE = """
    SELECT pair, source, timeframe, count(*) AS bars, min(bar_start) AS first, max(bar_start) AS last
    FROM candles JOIN series USING (series_id)
    GROUP BY pair, source, timeframe ORDER BY pair, source, timeframe
"""
# Unordered, and sorted by whoever reads them: DuckDB takes five times as long to sort what is almost sorted.
_STARTS = "SELECT epoch_us(bar_start) AS time_us FROM candles WHERE series_id = $id"
_CONTENTS = f"""
    SELECT concat_ws(' ', count(*), sum(hash(bar_start, {", ".join(_VALUES)})))
    FROM candles JOIN series USING (series_id)
    WHERE pair = $pair AND source = $source AND timeframe = $timeframe
"""
_CLOSES = """
    WITH bars AS (SELECT epoch_us(bar_start) AS time_us, close FROM candles WHERE series_id = $id),
    ends AS (SELECT min(time_us) AS first, max(time_us) AS last FROM bars),
    kept AS (
        SELECT unnest([arg_min(time_us, close), arg_max(time_us, close)]) AS time_us
        FROM bars, ends GROUP BY (time_us - first) * $stretches // (last - first + 1)
        UNION SELECT unnest([first, last]) FROM ends
    )
    SELECT make_timestamptz(time_us) AS time, close FROM bars SEMI JOIN kept USING (time_us) ORDER BY time
"""


class CandleTable(Database):
    """The tables `series` and `candles`."""

    def save_candles(self, candles: Candles) -> int:
        """Add a series' bars or correct those that differ; returns how many were new or changed.

        A column that `candles` lacks (funding, open interest) keeps what is stored of it.
        """
        if not len(candles):
            return 0
        with self.write() as con:
            series_id = _series_id(con, candles)
            bars = {"bar_start": pa.array(candles.time_s, pa.timestamp("s", "UTC")), **_arrays(candles)}
            con.register("given", arrow_table(con, "candles", bars))
            differs = " OR ".join(f"coalesce(given.{n}, old.{n}) IS DISTINCT FROM old.{n}" for n in _VALUES)
            changed = con.sql(
                f"SELECT {series_id}::INTEGER AS series_id, given.* FROM given LEFT JOIN candles old "
                f"ON old.series_id = {series_id} AND old.bar_start = given.bar_start "
                f"WHERE old.bar_start IS NULL OR {differs}"
            ).to_arrow_table()
            con.unregister("given")
            _upsert(con, changed)
        return int(changed.num_rows)

    def load_candles(
        self,
        pair: str,
        timeframe: str,
        source: str | None = None,
        start_s: int | None = None,
        end_s: int | None = None,
    ) -> Candles:
        """The stored bars that lie wholly inside `[start_s, end_s)`, Unix seconds; all of them by default.

        Without a `source` the first of kraken, archive, sandbox, synthetic that has the series is taken.
        `NotFound` says what there is instead.
        """
        with self.read() as con:
            sources = fetch(
                con,
                "SELECT source, series_id FROM series WHERE pair = $pair AND timeframe = $timeframe",
                {"pair": pair, "timeframe": timeframe},
            )
            ids = {row["source"]: row["series_id"] for row in sources if source in (None, row["source"])}
            if not ids:
                raise self._not_found(pair, timeframe, source)
            chosen: Source = next(name for name in get_args(Source) if name in ids)
            bars = arrow(con, _BARS, {"id": ids[chosen]})
        series = _series(bars, pair, timeframe, chosen)  # checks every bar, so not while others wait
        found = series.between(
            start_s if start_s is not None else int(series.time_s[0]),
            end_s if end_s is not None else int(series.end_s[-1]),
        )
        if not len(found):
            raise self._not_found(pair, timeframe, source)
        return found

    def coverage(self) -> pd.DataFrame:
        """What candles there are: pair, source, timeframe, bars, first and last bar's start (UTC)."""
        return self.query(_COVERAGE)

    def bar_starts(self, pair: str, timeframe: str, source: str) -> npt.NDArray[np.int64]:
        """(n,) when the bars of a series start, Unix seconds, rising: all that gaps and coverage need.

        A million take 30 ms, where the candles themselves take 2 s. `NotFound` as `load_candles`.
        """
        bars = self._of_series(_STARTS, pair, timeframe, source)
        return np.sort(bars["time_us"].to_numpy() // 1_000_000)

    def contents(self, pair: str, timeframe: str, source: str) -> str:
        """A text that changes with any bar of that series and with nothing else: the key for caches.

        A million bars take 50 ms. A series that is not there has one too.
        """
        with self.read() as con:
            return str(scalar(con, _CONTENTS, {"pair": pair, "timeframe": timeframe, "source": source}))

    def closes(self, pair: str, timeframe: str, source: str, stretches: int = 1_000) -> pd.DataFrame:
        """`time` (bar start, UTC) and `close` of those bars with which a line draws as with all of them.

        The lowest and the highest close of each of so many equal stretches of time, the first and the
        last of all, oldest first. `NotFound` as `load_candles`.
        """
        return frame(self._of_series(_CLOSES, pair, timeframe, source, stretches=stretches))

    def _of_series(self, sql: str, pair: str, timeframe: str, source: str, **parameters: int) -> pa.Table:
        names = {"pair": pair, "timeframe": timeframe, "source": source}
        with self.read() as con:
            series_id = scalar(con, _SERIES_ID, names)
            if series_id is None:
                raise self._not_found(pair, timeframe, source)
            return arrow(con, sql, {"id": series_id, **parameters})

    def _not_found(self, pair: str, timeframe: str, source: str | None) -> NotFound:
        with self.read() as con:
            rows = fetch(con, _COVERAGE)
        line = "{pair} {timeframe} from {source} ({first:%Y-%m-%d} to {last:%Y-%m-%d})"
        listed = ", ".join(line.format(**row) for row in rows)
        wanted = f"{pair} {timeframe}" + (f" from {source}" if source else "")
        has = (
            f"it holds {listed}"
            if rows
            else "it holds no candles yet, evotrade fetch or import-candles brings some"
        )
        return NotFound(f"there are no such candles of {wanted} in the store: {has}")


def _arrays(candles: Candles) -> dict[str, pa.Array]:
    missing = pa.nulls(len(candles), pa.float64())
    columns = {name: getattr(candles, name) for name in _VALUES}
    return {name: missing if values is None else pa.array(values) for name, values in columns.items()}


def _series_id(con: duckdb.DuckDBPyConnection, candles: Candles) -> int:
    names = {"pair": candles.pair, "source": candles.source, "timeframe": candles.timeframe}
    known = scalar(con, _SERIES_ID, names)
    if known is not None:
        return int(known)
    con.execute(
        "INSERT INTO series (series_id, pair, source, timeframe) "
        "SELECT coalesce(max(series_id), 0) + 1, $pair, $source, $timeframe FROM series",
        names,
    )
    return int(scalar(con, _SERIES_ID, names))


def _upsert(con: duckdb.DuckDBPyConnection, bars: pa.Table) -> None:
    names = ", ".join(bars.column_names)
    updates = ", ".join(
        f"{name} = coalesce(excluded.{name}, candles.{name})"
        if name in _MAY_LACK
        else f"{name} = excluded.{name}"
        for name in _VALUES
    )
    con.register("bars", bars)
    con.execute(
        f"INSERT INTO candles ({names}) SELECT {names} FROM bars "
        f"ON CONFLICT (series_id, bar_start) DO UPDATE SET {updates}"
    )
    con.unregister("bars")


def _series(bars: pa.Table, pair: str, timeframe: str, source: Source) -> Candles:
    columns: dict[str, Any] = {
        name: None if bars[name].null_count else bars[name].to_numpy().astype(np.float64) for name in _VALUES
    }
    time_s = bars["time_us"].to_numpy() // 1_000_000
    return Candles(time_s=time_s, timeframe=timeframe, pair=pair, source=source, **columns)
