"""Candle files: the bytes of a CSV, a Parquet file or a file of Kraken's OHLCVT archive → candles.

Columns are those of a candle frame (timestamp, open, high, low, close, volume, trades, and where present
funding_rate, open_interest), by name in any order, or without a header in this order. Times are Unix
seconds, milliseconds or ISO 8601 (UTC where they name no zone). A row that cannot be a bar is refused by
its line, with the reason, and the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evotrade import timeframes
from evotrade.errors import BadCandleFile
from evotrade.market.candles import Candles, Source, find_bad_bars, without_trades
from evotrade.market.tables import read_table

_TIMEFRAMES = {length: name for name, length in timeframes.SECONDS.items()}


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

    Bars without a single trade are dropped, because Kraken's REST sends them and its websocket and
    archive do not: one market must be one series whatever way it came.
    """

    candles: Candles
    refused: tuple[RefusedRow, ...] = ()
    without_trades: int = 0


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
    cannot be read, lacks a column, has another timeframe than the one given, or holds no usable bar.
    """
    table = read_table(content, name)
    if not len(table.lines):
        raise _unusable(name, _refusals(table.refused), 0)
    timeframe = _timeframe(table.time_s, timeframe, name)
    columns = {"trades": np.zeros(len(table.lines)), **table.columns}
    traded = np.flatnonzero(~without_trades(columns))
    bars = {column: values[traded] for column, values in columns.items()}
    bad = find_bad_bars(table.time_s[traded], bars, timeframe)

    refused = {int(table.lines[traded[bar]]): reason for bar, reason in bad}
    rows = _refusals(table.refused | refused)
    kept = np.delete(traded, [bar for bar, _ in bad])
    empty = len(table.lines) - len(traded)
    if not len(kept):
        raise _unusable(name, rows, empty)
    values: dict[str, Any] = {column: values[kept] for column, values in columns.items()}
    candles = Candles(table.time_s[kept], timeframe=timeframe, pair=pair, source=source, **values)
    return CandleFile(candles, rows, empty)


def _refusals(reasons: dict[int, str]) -> tuple[RefusedRow, ...]:
    return tuple(RefusedRow(line, reason) for line, reason in sorted(reasons.items()))


def _unusable(name: str, refused: tuple[RefusedRow, ...], empty: int) -> BadCandleFile:
    why = f"the first refused is {refused[0]}" if refused else f"its {empty} bars are without trades"
    return BadCandleFile(f"{name} holds no usable bar, {why}: check that it is a file of candles")


def _timeframe(time_s: npt.NDArray[np.int64], given: str | None, name: str) -> str:
    """The timeframe of the rows: the one given, unless the steps between the rows contradict it."""
    steps, counts = np.unique(np.diff(time_s), return_counts=True)
    seen = {int(step): int(count) for step, count in zip(steps, counts, strict=True) if step > 0}
    if not seen and len(steps) and steps[0] < 0:
        raise BadCandleFile(f"{name} has its newest rows first: sort them by time, the oldest first")
    common = max(seen, key=lambda step: (seen[step], step in _TIMEFRAMES), default=0)
    if given is None:
        if common not in _TIMEFRAMES:
            rows = f"most of its rows lie {common} s apart" if common else "it has one time alone"
            raise BadCandleFile(f"{name} does not tell its timeframe, since {rows}: name it, for example 1h")
        return _TIMEFRAMES[common]
    length = timeframes.length_s(given)
    # Two rows may have a gap between them; more rows without one step of this length are something else.
    if common and (common < length or (sum(seen.values()) > 1 and length not in seen)):
        found = _TIMEFRAMES.get(common, f"{common} s")
        raise BadCandleFile(f"{name} holds bars of {found}, not of {given}: give the timeframe it has")
    return given
