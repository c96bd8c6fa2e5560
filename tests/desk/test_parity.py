"""A session decides and trades as the backtest on the same bars, whatever happens to the connection."""

from dataclasses import replace

import pytest

from evotrade.exchange.protocols import ClosedBars
from evotrade.exchange.sandbox import serve
from evotrade.market.synthetic import synthetic_candles
from evotrade.store import Store
from tests.desk.parity import (
    GENOME,
    assert_parity,
    assert_same_decisions,
    assert_trades_but_for_missed_bars,
    expected,
    lived,
)
from tests.desk.world import HISTORY, World, cell, crashed, running_desk, sandbox_settings, until, world
from tests.engine.test_laws import read

pytestmark = pytest.mark.anyio

BARS = 60


async def test_a_session_decides_and_trades_as_the_backtest(tmp_path):
    async with world(tmp_path, born=cell(genome=GENOME)) as here:
        number = await here.running()
        await here.hours(BARS)
        assert len(await here.desk.trades(number)) > 5
        await assert_parity(here, number)


async def test_a_lost_connection_in_a_quiet_moment_changes_nothing(tmp_path):
    async with world(tmp_path, born=cell(genome=GENOME)) as here:
        number = await here.running()
        for _ in range(3):
            await here.hours(15)
            here.sandbox.inject("drop")
            await until(lambda: not here.desk.parts.floor.feed.ok)
            await until(lambda: here.desk.parts.floor.feed.ok)
        await assert_parity(here, number)


async def test_bars_missed_in_an_outage_are_decided_and_listed(tmp_path):
    async with world(tmp_path, born=cell(genome=GENOME)) as here:
        number = await here.running()
        await here.hours(20)
        here.sandbox.inject("outage", seconds=1.5)
        await until(lambda: not here.desk.parts.floor.feed.ok)
        here.sandbox.advance(5 * 3_600 + 1_800)
        await until(lambda: here.desk.parts.floor.feed.ok, 20)
        await here.heard()
        await assert_same_decisions(here, number, bars=25)
        verdict = await here.desk.verify(number)
        assert verdict.agrees
        assert all(20 <= (when.timestamp() - first_s(here)) / 3_600 < 25 for when in verdict.missed_bars)


def first_s(here):
    return int(here.sandbox.exchange.market("BTC/USD").replayed.time_s[HISTORY])


async def test_deciding_on_the_forming_candle_would_be_noticed(tmp_path):
    async with world(tmp_path, born=cell(genome=GENOME)) as here:
        forming = Forming(here.desk.parts.floor)
        number = await here.running()
        here.desk.parts.market.listen(forming)
        here.desk.parts.market._listeners.remove(here.desk.parts.floor.on_event)
        await here.hours(BARS)
        decisions, _ = await lived(here, number)
        assert decisions != {start: expected(here, number, BARS)[0].get(start) for start in decisions}
        await here.desk.parts.keeper.flush()
        replayed = here.sandbox.exchange.market("BTC/USD").replayed
        here.store.save_candles(replace(replayed, source="sandbox"))  # as the backfill mends the series
        assert not (await here.desk.verify(number)).agrees


class Forming:
    """Tells bars as they stood on their way, as one who takes the forming candle for a closed one."""

    def __init__(self, floor):
        self.floor = floor

    def __call__(self, event):
        if isinstance(event, ClosedBars):
            columns = {name: getattr(event.candles, name).copy() for name in event.candles.columns}
            columns["close"][-1] = (columns["low"][-1] + columns["high"][-1]) / 2
            event = replace(event, candles=replace(event.candles, **columns))
        self.floor.on_event(event)


async def live_through_everything(folder, bars, candles):
    """A session through three lost connections, a crash of its desk and an outage, on so many bars."""
    async with serve(sandbox_settings(candles=[candles])) as sandbox:
        store = Store(folder / "lab.duckdb")
        (cell_id,) = store.add_cells([cell(genome=GENOME)])
        async with running_desk(sandbox, folder) as desk:
            here = World(desk, sandbox, store, cell_id)
            number = await here.running()
            for _ in range(3):
                await here.hours(bars // 5)
                await desk.flush()
                sandbox.inject("drop")
                await until(lambda: not desk.parts.floor.feed.ok)
                await until(lambda: desk.parts.floor.feed.ok, 20)
            crashed.append(desk)
        sandbox.advance(4 * 3_600)
        async with running_desk(sandbox, folder) as desk:
            here = World(desk, sandbox, store, cell_id)
            await until(lambda: desk.parts.runners[number].core.status == "running", 20)
            await here.heard()
            await here.hours(bars // 5)
            sandbox.inject("outage", seconds=1.0)
            await until(lambda: not desk.parts.floor.feed.ok)
            sandbox.advance(180)
            await until(lambda: desk.parts.floor.feed.ok, 20)
            await here.hours(bars // 5)
            sandbox.advance(3_600 - 180)
            await here.heard()
            decisions, _ = await lived(here, number)
            await assert_same_decisions(here, number, len(decisions))
            await assert_trades_but_for_missed_bars(here, number)
            return len(decisions), len(await desk.trades(number)), await desk.verify(number)


async def test_whatever_breaks_decisions_are_equal_on_every_bar(tmp_path):
    candles = synthetic_candles(2 * HISTORY + 50, "1h", seed=12, pair="BTC/USD", first_price=50_000.0)
    bars, trades, verdict = await live_through_everything(tmp_path, 50, candles)
    assert (bars >= 50, trades > 5, verdict.agrees) == (True, True, True)


@pytest.mark.soak
async def test_whatever_breaks_decisions_are_equal_on_two_thousand_bars(tmp_path):
    hours = read("XBTUSD_60.csv", "1h")[40_000 : 40_000 + 2 * HISTORY + 2_000]
    candles = replace(hours, pair="BTC/USD")
    bars, trades, verdict = await live_through_everything(tmp_path, 2_000, candles)
    assert (bars >= 2_000, trades >= 30, verdict.agrees) == (True, True, True)
