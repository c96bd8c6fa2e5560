"""`evotrade …`: thin commands, one a verb. Exit codes: 0 done, 1 failed, 2 wrong use."""

from __future__ import annotations

import sys

import typer

from evotrade.cli import candles, cells, evolution, store, up
from evotrade.cli.output import fail
from evotrade.errors import EvotradeError

app = typer.Typer(
    name="evotrade",
    help="A lab and a desk for trading strategies that evolve.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
up.register(app)
candles.register(app)
cells.register(app)
evolution.register(app)
store.register(app)


def main() -> None:
    """Run the command line; an error that evotrade raises on purpose ends in one sentence and exit code 1."""
    try:
        app()
    except EvotradeError as error:
        fail(str(error))
        sys.exit(1)
