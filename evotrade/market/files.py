"""Candle files: the bytes of a CSV, a Parquet file or a file of Kraken's OHLCVT archive → candles.

Columns are those of a candle frame (timestamp, open, high, low, close, volume, trades, and where present
funding_rate, open_interest), by name in any order, or without a header in this order. Times are Unix
seconds, milliseconds, microseconds, nanoseconds or ISO 8601 (UTC where they name no zone), the oldest or
the newest first. A row that cannot be a bar is refused by its line, with the reason, and the others go on,
unless half of the rows are refused, or a tenth for being out of order: then it is the file that is wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evotrade import timeframes
from evotrade.errors import BadCandleFile
from evotrade.market.candles import OUT_OF_ORDER, SAME_TIME, Candles, Source, find_bad_bars, without_trades
from evotrade.market.tables import read_table

_TIMEFRAMES = {length: name for name, length in timeframes.SECONDS.items()}
_VALUE = re.compile(r"'.*'|\S*\d\S*")  # what differs between two reasons of one kind


@dataclass(frozen=True)
class RefusedRow:
    """A row that is no bar: its line in the file (a Parquet file counts rows), from 1, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True)
class CandleFile:
    """What a candle file held: the candles kept, the rows refused, and how many bars had no trade.

    `newest_first` says that the file ran backwards, as many exports do, and was read from its end.
    Bars without a single trade are dropped, because Kraken's REST sends them and its websocket and
    archive do not: one market must be one series whatever way it came.
    """

    candles: Candles
    refused: tuple[RefusedRow, ...] = ()
    without_trades: int = 0
    newest_first: bool = False


def parse_candles(
    content: bytes,
    *,
    timeframe: str | None = None,
    pair: str = "",
    source: Source = "archive",
    name: str = "the file",
) -> CandleFile:
    """The candles in the bytes of a CSV or Parquet file; `name` is what errors call it.

    Without `timeframe` the commonest step between rows says it. Raises `BadCandleFile` for a file that
    cannot be read, lacks a column, has times of two units or another timeframe than the one given, is not
    in order of time, or of which half the rows are refused or none is a usable bar.
    """
    table = read_table(content, name)
    if not len(table.lines):
        raise _mostly_refused(name, _refusals(table.refused), len(table.refused))
    newest_first = bool(np.sign(np.diff(table.time_s)).sum() < 0)  # more steps go back than forward
    if newest_first:
        table = table.turned_round()
    timeframe = _timeframe(table.time_s, timeframe, name)
    columns = {"trades": np.zeros(len(table.lines)), **table.columns}
    traded = np.flatnonzero(~without_trades(columns))
    bars = {column: values[traded] for column, values in columns.items()}
    bad = find_bad_bars(table.time_s[traded], bars, timeframe)

    refused = {int(table.lines[traded[bar]]): reason for bar, reason in bad}
    rows = _refusals(table.refused | refused)
    kept = np.delete(traded, [bar for bar, _ in bad])
    empty = len(table.lines) - len(traded)
    _require_usable(name, rows, len(kept), empty)
    values: dict[str, Any] = {column: values[kept] for column, values in columns.items()}
    candles = Candles(table.time_s[kept], timeframe=timeframe, pair=pair, source=source, **values)
    return CandleFile(candles, rows, empty, newest_first)


def _refusals(reasons: dict[int, str]) -> tuple[RefusedRow, ...]:
    return tuple(RefusedRow(line, reason) for line, reason in sorted(reasons.items()))


def _require_usable(name: str, refused: tuple[RefusedRow, ...], kept: int, empty: int) -> None:
    total = len(refused) + kept + empty
    disordered = [row.line for row in refused if row.reason == OUT_OF_ORDER]
    if len(disordered) > 1 and 10 * len(disordered) >= total:
        raise BadCandleFile(
            f"{name} is not in order of time in {len(disordered)} of its {total} rows, first in line "
            f"{disordered[0]}: sort them by time"
        )
    if refused and (not kept or 2 * len(refused) >= total):
        raise _mostly_refused(name, refused, total)
    if not kept:
        raise BadCandleFile(
            f"{name} holds no usable bar, its {empty} bars are without trades: give a file of a traded market"
        )


def _mostly_refused(name: str, refused: tuple[RefusedRow, ...], total: int) -> BadCandleFile:
    """The error that names the commonest kind of refusal, by the first row of that kind."""
    kinds = [_VALUE.sub("", row.reason) for row in refused]
    first = refused[kinds.index(Counter(kinds).most_common(1)[0][0])]
    repair = "keep one row for each time" if first.reason == SAME_TIME else "correct or remove such rows"
    return BadCandleFile(
        f"{name} is not used, since {len(refused)} of its {total} rows are refused, most often like line "
        f"{first.line} ({first.reason}): {repair}"
    )


def _timeframe(time_s: npt.NDArray[np.int64], given: str | None, name: str) -> str:
    """The timeframe of the rows: the one given, unless the steps between their times contradict it."""
    steps, counts = np.unique(np.diff(np.unique(time_s)), return_counts=True)
    seen = {int(step): int(count) for step, count in zip(steps, counts, strict=True)}
    common = max(seen, key=lambda step: (seen[step], step in _TIMEFRAMES), default=0)
    if given is None:
        if common not in _TIMEFRAMES:
            rows = f"most of its rows lie {common} s apart" if common else "it has one time alone"
            raise BadCandleFile(f"{name} does not tell its timeframe, since {rows}: name it, for example 1h")
        return _TIMEFRAMES[common]
    length = timeframes.length_s(given)
    # Two rows may have a gap between them; more rows without one step of this length are something else.
    if common and (common < length or (sum(seen.values()) > 1 and length not in seen)):
        if common not in _TIMEFRAMES:
            lengths = ", ".join(timeframes.SECONDS)
            raise BadCandleFile(f"{name} has rows {common} s apart, not {given}: bars may be of {lengths}")
        raise BadCandleFile(
            f"{name} holds bars of {_TIMEFRAMES[common]}, not of {given}: give the timeframe it has"
        )
    return given
