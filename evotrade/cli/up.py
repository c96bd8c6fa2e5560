"""`evotrade up` and `evotrade app`: the processes a person starts with one command and ends with Ctrl-C."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from evotrade.cli.children import HOST, child, free_port, until_interrupted, wait_for
from evotrade.cli.desk import desk
from evotrade.cli.evolution import watched
from evotrade.cli.options import DataOption, PairOption, StoreOption, candle_file, store_at
from evotrade.cli.output import note, say
from evotrade.errors import ExchangeError
from evotrade.lab.candles import fetch_candles, import_file, latest_series
from evotrade.lab.stopping import STOPPED_BY_PERSON
from evotrade.market.candles import Candles
from evotrade.market.synthetic import synthetic_candles
from evotrade.settings import load_settings
from evotrade.store import Store

_APP = Path(__file__).parents[2] / "app.py"

FIRST_DISH = "first dish"
_GENERATIONS, _POPULATION = 20, 200

PortOption = Annotated[int, typer.Option(help="The app's port; the next free one where it is taken.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(up)
    app.command("app")(run_app)


def up(
    data: DataOption = None, pair: PairOption = None, port: PortOption = 8501, store: StoreOption = None
) -> None:
    """Store, candles, a first evolution if there is none, the desk, and the app; Ctrl-C ends all of it."""
    lab = store_at(store)
    candles = _first_candles(lab, data, pair)
    with until_interrupted(), desk(lab.path, data, pair) as where, _app(port, where) as (url, server):
        say(f"The app is at {url}")
        if not _first_evolution(candles, lab):
            return
        say(f"The app is at {url}   Ctrl-C ends it.")
        server.wait()


def _first_evolution(candles: Candles, store: Store) -> bool:
    """Evolve the first dish where there is none, or go on with it; False when a person stopped that."""
    names = set(store.dishes()["name"])
    if FIRST_DISH in names:
        if len(store.generations(FIRST_DISH)) >= _GENERATIONS:
            return True
        run = watched(FIRST_DISH, None, store, _GENERATIONS, resume=True)
    elif not names:
        run = watched(FIRST_DISH, candles, store, _GENERATIONS, population=_POPULATION)
    else:
        return True
    return run.reason != STOPPED_BY_PERSON


def run_app(port: PortOption = 8501, store: StoreOption = None) -> None:
    """The app alone; Ctrl-C ends it."""
    store_at(store)
    with until_interrupted(), _app(port) as (url, server):
        say(f"The app is at {url}   Ctrl-C ends it.")
        server.wait()


def _first_candles(store: Store, data: Path | None, pair: str | None) -> Candles:
    """The candles of the file, otherwise those in the store, otherwise Kraken's, otherwise synthetic ones."""
    if data is not None:
        return import_file(candle_file(data, None, pair), data.name, store=store).file.candles
    held = latest_series(store)
    if held is not None:
        return held
    try:
        return fetch_candles("BTC/USD", "1h", store=store, url=load_settings().kraken_url)
    except ExchangeError as error:
        note(f"{error}\nThis is a synthetic market instead: good for a look around, not for money.")
        candles = synthetic_candles(20_000, "1h", seed=1)
        store.save_candles(candles)
        return candles


@contextmanager
def _app(
    port: int, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The running app as (address, process); it ends with the block."""
    chosen = free_port(port)
    url = f"http://{HOST}:{chosen}"
    command = ["-m", "streamlit", "run", str(_APP), "--server.port", str(chosen)]
    with child(command, environment) as server:
        wait_for(f"{url}/_stcore/health", server, "the app")
        yield url, server
