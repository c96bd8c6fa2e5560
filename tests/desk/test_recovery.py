"""Sessions of a desk that ended without a word are taken up by the next one, as if nothing had happened."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from evotrade.desk.parts import Parts
from evotrade.exchange.sandbox import serve
from evotrade.store import Store
from tests.desk.parity import GENOME, assert_parity, assert_same_decisions
from tests.desk.world import World, cell, running_desk, sandbox_settings, until

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def desks(folder, **settings):
    """A sandbox, and a maker of one desk after another on the same store."""
    async with serve(sandbox_settings()) as sandbox:
        store = Store(folder / "lab.duckdb")
        (cell_id,) = store.add_cells([cell(genome=GENOME)])

        @asynccontextmanager
        async def desk(**changes):
            async with running_desk(sandbox, folder, **{**settings, **changes}) as made:
                yield World(made, sandbox, store, cell_id)

        yield desk


async def in_step(here, number, status="running"):
    runner = here.desk.parts.runners[number]
    await until(lambda: runner.core.status == status)


async def test_bars_that_closed_meanwhile_are_decided_and_only_the_newest_may_act(tmp_path):
    async with desks(tmp_path) as desk:
        async with desk() as before:
            number = await before.running()
            await before.hours(20)
        before.sandbox.advance(7 * 3_600 + 1_800)  # half an hour is more than a tenth of an hour
        async with desk() as after:
            await in_step(after, number)
            await after.hours(32)
            await assert_same_decisions(after, number, bars=20 + 7 + 32)
            assert (await after.desk.verify(number)).agrees


async def test_a_restart_between_two_bars_changes_nothing(tmp_path):
    async with desks(tmp_path) as desk:
        async with desk() as before:
            number = await before.running()
            await before.hours(20)
        async with desk() as after:
            await in_step(after, number)
            await after.hours(40)
            await assert_parity(after, number)


async def test_numbers_are_never_given_twice(tmp_path):
    async with desks(tmp_path) as desk:
        async with desk() as before:
            first = await before.running()
        async with desk() as after:
            await in_step(after, first)
            assert await after.running() == first + 1


async def test_real_sessions_come_up_halted_without_the_permission(tmp_path):
    async with desks(tmp_path) as desk:
        async with desk(allow_real_orders=True) as before:
            number = await before.real()
        async with desk() as after:
            view = await after.desk.session(number)
            assert view.status == "halted"
            assert "EVOTRADE_ALLOW_REAL_ORDERS" in view.reason


async def test_an_ended_session_stays_ended(tmp_path):
    async with desks(tmp_path) as desk:
        async with desk() as before:
            number = await before.running()
            await before.desk.stop(number)
            await until(lambda: not before.desk.parts.runners)
        async with desk() as after:
            assert not after.desk.parts.runners
            assert (await after.desk.session(number)).status == "stopped"
            assert [view.session_id for view in await after.desk.sessions(active=False)] == [number]


async def test_a_session_that_is_stopped_while_it_is_taken_up_watches_no_market(tmp_path, monkeypatch):
    asks, asked = asyncio.Event(), asyncio.Event()

    async def waits(self):
        asks.set()
        await asked.wait()

    async with desks(tmp_path) as desk:
        async with desk() as before:
            number = await before.running()
        monkeypatch.setattr(Parts, "know_time", waits)
        async with desk() as after:
            await asks.wait()
            await after.desk.stop(number)
            await until(lambda: not after.desk.parts.runners)
            asked.set()
            await after.desk.settled()
            assert not after.desk.parts.floor.runners
            assert not after.desk.parts.floor.lines
