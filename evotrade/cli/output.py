"""What commands print: tables and JSON on standard output, messages on standard error."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text


def say(text: str) -> None:
    """A plain line on standard output."""
    Console(soft_wrap=True, highlight=False, markup=False).print(text)


def note(text: str) -> None:
    """A message to the person, on standard error, so that output can be piped."""
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(text)


def fail(text: str) -> None:
    """An error, on standard error."""
    line = Text("Error: ", style="bold red").append(text, style="not bold default")
    Console(stderr=True, soft_wrap=True, highlight=False).print(line)


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


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; numbers are aligned right, and text is never taken for markup."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    listed = [list(row) for row in rows]
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], (int, float)) for row in listed)
        table.add_column(column, justify="right" if numeric and listed else "left", overflow="fold")
    for row in listed:
        table.add_row(*(Text(shown(item)) for item in row))
    Console().print(table)


def shown(value: object) -> str:
    """A value as a person reads it: four significant digits, a dash for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
    return str(value)
