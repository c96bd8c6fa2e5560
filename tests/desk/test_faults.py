"""Faults on the way to the exchange and back: no crash, no nonsense, no order twice."""

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


async def bought(here, number):
    """The quantity that the exchange has sold to the session, once the session knows of it."""
    book = here.desk.parts.runners[number].core.book
    while not here.sandbox.state()["fills"]:
        await here.troubled_hours(1, number)
    await until(lambda: book.position > 0, 30)
    return sum((Decimal(fill["qty"]) for fill in here.sandbox.state()["fills"]), Decimal(0))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("lose_reply", {}),
        ("double", {}),
        ("slow_reply", {"seconds": 12.0}),
        pytest.param("slow_reply", {"seconds": 30.0}, marks=pytest.mark.soak),
        ("api_error", {"error": "EService:Busy"}),
    ],
)
async def test_an_order_whose_reply_goes_astray_is_filled_once(tmp_path, kind, options):
    async with world(tmp_path, allow_real_orders=True) as here:
        number = await here.real()
        here.sandbox.inject(kind, calls=1, endpoints=["AddOrder"], **options)
        quantity = await bought(here, number)
        book = here.desk.parts.runners[number].core.book
        assert book.position == quantity
        assert book.cash >= 0
        entries = [row for row in here.sandbox.state()["orders"] if Decimal(row["filled"]) > 0]
        assert len(entries) == 1
