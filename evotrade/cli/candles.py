"""Commands on candles: import-candles and fetch."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from evotrade.cli.options import StoreOption, candle_file, store_at
from evotrade.cli.output import counted, say
from evotrade.lab import candles as service
from evotrade.market.gaps import coverage_pct, gaps
from evotrade.settings import load_settings


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
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Go on without the rows that are refused.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Bring candles into the store; rows that break the contract are named one by one."""
    content = candle_file(file, interval, pair, skip_bad_rows=skip_bad_rows)
    brought = service.import_file(content, file.name, store=store_at(store))
    candles = brought.file.candles
    say(f"{candles!r}")
    say(
        f"{counted(brought.new_bars, 'bar')} new to the store, {counted(len(gaps(candles)), 'gap')}, "
        f"{coverage_pct(candles):.2f} % covered"
    )


def fetch(
    pair: Annotated[str, typer.Argument(help="The pair, like BTC/USD.")],
    interval: Annotated[str, typer.Argument(help="Length of a bar: 1h, 4h, 1d …")],
    since: Annotated[
        datetime | None,
        typer.Option(
            help="First day (UTC); what is older than 720 bars is made of trades.", formats=["%Y-%m-%d"]
        ),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Fetch candles from Kraken: the latest 720 closed ones, or all since a day."""
    lab = store_at(store)
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task(f"{pair} {interval}", total=1.0)
        candles = service.fetch_candles(
            pair,
            interval,
            store=lab,
            since=since,
            url=load_settings().kraken_url,
            progress=lambda part, _bars: bar.update(task, completed=part),
        )
    say(f"{candles!r}")
