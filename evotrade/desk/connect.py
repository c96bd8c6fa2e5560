"""The exchange that the settings name: its market, and where its orders go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from evotrade.desk.wall import ExchangeWall
from evotrade.exchange.kraken.broker import KrakenBroker
from evotrade.exchange.kraken.connection import Address
from evotrade.exchange.kraken.keys import Keys
from evotrade.exchange.kraken.market import KrakenMarket, MarketSettings
from evotrade.exchange.kraken.rest import Jitter, Rest, RestSettings, no_jitter
from evotrade.exchange.protocols import Report
from evotrade.exchange.venue import venue_of
from evotrade.settings import Settings

SANDBOX_URL, SANDBOX_WS_URL = "http://127.0.0.1:8700", "ws://127.0.0.1:8700"
"""Where `evotrade sandbox` listens unless told otherwise."""

Sync = Callable[[], Awaitable[None]]
"""Learns the exchange's time, if it is not known yet. Raises `ExchangeError`."""


@dataclass(frozen=True, slots=True)
class Connected:
    """A market, not started yet, and how to learn its time before it tells it."""

    market: KrakenMarket
    sync: Sync


def address_of(settings: Settings) -> Address:
    """Where REST and websockets of the settings' exchange are."""
    if settings.exchange == "kraken":
        ws = settings.exchange_ws_url
        return Address(settings.exchange_url or settings.kraken_url, ws, ws)
    ws = settings.exchange_ws_url or SANDBOX_WS_URL
    return Address(settings.exchange_url or SANDBOX_URL, ws, f"{ws}/auth")


def rest_settings(settings: Settings) -> RestSettings:
    """How patient REST is; a sandbox is near and counts nothing."""
    if settings.exchange == "sandbox":
        return RestSettings(public_pause_s=0.0, back_off_s=0.1, tier=settings.tier)
    return RestSettings(tier=settings.tier)


def connect(
    settings: Settings, jitter: Jitter = no_jitter, market: MarketSettings | None = None
) -> Connected:
    """The market of the settings' exchange."""
    speed = settings.exchange_speed
    chosen = market or MarketSettings(speed=speed, rest=rest_settings(settings))
    wall = ExchangeWall(chosen.speed)
    made = KrakenMarket(settings.exchange, address_of(settings), settings=chosen, jitter=jitter, wall=wall)

    async def ask() -> float:
        return float((await made.rest.public("Time"))["unixtime"])

    return Connected(made, lambda: wall.sync(ask))


async def connect_broker(
    settings: Settings, keys: Keys, market: KrakenMarket, report: Report, jitter: Jitter = no_jitter
) -> KrakenBroker:
    """The broker of these keys, started.

    Raises `SettingsError` for keys that may withdraw or may too little, `ExchangeError` where nobody answers.
    """
    rest = Rest(
        address_of(settings).rest,
        keys,
        settings=rest_settings(settings),
        counters=market.counters,
        jitter=jitter,
        venue=venue_of(market.source),
    )
    broker = KrakenBroker(
        rest, report, rules=market.rules, now_s=market.now_s, address=address_of(settings), jitter=jitter
    )
    try:
        await broker.start()
    except BaseException:
        await broker.close()
        raise
    return broker
