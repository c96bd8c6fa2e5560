"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from evotrade.cli.output import counted, tell_about
from evotrade.errors import BadCandleFile, SettingsError
from evotrade.lab.candles import load_candles, read_candle_file
from evotrade.market.candles import Candles
from evotrade.market.files import CandleFile
from evotrade.settings import load_settings
from evotrade.store import Store, open_store

StoreOption = Annotated[
    Path | None,
    typer.Option("--store", help="The store's file; otherwise EVOTRADE_STORE, otherwise db/evotrade.duckdb."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="A candle file: CSV, Parquet or Kraken archive.", show_default=False),
]
PairOption = Annotated[
    str | None, typer.Option("--pair", help="A pair the store holds, or that of the file, like BTC/USD.")
]
IntervalOption = Annotated[str | None, typer.Option("--interval", help="Length of a bar: 1h, 4h, 1d …")]
TimeframesOption = Annotated[
    str,
    typer.Option(
        "--timeframes", help="Timeframes to evaluate at, like 1h,4h,1d; otherwise the candles' own."
    ),
]
Combine = Literal["votes", "majority", "first", "unanimous"]
CombineOption = Annotated[Combine | None, typer.Option("--combine", help="How rules vote; votes.")]
FeeOption = Annotated[
    float | None,
    typer.Option("--fee-bps", min=0, help="Fee per side in basis points; the settings' 40."),
]


def store_at(path: Path | None, *, create: bool = True) -> Store:
    """The store that a command works on; made if missing, unless the command only reads."""
    if path is not None:
        os.environ["EVOTRADE_STORE"] = str(path)  # so that settings, and processes this one starts, agree
    return open_store(load_settings().store, create)


def candles_of(data: Path | None, pair: str | None, interval: str | None, store: Store) -> Candles:
    """The candles a command was pointed at: a file, or a pair in the store."""
    if data is not None:
        return candle_file(data, interval, pair).candles
    if pair is None:
        raise SettingsError("no candles named: give --data FILE, or --pair PAIR and --interval INTERVAL")
    return load_candles(pair, interval, store=store)


def candle_file(
    path: Path, interval: str | None, pair: str | None, *, skip_bad_rows: bool = False
) -> CandleFile:
    """A candle file, with a word on what became of its rows.

    Raises `BadCandleFile` when a row was refused, unless the person has said to go on without such rows.
    """
    file = read_candle_file(path, interval, pair)
    tell_about(file)
    if file.refused and not skip_bad_rows:
        raise BadCandleFile(
            f"{counted(len(file.refused), 'row')} of {path.name} cannot be used, as listed above: mend the "
            "file, or bring in the rest with evotrade import-candles --skip-bad-rows"
        )
    return file


def names(listed: str) -> tuple[str, ...]:
    """The names in a comma-separated option."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())
