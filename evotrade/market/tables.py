"""Tables: the bytes of a CSV or Parquet file → columns of numbers, and the lines that could not be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from evotrade.errors import BadCandleFile
from evotrade.market.candles import OPTIONAL, REQUIRED, Floats

ORDER = ("timestamp", *REQUIRED, *OPTIONAL)
"""The columns that are read; a file without a header has them in this order, the last ones optional."""

_TIME_NAMES = {"time": "timestamp", "date": "timestamp", "datetime": "timestamp"}
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_FARTHEST_S = 2.0**53  # what lies beyond has no place in an integer, and is refused as out of range like this
_UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
_UNIT_FROM = (1e8, 1e11, 1e14, 1e17, 1e20)  # in each unit 1973 to 5138, so that no time of ours fits two


@dataclass(frozen=True)
class Table:
    """The rows of a file whose every cell could be read, and why each other line could not.

    `lines` (n,) counts from 1, a header included; `time_s` (n,) is in Unix seconds; `columns` holds (n,)
    finite numbers by name.
    """

    lines: npt.NDArray[np.int64]
    time_s: npt.NDArray[np.int64]
    columns: dict[str, Floats]
    refused: dict[int, str]

    def turned_round(self) -> Table:
        """The same rows from the last to the first, each with the line that it has in the file."""
        columns = {name: values[::-1] for name, values in self.columns.items()}
        return replace(self, lines=self.lines[::-1], time_s=self.time_s[::-1], columns=columns)


def read_table(content: bytes, name: str) -> Table:
    """The rows of a CSV or Parquet file that `name` calls so in errors.

    Raises `BadCandleFile` for a file that is neither, is empty, lacks a column, or has times of two units.
    """
    refused: dict[int, str] = {}
    if content.startswith(b"PAR1"):
        cells = _parquet(content, name)
        lines = np.arange(1, len(cells) + 1)
    else:
        cells, lines, refused = _text(content, name)
    if not len(cells) and not refused:
        raise BadCandleFile(f"{name} holds no rows: a candle file has one row a bar")
    _require_columns(cells.column_names, name)
    return _numbers_of(cells, lines, refused, name)


def _require_columns(names: list[str], name: str) -> None:
    missing = [column for column in ORDER[: 1 + len(REQUIRED)] if column not in names]
    if missing:
        raise BadCandleFile(
            f"{name} lacks the column {', '.join(missing)}: it has {', '.join(names)}, "
            f"candles need {', '.join(ORDER[: 1 + len(REQUIRED)])}"
        )
    twice = {column for column in names if column in ORDER and names.count(column) > 1}
    if twice:
        raise BadCandleFile(f"{name} has the column {', '.join(sorted(twice))} twice: rename or remove one")


def _column_name(text: str) -> str:
    name = text.strip().lower()
    return _TIME_NAMES.get(name, name)


def _parquet(content: bytes, name: str) -> pa.Table:
    try:
        table = pa.parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise BadCandleFile(f"{name} is a damaged Parquet file ({error}): write it again") from None
    return table.rename_columns([_column_name(column) for column in table.column_names])


def _text(content: bytes, name: str) -> tuple[pa.Table, npt.NDArray[np.int64], dict[int, str]]:
    """Cells as text, the line of each row, and the lines with too few or too many cells."""
    content = _plain(content, name)
    body = content.lstrip()
    names, has_header = _header(body.split(b"\n", 1)[0].decode(), name)
    refused: dict[int, str] = {}
    skipped: list[int] = []

    def refuse(row: Any) -> str:
        skipped.append(row.number)
        if row.text.strip():
            cells = "1 cell" if row.actual_columns == 1 else f"{row.actual_columns} cells"
            refused[row.number] = f"{cells} instead of {row.expected_columns}"
        return "skip"

    places = [str(place) for place in range(len(names))]
    cells = pa.csv.read_csv(
        pa.BufferReader(content),
        read_options=pa.csv.ReadOptions(column_names=places, use_threads=False),  # threads lose line numbers
        parse_options=pa.csv.ParseOptions(
            quote_char=False, invalid_row_handler=refuse, ignore_empty_lines=False
        ),
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(places, pa.string())),
    ).rename_columns(names)
    lines = np.delete(np.arange(1, len(cells) + len(skipped) + 1), np.array(skipped, dtype=np.int64) - 1)
    before = content[: len(content) - len(body)].count(b"\n") + has_header
    rows = np.flatnonzero((lines > before) & ~_blank(cells))
    return cells.take(rows), lines[rows], refused


def _plain(content: bytes, name: str) -> bytes:
    """UTF-8 text without quotes: one stray quote would swallow the lines after it, and no cell needs any."""
    if content.startswith(b"PK"):
        raise BadCandleFile(f"{name} is a ZIP archive: unpack it and give one of the CSV files inside")
    if b"\0" in content[:4096]:
        raise BadCandleFile(f"{name} is neither text nor Parquet: give a CSV or Parquet file of candles")
    text = content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    if not text.strip():
        raise BadCandleFile(f"{name} is empty: a candle file has one row a bar")
    return text.replace('"', "").encode()


def _header(line: str, name: str) -> tuple[list[str], bool]:
    """The columns' names, and whether the line says them (Kraken's archive has no header)."""
    names = [_column_name(cell) for cell in line.split(",")]
    if any(column in ORDER for column in names):
        return names, True
    if 1 + len(REQUIRED) <= len(names) <= len(ORDER):
        return list(ORDER[: len(names)]), False
    raise BadCandleFile(
        f"{name} starts with {line.strip()[:40]!r}, which is neither a header nor a bar: "
        f"separate {', '.join(ORDER[:7])} by commas"
    )


def _blank(cells: pa.Table) -> npt.NDArray[np.bool_]:
    """(n,) whether a row has no text at all, as an empty line has."""
    blank = np.ones(len(cells), dtype=np.bool_)
    for column in cells.columns:
        blank &= pc.equal(column, "").to_numpy()
    return blank


def _numbers_of(cells: pa.Table, lines: npt.NDArray[np.int64], refused: dict[int, str], name: str) -> Table:
    """Every cell as a number; rows with a cell that is none are refused."""
    time_s = _seconds(cells["timestamp"], lines, name)
    columns = {column: _floats(cells[column], name) for column in ORDER[1:] if column in cells.column_names}
    for column in OPTIONAL:
        if not np.isfinite(columns.get(column, np.ones(1))).any():
            del columns[column]  # a column without any number says that the market has none
    readable = np.ones(len(lines), dtype=np.bool_)
    for column, numbers in (("timestamp", time_s), *columns.items()):
        for row in np.flatnonzero(~np.isfinite(numbers)):
            refused.setdefault(int(lines[row]), _complaint(column, cells[column][int(row)]))
            readable[row] = False
    for row in np.flatnonzero(readable & (time_s != np.floor(time_s))):
        refused[int(lines[row])] = f"timestamp {time_s[row]} is not a whole second"
        readable[row] = False
    kept = {column: numbers[readable] for column, numbers in columns.items()}
    whole_s = np.clip(time_s[readable], -_FARTHEST_S, _FARTHEST_S).astype(np.int64)
    return Table(lines[readable], whole_s, kept, refused)


def _complaint(column: str, cell: pa.Scalar) -> str:
    value = cell.as_py()
    if value is None or value == "":
        return f"{column} is missing"
    if column != "timestamp":
        return f"{column} is {value!r:.40}, not a finite number"
    unit = " in the unit of the others" if re.match(_NUMBER, str(value)) else ""
    return f"timestamp is {value!r:.40}, not a time{unit}"


def _is_text(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _floats(column: pa.ChunkedArray, name: str) -> Floats:
    """(n,) numbers, NaN where there is none."""
    try:
        if not _is_text(column):
            # Nanoseconds have more digits than a float, but those of a whole minute end in zeros.
            return np.asarray(column.cast(pa.float64(), safe=False), dtype=np.float64)
        column = pc.utf8_trim_whitespace(column)
        try:
            return np.asarray(column.cast(pa.float64()), dtype=np.float64)
        except (
            pa.ArrowInvalid
        ):  # somewhere is no number: look at each cell, with the same parser for the others
            numbers = pc.if_else(pc.match_substring_regex(column, _NUMBER), column, None)
            return np.asarray(numbers.cast(pa.float64()), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadCandleFile(f"{name} has a column of {column.type}: candles need numbers") from None


def _seconds(column: pa.ChunkedArray, lines: npt.NDArray[np.int64], name: str) -> Floats:
    """(n,) Unix seconds, NaN where the cell is no time. What most rows hold decides how all are read."""
    if not pa.types.is_temporal(column.type):
        numbers = _floats(column, name)
        counted = numbers[np.isfinite(numbers)]
        if not _is_text(column) or 2 * len(counted) > len(numbers):
            return _scaled(numbers, lines, name)
        column = pc.utf8_trim_whitespace(column)
    dates = pd.DatetimeIndex(
        pd.to_datetime(column.to_pandas(), utc=True, format="ISO8601", errors="coerce")
    ).as_unit("us")
    return np.where(dates.isna(), np.nan, dates.asi8 / 1e6)


def _scaled(numbers: Floats, lines: npt.NDArray[np.int64], name: str) -> Floats:
    """(n,) Unix seconds of times in the unit that most have, which their size tells.

    One time of another unit is a slip, and NaN; several are a file put together of two.
    """
    units = np.digitize(numbers, _UNIT_FROM) - 1  # -1 and 4 (NaN too) are of no unit
    known = (units >= 0) & (units < len(_UNITS))
    common = int(np.bincount(units[known]).argmax()) if known.any() else 0
    strays = np.flatnonzero(known & (units != common))
    if len(strays) > 1:
        other, line = _UNITS[units[strays[0]]], lines[strays[0]]
        raise BadCandleFile(
            f"{name} has times in {_UNITS[common]} and, first in line {line}, in {other}: "
            "write all of them in one unit"
        )
    seconds = numbers / 1000.0**common
    seconds[strays] = np.nan
    return np.asarray(seconds)
