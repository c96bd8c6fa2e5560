"""Commands on live sessions: what `evotrade session …` asks of the daemon."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evotrade.cli.cells import CellArgument
from evotrade.cli.options import JsonOption, StoreOption
from evotrade.cli.output import counted, fail, note, say, show_json, show_table, shown
from evotrade.engine.execution import Limits
from evotrade.settings import load_settings

if TYPE_CHECKING:
    from evotrade.client import Client

# Trading hours are no number: the API and pages set them.
_LIMITS = tuple(field.name for field in fields(Limits) if field.name != "trading_hours")

session = typer.Typer(help="Live sessions: cells that trade, on paper or for real.", no_args_is_help=True)

SessionArgument = Annotated[int, typer.Argument(help="Number of the session.", metavar="ID", min=1)]
KeepOption = Annotated[bool, typer.Option("--keep", help="Keep what it holds instead of selling it.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(session, name="session")


@session.command()
def start(
    cell: CellArgument,
    pair: Annotated[str | None, typer.Option(help="The pair; otherwise the cell's own.")] = None,
    timeframe: Annotated[str, typer.Option(help="Length of a bar: 1h, 4h, 1d …")] = "1h",
    allocation: Annotated[str, typer.Option(help="Quote currency that it may spend.")] = "1000",
    real: Annotated[bool, typer.Option("--real", help="Send real orders; needs --confirm.")] = False,
    confirm: Annotated[
        str | None, typer.Option(help='For real orders: "CELL PAIR ALLOCATION".', show_default=False)
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="A risk limit, like stop_loss_pct=5; may be repeated.", metavar="NAME=NUMBER"),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a session of a cell, on paper unless told otherwise."""
    if real and not confirm:
        raise typer.BadParameter(
            f'real orders need --confirm "{cell} {pair or "PAIR"} {allocation}"', param_hint="--real"
        )
    if confirm and not real:
        raise typer.BadParameter("only --real is confirmed: add it, or leave it", param_hint="--confirm")
    asked: dict[str, Any] = {"pair": pair, "timeframe": timeframe, "confirm": confirm}
    limits = dict(map(_limit, limit or ()))
    with _daemon(store) as daemon:
        found = daemon.start(cell, allocation=_amount(allocation), dry_run=not real, limits=limits, **asked)
    if as_json:
        return show_json(found)
    return _say_status(found)


@session.command()
def stop(
    number: SessionArgument, keep: KeepOption = False, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """Stop a session; it sells what it holds unless told to keep it."""
    with _daemon(store) as daemon:
        found = daemon.stop(number, flatten=not keep)
    return show_json(found) if as_json else _say_status(found)


@session.command("stop-all")
def stop_all(keep: KeepOption = False, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """The kill switch: stop every session, and sell what they hold."""
    with _daemon(store) as daemon:
        found = daemon.stop_all(flatten=not keep)
    if as_json:
        return show_json(found)
    for one in found:
        _say_status(one)
    return say(f"{counted(len(found), 'session')} told to stop")


@session.command()
def resume(
    number: SessionArgument,
    reason: Annotated[str, typer.Option(help="Why it may; kept with its history.")] = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a halted session go on."""
    with _daemon(store) as daemon:
        found = daemon.resume(number, reason)
    return show_json(found) if as_json else _say_status(found)


@session.command("list")
def list_sessions(
    active: Annotated[
        bool | None, typer.Option("--active/--ended", help="Only those that run, or only those that ended.")
    ] = None,
    top: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=1_000)] = 20,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sessions, newest first."""
    with _daemon(store) as daemon:
        found = daemon.sessions(active, top)
    if as_json:
        return show_json(found)
    if not found:
        return note("No such sessions yet: evotrade session start CELL makes one.")
    headings = ("session", "cell", "pair", "bars", "money", "status", "profit", "trades", "since", "reason")
    return show_table(headings, map(_row, found), cut_last=True)


@session.command()
def show(number: SessionArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """One session: its state, its money, and its last fills."""
    with _daemon(store) as daemon:
        found = daemon.session(number)
        fills = daemon.trades(number)
    if as_json:
        return show_json({**found, "trades": fills})
    _say_status(found)
    market = f"{found['pair']} {found['timeframe']}"
    say(f"cell {found['cell_id']}, {market}, {_money(found)}, started by {found['owner']}")
    for name in ("start_time", "end_time", "allocation", "cash", "position", "entry_price", "price"):
        if found[name] is not None:
            say(f"{name.replace('_', ' '):>16}  {found[name]}")
    limits = {name: value for name, value in found["limits"].items() if value}
    say(f"{'limits':>16}  {', '.join(f'{name} {value}' for name, value in limits.items()) or 'none'}\n")
    headings = ("time", "side", "quantity", "price", "fee", "profit", "position after")
    rows = (
        (
            *(fill["timestamp"], fill["side"], fill["quantity"], _number(fill["price"])),
            *(_number(fill["fee"]), _number(fill["pnl"]), fill["position_after"]),
        )
        for fill in fills[-20:]
    )
    return show_table(headings, rows) if fills else note("No fills yet.")


@session.command()
def verify(number: SessionArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Replay a session through the backtest; exit code 1 where a decision differs."""
    with _daemon(store) as daemon:
        found = daemon.verify(number)
    if as_json:
        show_json(found)
    else:
        say(f"{counted(found['bars'], 'bar')}, {found['differing_bars']} decided otherwise than the backtest")
        live, backtest = Decimal(found["live_pnl"]), Decimal(found["backtest_pnl"])
        say(f"live {live:.4f}, backtest {backtest:.4f}; the difference by cause:")
        for name, amount in found["parts"].items():
            say(f"{name.replace('_', ' '):>16}  {Decimal(amount):.4f}")
        for line in found["notes"]:
            note(line)
    if not found["agrees"]:
        fail(f"the first decision that differs is that of the bar of {found['first_difference']}")
        raise typer.Exit(1)


@contextmanager
def _daemon(store: Any) -> Iterator[Client]:
    """The daemon of the settings; `store` is another store, whose tokens count."""
    from evotrade.client import Client  # only who asks the daemon waits for this to load

    if store is not None:
        os.environ["EVOTRADE_STORE"] = str(store)
    with Client.of_settings(load_settings()) as client:
        yield client


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is no amount", param_hint="--allocation") from None
    if not (amount.is_finite() and amount > 0):
        raise typer.BadParameter("use an amount above 0", param_hint="--allocation")
    return amount


def _limit(text: str) -> tuple[str, float | int]:
    name, _, value = (part.strip() for part in text.partition("="))
    try:
        number = int(value) if value.isdecimal() else float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise typer.BadParameter(f"{text!r} is not NAME=NUMBER", param_hint="--limit")
    if name not in _LIMITS:
        known = ", ".join(_LIMITS)
        raise typer.BadParameter(f"{name!r} is no limit: use one of {known}", param_hint="--limit")
    return name, number


def _say_status(found: Mapping[str, Any]) -> None:
    reason = f": {found['reason']}" if found["reason"] else ""
    say(f"Session {found['session_id']}  {found['status']}{reason}, profit {shown(_profit(found))}")


def _row(found: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        *(found["session_id"], found["cell_id"], found["pair"], found["timeframe"], _money(found)),
        *(found["status"], _profit(found), found["trade_count"], found["start_time"], found["reason"]),
    )


def _profit(found: Mapping[str, Any]) -> float | None:
    return _number(found["current_pnl"] if found["final_pnl"] is None else found["final_pnl"])


def _money(found: Mapping[str, Any]) -> str:
    return "paper" if found["dry_run"] else "REAL"


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
