"""Faults on the way to the exchange and back: no crash, no nonsense, no order twice."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.desk.parity import GENOME, assert_same_decisions
from tests.desk.world import cell, until, world

pytestmark = pytest.mark.anyio

FRAMES = ("malformed", "unknown_field", "duplicate", "reorder")


@pytest.mark.parametrize("kind", FRAMES)
async def test_broken_frames_change_no_decision(tmp_path, kind):
    async with world(tmp_path, born=cell(genome=GENOME)) as here:
        number = await here.running()
        for _ in range(4):
            here.sandbox.inject(kind, calls=3)
            await here.troubled_hours(3, number)
        await assert_same_decisions(here, number, bars=12)
        assert (await here.desk.verify(number)).agrees


async def test_an_absurd_price_is_not_traded_on(tmp_path):
    async with world(tmp_path, born=cell(genome=GENOME)) as here:
        number = await here.running()
        await here.hours(3)
        here.sandbox.inject("absurd_price", factor=10.0, calls=2, channels=["trade", "ticker"])
        await here.troubled_hours(9, number)
        prices = [float(fill["price"]) for fill in await here.desk.fills(number)]
        candles = here.sandbox.exchange.market("BTC/USD").replayed
        assert all(candles.low.min() <= price <= candles.high.max() for price in prices)
        assert (await here.desk.health()).counters["market_absurd_prices"] > 0
        await assert_same_decisions(here, number, bars=12)


async def test_a_feed_that_is_lost_degrades_the_session_until_it_is_back(tmp_path):
    async with world(tmp_path) as here:
        number = await here.running()
        here.sandbox.inject("outage", seconds=1.0)
        runner = here.desk.parts.runners[number]
        await until(lambda: runner.core.status == "degraded")
        assert (await here.desk.session(number)).reason
        await until(lambda: runner.core.status == "running", 20)
        transitions = [(row["before"], row["after"]) for row in await here.desk.transitions(number)]
        assert {("running", "degraded"), ("degraded", "running")} <= set(transitions)


async def test_a_feed_that_falls_silent_is_told_and_back_by_itself(tmp_path, capsys):
    async with world(tmp_path, silence_s=0.5, born=cell(genome=GENOME)) as here:
        number = await here.running()
        await here.hours(3)
        here.sandbox.inject("silence", seconds=1.5)
        runner, desk = here.desk.parts.runners[number], here.desk
        await until(lambda: runner.core.status == "degraded")
        health, view = await desk.health(), await desk.session(number)
        assert (health.ok, health.feed_ok, view.status) == (False, False, "degraded")
        assert "nothing was heard for" in health.feed_reason
        assert "nothing was heard for" in view.reason
        assert "nothing was heard for" in (await desk.alerts())[0]["text"]
        assert (await desk.health()).feed_age_s > 0.5
        await until(lambda: runner.core.status == "running", 20)
        assert (await desk.health()).counters["market_silences"] >= 1
        assert "silences" in capsys.readouterr().out
        await here.hours(3)
        await assert_same_decisions(here, number, bars=6)


async def bought(here, number):
    """The quantity that the exchange has sold to the session, once the session knows of it."""
    book = here.desk.parts.runners[number].core.book
    while not here.sandbox.state()["fills"]:
        await here.troubled_hours(1, number)
    await until(lambda: book.position > 0, 30)
    return sum((Decimal(fill["qty"]) for fill in here.sandbox.state()["fills"]), Decimal(0))


def give_patience(here, patience_s):
    """How long the broker waits for replies, half of that until an order is too late; its counters."""
    broker = here.desk.parts.real._broker
    broker.settings = replace(broker.settings, deadline_s=patience_s / 2)
    broker._rest.settings = replace(broker._rest.settings, timeout_s=patience_s)
    return broker.counters


@pytest.mark.parametrize(
    ("kind", "options", "patience_s"),
    [
        ("lose_reply", {}, 1.0),
        ("double", {}, 1.0),
        ("slow_reply", {"seconds": 2.0}, 1.0),
        pytest.param("slow_reply", {"seconds": 30.0}, 10.0, marks=pytest.mark.soak),
        ("api_error", {"error": "EService:Busy"}, 1.0),
    ],
)
async def test_an_order_whose_reply_goes_astray_is_filled_once(tmp_path, kind, options, patience_s):
    async with world(tmp_path, allow_real_orders=True, tier="pro") as here:
        number, counters = await here.real(), give_patience(here, patience_s)
        here.sandbox.inject(kind, calls=1, endpoints=["AddOrder"], **options)
        quantity = await bought(here, number)
        await here.desk.parts.runners[number].idle()  # nobody waits for the reply any more
        await asyncio.sleep(options.get("seconds", 0))  # and now it has come, to nobody
        book = here.desk.parts.runners[number].core.book
        assert book.position == quantity == sum(Decimal(one["qty"]) for one in here.sandbox.state()["fills"])
        assert book.cash >= 0
        entries = [row for row in here.sandbox.state()["orders"] if Decimal(row["filled"]) > 0]
        assert len(entries) == 1
        assert counters["unknown_orders"] == 1
