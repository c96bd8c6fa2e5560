"""Commands on the store: init, doctor, db migrate, snapshot and compact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evotrade.cli.options import JsonOption, StoreOption, store_at
from evotrade.cli.output import counted, fail, say, show_json, show_table
from evotrade.lab.setup import SETTINGS_FILE, write_settings

db = typer.Typer(help="Care of the store's file.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(init)
    app.command()(doctor)
    app.add_typer(db, name="db")


def init(store: StoreOption = None) -> None:
    """Make the store and a settings file; what exists already is left as it is."""
    lab = store_at(store)
    say(f"store     {lab.path}")
    written = write_settings(Path(SETTINGS_FILE))
    say(f"settings  {Path(SETTINGS_FILE).resolve()}{'' if written else ' (was there already)'}")


def doctor(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Look for what should not be in the store: orphans, missing parents, broken spans."""
    lab = store_at(store, create=False)
    findings = lab.doctor()
    if as_json:
        show_json(findings)
    elif findings.empty:
        say(f"{lab.path} is sound.")
    else:
        show_table(tuple(findings.columns), findings.itertuples(index=False))
    if not findings.empty:
        fail(f"{counted(len(findings), 'finding')}: each row says how to repair it")
        raise typer.Exit(1)


@db.command()
def migrate(store: StoreOption = None) -> None:
    """Bring the store's schema up to date; a copy of the file is kept."""
    lab = store_at(store, create=False)
    say(f"{lab.path} is up to date.")


@db.command()
def snapshot(
    dest: Annotated[Path, typer.Argument(help="The copy's file, which must not exist yet.")],
    store: StoreOption = None,
) -> None:
    """Copy the store, consistently, for heavy work."""
    say(f"snapshot  {store_at(store, create=False).snapshot(dest)}")


@db.command()
def compact(store: StoreOption = None) -> None:
    """Give back the space that deleted rows left."""
    before, after = store_at(store, create=False).compact()
    say(f"{before:,} bytes before, {after:,} after")
