"""The command that runs the daemon."""

from __future__ import annotations

import typer

from evotrade.cli.options import StoreOption, store_at


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(daemon)


def daemon(store: StoreOption = None) -> None:
    """Run all sessions and the API; Ctrl-C ends it in good order, and sessions go on at the next start."""
    store_at(store)
    from evotrade.daemon import main  # the exchange, the API: only who needs them waits

    raise typer.Exit(main())
