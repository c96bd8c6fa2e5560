"""Real orders through the real client at the sandbox exchange: nothing lost, nothing twice."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from evotrade.engine.execution import Limits
from evotrade.errors import SessionRefused
from evotrade.exchange.kraken import Keys, Rest
from evotrade.exchange.kraken.budget import Priority
from evotrade.exchange.sandbox import serve
from evotrade.store import Store
from tests.desk.world import World, cell, running_desk, sandbox_settings, until, world

pytestmark = pytest.mark.anyio


def allowed(folder, **options):
    return world(folder, allow_real_orders=True, **options)


def gained(here):
    """What the account has gained in quote currency, by the exchange's own record of fills."""
    sign = {"buy": -1, "sell": 1}
    fills = here.sandbox.state()["fills"]
    return sum(sign[row["side"]] * Decimal(row["cost"]) - Decimal(row["fee"]) for row in fills)


async def test_a_real_session_has_the_money_and_position_of_the_exchanges_record(tmp_path):
    async with allowed(tmp_path) as here:
        number = await here.real(limits=Limits(stop_loss_pct=5))
        await here.hours(15)
        view = await here.desk.session(number)
        assert view.trade_count > 1
        assert view.cash - view.allocation == pytest.approx(gained(here), abs=Decimal("0.01"))
        await here.desk.stop(number)
        await until(lambda: not here.desk.parts.runners)
        ended = await here.desk.session(number)
        assert (ended.status, ended.position) == ("stopped", 0)
        assert here.agrees()


async def test_a_held_position_is_protected_by_a_stop_at_the_exchange(tmp_path):
    async with allowed(tmp_path) as here:
        number = await here.real(limits=Limits(stop_loss_pct=5))
        book = here.desk.parts.runners[number].core.book
        while not book.position:
            await here.hours(1)
        await until(here.agrees)
        resting = [row for row in here.sandbox.state()["orders"] if row["status"] in ("new", "open")]
        assert [(row["type"], Decimal(row["qty"])) for row in resting] == [("stop-loss", book.position)]


async def holding(here):
    """A session with real orders whose position is protected by a stop that rests; its runner."""
    number = await here.real(limits=Limits(stop_loss_pct=5))
    runner = here.desk.parts.runners[number]
    while not runner.core.book.position:
        await here.hours(1)
    await until(here.agrees)
    return runner


async def test_a_cancel_that_found_no_broker_is_sent_once_there_is_one(tmp_path):
    async with allowed(tmp_path) as here:
        runner = await holding(here)
        real = here.desk.parts.real
        broker, real._broker = real._broker, None
        await here.desk.stop(runner.session_id)
        await runner.idle()
        assert runner.core.status == "stopping"
        here.desk.connect_real(broker)
        await until(lambda: not here.desk.parts.runners)
        assert not [row for row in here.sandbox.state()["orders"] if row["status"] in ("new", "open")]


async def never(order_id):
    """In place of a cancel: the process died before it left."""


async def test_a_cancel_that_died_with_the_daemon_is_sent_by_the_next_one(tmp_path, monkeypatch):
    async with serve(sandbox_settings()) as sandbox:
        (cell_id,) = Store(tmp_path / "lab.duckdb").add_cells([cell()])
        async with running_desk(sandbox, tmp_path, allow_real_orders=True) as desk:
            runner = await holding(World(desk, sandbox, desk.parts.store, cell_id))
            monkeypatch.setattr(desk.parts.real, "cancel", never)
            await desk.stop(runner.session_id)
            await runner.idle()
        async with running_desk(sandbox, tmp_path, allow_real_orders=True) as desk:
            await until(lambda: not desk.parts.runners)
            assert not [row for row in sandbox.state()["orders"] if row["status"] in ("new", "open")]


async def test_an_order_that_finds_no_broker_is_unknown_until_there_is_one(tmp_path):
    async with allowed(tmp_path, tier="pro") as here:
        number = await here.real()
        runner, real = here.desk.parts.runners[number], here.desk.parts.real
        while not runner.core.book.position:
            await here.hours(1)
        broker, real._broker = real._broker, None
        broker.settings = replace(broker.settings, deadline_s=0.5, margin_s=0.1)
        await here.desk.stop(number)
        await runner.idle()
        assert [row["status"] for row in await here.desk.orders(number)][-1] == "unknown"
        here.desk.connect_real(broker)
        while number in here.desk.parts.runners:  # refused, since it never arrived: sent once more
            here.sandbox.advance(60)
            await asyncio.sleep(0.05)
        assert [row["side"] for row in here.sandbox.state()["fills"]][-1] == "sell"
        assert here.agrees()


async def test_what_an_order_of_a_person_holds_is_not_there_for_sessions(tmp_path):
    few = sandbox_settings(deposits={"USD": Decimal(1500)})
    async with allowed(tmp_path, sandbox=few) as here:
        await put_order(here, volume="0.02", price="40000")
        with pytest.raises(SessionRefused, match="696.8000 USD free"):  # 803.2 are held, fee included
            await here.real()


async def put_order(here, **of):
    """A person's own limit order, beside all sessions."""
    rest = Rest(here.sandbox.url, Keys(here.sandbox.key, here.sandbox.secret))
    order = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", **of}
    await rest.private_once("AddOrder", order, Priority.ENTRY)
    await rest.close()
