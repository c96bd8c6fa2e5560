"""Commands on candles: import-candles and fetch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evotrade.cli.options import StoreOption, store_at
from evotrade.cli.output import note, say
from evotrade.lab import candles as service
from evotrade.settings import load_settings

_REFUSED_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("import-candles")(import_candles)
    app.command()(fetch)


def import_candles(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or Kraken archive file.")],
    pair: Annotated[
        str | None, typer.Option(help="The pair, like BTC/USD; otherwise from the file's name.")
    ] = None,
    interval: Annotated[str | None, typer.Option(help="Length of a bar; otherwise from the file.")] = None,
    store: StoreOption = None,
) -> None:
    """Bring candles into the store; rows that break the contract are refused one by one."""
    brought = service.import_candles(file, pair, interval, store_at(store))
    raise NotImplementedError


def fetch(
    pair: Annotated[str, typer.Argument(help="The pair, like BTC/USD.")],
    interval: Annotated[str, typer.Argument(help="Length of a bar: 1h, 4h, 1d …")],
    since: Annotated[
        datetime | None,
        typer.Option(help="First day; older candles are made of trades.", formats=["%Y-%m-%d"]),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Fetch candles from Kraken: the latest 720, or all since a day."""
    raise NotImplementedError
