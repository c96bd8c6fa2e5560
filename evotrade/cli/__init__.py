"""`evotrade …`: thin commands, one a verb. Exit codes: 0 done, 1 failed, 2 wrong use."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from evotrade.cli import (
    asking,
    candles,
    cells,
    daemon,
    engine,
    evolution,
    llm,
    sandbox,
    session,
    store,
    transfer,
    up,
)
from evotrade.cli.output import fail, say
from evotrade.errors import EvotradeError

app = typer.Typer(
    name="evotrade",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(version("evotrade"))
        raise typer.Exit


up.register(app)
candles.register(app)
cells.register(app)
transfer.register(app)
evolution.register(app)
store.register(app)
engine.register(app)
sandbox.register(app)
daemon.register(app)
session.register(app)
llm.register(app)
asking.register(app)


@app.callback()
def about(
    version_: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """A lab and a desk for trading strategies that evolve."""


def run() -> None:
    """Run the command line; an error that evotrade raises on purpose ends in one sentence and exit code 1."""
    try:
        app()
    except EvotradeError as error:
        fail(str(error))
    except OSError as error:  # of the terminal, the pipe or the disk that output goes to
        fail(f"{error.strerror or error}: {error.filename or 'standard output'}")
    else:
        return
    sys.exit(1)
