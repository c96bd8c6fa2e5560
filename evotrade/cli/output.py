"""What commands print: tables and JSON on standard output, messages on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evotrade.market.files import CandleFile

_REFUSED_SHOWN = 20
_GAP = 2  # blanks between columns
_LEAST = 20  # characters that a cut column keeps
_UNBOUNDED = 10_000  # characters; a terminal wraps what is too wide for it, and a file keeps it whole


def say(text: str) -> None:
    """A plain line on standard output."""
    Console(soft_wrap=True, highlight=False, markup=False).print(text)


def note(text: str) -> None:
    """A message to the person, on standard error, so that output can be piped."""
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(text)


def fail(text: str) -> None:
    """An error, on standard error."""
    seen = "\n".join(map(visible, text.splitlines()))
    line = Text("Error: ", style="bold red").append(seen, style="not bold default")
    Console(stderr=True, soft_wrap=True, highlight=False).print(line)


def visible(text: str) -> str:
    """The line without what would move a terminal's cursor or colours: models and servers say anything."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def tell_about(file: CandleFile) -> None:
    """What a person should know of a candle file, on standard error; nothing where all of it was used."""
    if file.newest_first:
        note("The file has its newest row first; it was turned round.")
    if file.without_trades:
        note(f"{counted(file.without_trades, 'bar')} without trades left out.")
    if file.refused:
        note(f"{counted(len(file.refused), 'row')} refused:")
    for row in file.refused[:_REFUSED_SHOWN]:
        note(f"  {row}")
    if len(file.refused) > _REFUSED_SHOWN:
        note(f"  … and {len(file.refused) - _REFUSED_SHOWN:,} more")


def show_json(value: Any) -> None:
    """A value as JSON; NaN and infinities, which JSON lacks, are null."""
    say(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def plain(value: Any) -> Any:
    """A value made of what JSON knows."""
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return value.isoformat()
        case pd.DataFrame():
            return [plain(row) for row in value.to_dict("records")]
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case np.generic():
            return plain(value.item())
        case Iterable():
            return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain({item.name: getattr(value, item.name) for item in fields(value)})
    return None if pd.isna(value) else str(value)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, cut_last: bool = False) -> None:
    """A table; numbers are aligned right and text is never taken for markup.

    It is as wide as it needs to be; `cut_last` lets the last column be cut to fit a terminal.
    """
    listed = [list(row) for row in rows]
    numeric = [
        bool(listed) and all(isinstance(row[index], int | float | None) for row in listed)
        for index in range(len(columns))
    ]
    texts = [[Text(shown(item)) for item in row] for row in listed]
    terminal = Console()
    if cut_last and terminal.is_terminal:
        _cut_last(columns, texts, terminal.width)
    table = Table(header_style="bold", box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for column, right in zip(columns, numeric, strict=True):
        table.add_column(Text(column), justify="right" if right else "left", no_wrap=True)
    for row in texts:
        table.add_row(*row)
    wide = Console(width=_UNBOUNDED)
    with wide.capture() as drawn:
        wide.print(table, soft_wrap=True)
    for line in drawn.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def _cut_last(columns: Sequence[str], rows: Sequence[Sequence[Text]], width: int) -> None:
    others = sum(
        _GAP + max(cell_len(column), *(row[index].cell_len for row in rows), 0)
        for index, column in enumerate(columns[:-1])
    )
    for row in rows:
        row[-1].truncate(max(_LEAST, width - others - _GAP), overflow="ellipsis")


def shown(value: object) -> str:
    """A value as a person reads it: two decimals, more for small ones, a dash for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return (
            f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
        )
    return str(value)


def one_line(genome: str) -> str:
    """A genome's text on one line."""
    return "; ".join(genome.splitlines())


def counted(number: int, noun: str) -> str:
    """A number with its noun, as people say it."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
