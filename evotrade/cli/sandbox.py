"""`evotrade sandbox`: a local exchange that speaks as Kraken does, for trading without network and money."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from evotrade.cli.options import DataOption, candle_file
from evotrade.cli.output import note, say
from evotrade.errors import ExchangeError
from evotrade.market.pairs import pair_name

if TYPE_CHECKING:
    from evotrade.exchange.sandbox import Sandbox
    from evotrade.market.candles import Candles

_PAIR, _TIMEFRAME = "BTC/USD", "1h"
_PLAYED_BARS = 20_000  # the first years of an old file have few trades, and hardly move

PairOption = Annotated[str | None, typer.Option("--pair", help="The pair that the candles are of; BTC/USD.")]
TimeframeOption = Annotated[
    str | None,
    typer.Option("--timeframe", help="Length of a candle: 1h, 4h, 1d …; the file's own."),
]
SpeedOption = Annotated[
    float, typer.Option("--speed", min=0, help="Seconds that pass at the exchange in one; 0 stands still.")
]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65_535, help="Where it listens; 0 for any.")]
StartOption = Annotated[
    datetime | None,
    typer.Option("--start", formats=["%Y-%m-%d"], help="Day to play from, UTC; late in a long file."),
]
SpreadOption = Annotated[
    float, typer.Option("--spread-bps", min=0, help="Between bid and ask, in basis points of the price.")
]


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(sandbox)


def sandbox(
    data: DataOption = None,
    pair: PairOption = None,
    timeframe: TimeframeOption = None,
    speed: SpeedOption = 60.0,
    port: PortOption = 8700,
    start: StartOption = None,
    spread_bps: SpreadOption = 0.0,
) -> None:
    """A local exchange that replays candles, synthetic ones without a file; Ctrl-C ends it."""
    from evotrade.exchange.sandbox import (  # aiohttp: only who needs it waits
        SandboxSettings,
        demo_candles,
        run,
    )

    if data is not None:
        candles = candle_file(data, timeframe, pair).candles
    else:
        candles = demo_candles(_PAIR if pair is None else pair_name(pair), timeframe or _TIMEFRAME)
        note("No --data: the candles are synthetic, the same every time.")
    spread = Decimal(str(spread_bps))
    settings = SandboxSettings([candles], speed=speed, spread_bps=spread, start_s=_start_s(candles, start))
    try:
        run(settings, port, _introduce)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise ExchangeError(f"port {port} is taken: name another by --port") from None


def _start_s(candles: Candles, day: datetime | None) -> int | None:
    """Where the exchange's clock starts, Unix seconds; None leaves it to the sandbox."""
    if day is None:
        return int(candles.end_s[-1 - _PLAYED_BARS]) if len(candles) > 2 * _PLAYED_BARS else None
    start_s = int(day.replace(tzinfo=UTC).timestamp())
    if not candles.time_s[0] < start_s < candles.time_s[-1]:
        first, last = (f"{datetime.fromtimestamp(int(candles.time_s[end]), UTC):%Y-%m-%d}" for end in (0, -1))
        raise typer.BadParameter(
            f"the candles are of {first} to {last}: name a day between", param_hint="--start"
        )
    return start_s


def _introduce(sandbox: Sandbox) -> None:
    rules = next(iter(sandbox.exchange.rules.values()))
    say(f"sandbox    {rules.name} at {sandbox.url}   Ctrl-C ends it.")
    say(f"websocket  {sandbox.ws_url}/v2 and {sandbox.auth_ws_url}/v2")
    say(f"API key    {sandbox.key}")
    say(f"secret     {sandbox.secret}")
    say(f"control    {sandbox.url}/sandbox/state, /sandbox/faults, /sandbox/advance")
