"""A desk at a sandbox exchange whose clock moves by hand: real SDK, real store, real outbox."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from evotrade.cells import Cell
from evotrade.desk.alerts import apprise_messenger
from evotrade.desk.connect import Connected, connect, connect_broker
from evotrade.desk.parts import Parts
from evotrade.desk.service import Desk
from evotrade.desk.views import StartRequest
from evotrade.exchange.kraken.backfill import BackfillSettings
from evotrade.exchange.kraken.connection import ConnectionSettings
from evotrade.exchange.kraken.keys import Keys
from evotrade.exchange.kraken.market import MarketSettings
from evotrade.exchange.kraken.rest import RestSettings
from evotrade.exchange.protocols import Broker
from evotrade.exchange.sandbox import MANUAL, UNLIMITED, Sandbox, SandboxSettings, serve
from evotrade.genome import as_genome
from evotrade.market.synthetic import synthetic_candles
from evotrade.settings import Settings
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.store.writer import Writer

GENOME = "IF CLOSE > AVG(CLOSE, 3) THEN BUY ELSE SELL"
CANDLES = synthetic_candles(400, "1h", seed=11, pair="BTC/USD", first_price=50_000.0)
HISTORY = 100
HOUR_S = 3_600


def cell(**changes):
    """A living cell that trades often."""
    genome = changes.pop("genome", GENOME)
    plain = {"genome": genome, "genome_id": as_genome(genome).id, "fitness": 1.0}
    return Cell(**{**plain, "created_at": datetime(2026, 1, 1, tzinfo=UTC), **changes})


def sandbox_settings(**changes):
    """Hourly bars with a history, and a clock by hand."""
    plain = {"candles": [CANDLES], "speed": MANUAL, "history_bars": HISTORY, "limits": UNLIMITED}
    return SandboxSettings(**{**plain, **changes})


def connect_quickly(settings: Settings, silence_s: float = 10.0) -> Connected:
    """The real client of that sandbox, in a hurry."""
    quick = RestSettings(public_pause_s=0.0, back_off_s=0.02, tries=3)
    watched = ConnectionSettings(silence_s=silence_s, back_off_s=0.05, most_back_off_s=0.2)
    mended = BackfillSettings(settle_s=0.1, again_s=0.1, most_again_s=0.5)
    market = MarketSettings(
        speed=0.0, step_s=0.01, poll_s=0.05, rest=quick, connection=watched, backfill=mended
    )
    return connect(settings, market=market)


@dataclass
class World:
    """A running desk and its exchange."""

    desk: Desk
    sandbox: Sandbox
    store: Store
    cell_id: int

    async def start(self, **changes):
        """A session of the world's cell, on paper unless told otherwise."""
        return await self.desk.start(
            StartRequest(**{"cell_id": self.cell_id, "allocation": Decimal(1000), **changes})
        )

    async def real(self, **changes):
        """A session with real orders that trades."""
        allocation = changes.get("allocation", Decimal(1000))
        confirm = f"{self.cell_id} BTC/USD {allocation:f}"
        return await self.running(**{"dry_run": False, "confirm": confirm, "pair": "BTC/USD", **changes})

    async def running(self, **changes):
        """A session that trades: prices flow."""
        view = await self.start(**changes)
        runner = self.desk.parts.runners[view.session_id]
        await until(lambda: runner.core.status == "running")
        return view.session_id

    async def hours(self, count: int):
        """Let hours pass, and what follows of it happen: the first trade of each is heard by itself."""
        for _ in range(count):
            for step_s in (HOUR_S - 1, 1):
                self.sandbox.advance(step_s)
                await self.heard()

    async def troubled_hours(self, count: int, number: int):
        """Let hours pass while something is wrong, until all their bars are decided."""
        runner = self.desk.parts.runners[number]
        for _ in range(count):
            for step_s in (HOUR_S - 1, 1):
                self.sandbox.advance(step_s)
                await asyncio.sleep(0.05)
        last_s = self.sandbox.exchange.now_ns // 10**9 - HOUR_S
        await until(lambda: runner.core.last_bar_s == last_s, 20)

    async def heard(self):
        """Wait until the desk knows the exchange's present and has carried out what it wanted."""
        markets = self.sandbox.exchange.markets
        last_s = {name: market.last.time_ns / 1e9 for name, market in markets.items()}

        def have_heard():
            runners = self.desk.parts.floor.runners.values()
            quotes = [runner.quote for runner in runners if runner.core.status != "stopped"]
            return all(quote and quote.at_s >= last_s[quote.pair] - 0.001 for quote in quotes)

        await until(have_heard)
        for runner in list(self.desk.parts.runners.values()):
            await runner.idle()
        if self.desk.parts.real.ready:
            await until(self.agrees)

    def agrees(self) -> bool:
        """Whether sessions with real orders know all fills and open orders of the exchange, and no others."""
        state = self.sandbox.state()
        runners = [one for one in self.desk.parts.runners.values() if one.paper is None]
        signed = {"buy": 1, "sell": -1}
        held = sum((signed[fill["side"]] * Decimal(fill["qty"]) for fill in state["fills"]), Decimal(0))
        resting = {row["cl_ord_id"] for row in state["orders"] if row["status"] in ("new", "open")}
        mine = {order.order_id for one in runners for order in one.core.open_orders}
        return held == sum(one.core.book.position for one in runners) and mine == resting


async def until(condition, within_s: float = 10.0):
    """Wait for something that happens soon."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


def make_desk(sandbox: Sandbox, store: Store, outbox: Outbox, writer: Writer, **settings) -> Desk:
    """A desk on these parts; `silence_s` without a frame, and it takes its connection for dead.

    `alerts_to` are addresses of apprise.
    """
    silence_s, messenger = settings.pop("silence_s", 10.0), apprise_messenger(settings.pop("alerts_to", ()))
    where = {"exchange_url": sandbox.url, "exchange_ws_url": sandbox.ws_url}
    chosen = Settings(**{"store": store.path, "exchange": "sandbox", **where, **settings})
    exchange = connect_quickly(chosen, silence_s)
    parts = Parts(exchange.market, store, outbox, writer, chosen, messenger, exchange.sync)
    return Desk(parts)


async def demo_broker(sandbox: Sandbox, desk: Desk) -> Broker:
    """Real orders with the sandbox's own key."""
    parts, keys = desk.parts, Keys(sandbox.key, sandbox.secret)
    return await connect_broker(parts.settings, keys, parts.market, parts.report)


@asynccontextmanager
async def running_desk(sandbox: Sandbox, folder: Path, **settings):
    """A desk at this sandbox, with the store and outbox of that folder."""
    store = Store(folder / "lab.duckdb")
    with Outbox(folder / "outbox.sqlite") as outbox:
        writer = Writer(store, outbox, interval_s=0.1)
        desk = make_desk(sandbox, store, outbox, writer, **settings)
        if desk.parts.real.allowed:
            desk.connect_real(await demo_broker(sandbox, desk))
        await desk.begin()
        try:
            yield desk
        finally:
            await desk.close()
            writer.close()


@asynccontextmanager
async def world(folder: Path, *, born=None, sandbox=None, **settings):
    """A sandbox, a store with one cell, and a desk."""
    async with serve(sandbox or sandbox_settings()) as exchange:
        store = Store(folder / "lab.duckdb")
        (cell_id,) = store.add_cells([born or cell()])
        async with running_desk(exchange, folder, **settings) as desk:
            yield World(desk, exchange, store, cell_id)


def money(text: str) -> Decimal:
    """An exact amount."""
    return Decimal(text)
