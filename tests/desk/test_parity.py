"""A session decides and trades as the backtest on the same bars, whatever happens to the connection."""

from dataclasses import replace

import pytest

from evotrade.exchange.protocols import ClosedBars
from tests.desk.parity import GENOME, assert_parity, assert_same_decisions, expected, lived
from tests.desk.world import HISTORY, cell, until, world

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
