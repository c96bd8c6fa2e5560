"""The desk's other duties: kill switch, halts, what it tells, and how it says that it is well."""

from dataclasses import replace
from decimal import Decimal

import pytest

from evotrade.engine.execution import Limits
from evotrade.engine.session.events import HaltAsked
from evotrade.errors import StoreError
from tests.desk.world import cell, until, world

pytestmark = pytest.mark.anyio

HOLDS = "IF CLOSE > 0 THEN BUY ELSE SELL"


async def test_the_kill_switch_stops_and_flattens_every_session(tmp_path):
    async with world(tmp_path, born=cell(genome=HOLDS)) as here:
        numbers = [await here.running() for _ in range(3)]
        await here.hours(2)
        assert {view.session_id for view in await here.desk.stop_all(reason="enough")} == set(numbers)
        await here.hours(1)
        await until(lambda: not here.desk.parts.runners)
        ended = [await here.desk.session(number) for number in numbers]
        assert all(view.position == 0 and "enough" in view.reason for view in ended)


async def test_a_session_stopped_without_flattening_keeps_what_it_holds(tmp_path):
    async with world(tmp_path, born=cell(genome=HOLDS)) as here:
        number = await here.running()
        await here.hours(2)
        await here.desk.stop(number, flatten=False)
        await until(lambda: not here.desk.parts.runners)
        view = await here.desk.session(number)
        assert view.position > 0
        assert view.final_pnl == pytest.approx(
            view.cash + view.position * Decimal(repr(view.price)) - view.allocation, abs=Decimal("1e-6")
        )


async def test_a_limit_halts_a_session_until_a_person_lets_it_go_on(tmp_path):
    async with world(tmp_path, born=cell(genome=HOLDS)) as here:
        number = await here.running(limits=Limits(max_drawdown_pct=0.5))
        runner = here.desk.parts.runners[number]
        while runner.core.status == "running":
            await here.hours(1)
        assert (await here.desk.session(number)).status == "halted"
        assert any("max_drawdown" in alert["text"] for alert in await here.desk.alerts())
        assert (await here.desk.resume(number, "looked at it")).status == "running"


async def test_watchers_hear_prices_trades_positions_and_states(tmp_path):
    async with world(tmp_path, born=cell(genome=HOLDS)) as here:
        number, heard = await here.running(), []
        end = here.desk.subscribe(number, heard.append)
        await here.hours(2)
        here.desk.parts.runners[number].feed(HaltAsked(here.desk.parts.market.now_s(), "a test"))
        assert {update.topic for update in heard} == {"price", "pnl", "trade", "position", "state"}
        end()
        count = len(heard)
        await here.hours(1)
        assert len(heard) == count


async def test_a_watcher_that_raises_harms_no_session(tmp_path):
    async with world(tmp_path, born=cell(genome=HOLDS)) as here:
        number = await here.running()
        here.desk.subscribe(number, lambda update: 1 / 0)
        await here.hours(2)
        assert (await here.desk.session(number)).status == "running"


async def test_health_tells_feed_sessions_and_counts(tmp_path):
    async with world(tmp_path) as here:
        await here.running()
        await here.hours(1)
        health = await here.desk.health()
        assert (health.ok, health.feed_ok, health.exchange) == (True, True, "sandbox")
        assert dict(health.sessions) == {"running": 1}
        assert health.counters["bars"] == 1


async def test_ticks_orders_and_trades_can_be_read_while_it_runs(tmp_path):
    async with world(tmp_path, born=cell(genome=HOLDS)) as here:
        number = await here.running()
        await here.hours(2)
        await here.desk.flush()
        here.desk.parts.writer.drain(5)
        assert [row["status"] for row in await here.desk.orders(number)] == ["filled"]
        assert [row["exit_at"] for row in await here.desk.trades(number)] == [None]
        assert (await here.desk.ticks(number))[-1]["price"] > 0


async def test_candles_wait_while_the_store_takes_nothing(tmp_path, monkeypatch):
    def busy(candles):
        raise StoreError("somebody holds it")

    async with world(tmp_path) as here:
        await here.running()
        with monkeypatch.context() as patched:
            patched.setattr(here.desk.parts.store, "save_candles", busy)
            with pytest.raises(StoreError):
                await here.desk.flush()
        await here.desk.flush()
        assert len(here.store.load_candles("BTC/USD", "1h", "sandbox"))


async def test_many_sessions_on_several_timeframes_share_one_market(tmp_path):
    async with world(tmp_path) as here:
        numbers = [await here.running(timeframe=timeframe) for timeframe in ("1h", "4h", "1h")]
        await here.hours(9)
        assert len(here.desk.parts.floor.lines) == 2
        bars = [len(await here.desk.bars(number)) for number in numbers]
        assert bars == [9, 2, 9]
        await here.desk.stop_all()
        await until(lambda: not here.desk.parts.runners)
        assert not here.desk.parts.floor.lines


async def test_a_session_that_cannot_be_written_down_is_told_and_keeps_no_other_from_it(
    tmp_path, monkeypatch
):
    def full():
        raise StoreError("the disk is full")

    async with world(tmp_path) as here:
        first, second = [here.desk.parts.runners[await here.running()] for _ in range(2)]
        with monkeypatch.context() as patched:
            patched.setattr(first, "_commit", full)
            await here.hours(1)
            with pytest.raises(StoreError, match="the disk is full"):
                await here.desk.flush()
            assert (first.settled, second._dirty) == (False, False)
        await here.desk.flush()
        assert first.settled


async def test_a_session_that_decides_otherwise_than_its_backtest_is_told_once(tmp_path, monkeypatch):
    async with world(tmp_path) as here:
        number = await here.running()
        await here.desk.check_parity()  # of no bar yet
        await here.hours(2)
        await here.desk.check_parity()
        verdict = replace(await here.desk.verify(number), differing_bars=1)

        async def differs(session_id):
            return verdict

        monkeypatch.setattr(here.desk, "verify", differs)
        for _ in range(2):
            await here.desk.check_parity()
        told = [
            one["text"] for one in await here.desk.alerts() if "otherwise than its backtest" in one["text"]
        ]
        assert len(told) == 1
