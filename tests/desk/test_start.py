"""What must hold before a session starts: each failure is refused at once, with its reason."""

from decimal import Decimal

import pytest

from evotrade.desk.views import StartRequest
from evotrade.errors import DeskLimit, GenomeError, NotFound, SessionError, SessionRefused, SettingsError
from evotrade.exchange.sandbox import serve
from evotrade.store import Store
from tests.desk.world import CANDLES, cell, running_desk, sandbox_settings, until, world

pytestmark = pytest.mark.anyio

DEAD = {"status": "dead", "reasons": ("return -40.00 % is below -10 %",)}
REAL = {"dry_run": False, "pair": "BTC/USD"}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"cell_id": 77}, NotFound, "no cell 77"),
        ({"allocation": Decimal(0)}, SettingsError, "allocation is 0"),
        ({"timeframe": "2h"}, SettingsError, "unknown timeframe"),
        ({"pair": "nonsense"}, SettingsError, "names no pair"),
        ({"pair": ""}, SettingsError, "names no pair"),
        ({"pair": "ETH/USD"}, (SessionRefused, SettingsError), "ETH"),
        ({"allocation": Decimal("0.4")}, SessionRefused, "smallest order"),
        (REAL, SessionRefused, "EVOTRADE_ALLOW_REAL_ORDERS"),
    ],
)
async def test_what_cannot_trade_is_refused_with_the_reason(tmp_path, changes, error, message):
    async with world(tmp_path) as here:
        with pytest.raises(error, match=message):
            await here.start(**changes)
        assert await here.desk.sessions() == []


async def test_a_history_too_short_is_refused_with_the_number_of_bars_missing(tmp_path):
    born = cell(genome="IF CLOSE > AVG(CLOSE, 150) THEN BUY ELSE SELL")
    few = sandbox_settings(candles=[CANDLES[:140]], history_bars=60)
    async with world(tmp_path, born=born, sandbox=few) as here:
        with pytest.raises(SessionRefused, match=r"is \d+ bars short of the 149"):
            await here.start()


async def test_a_genome_that_cannot_run_at_the_timeframe_is_refused(tmp_path):
    async with world(tmp_path, born=cell(genome="IF CLOSE > CLOSE_1H THEN BUY ELSE SELL")) as here:
        with pytest.raises(GenomeError):
            await here.start(timeframe="4h")


async def test_a_pair_that_does_not_trade_now_is_refused(tmp_path):
    async with world(tmp_path) as here:
        here.sandbox.inject("status", status="cancel_only", pair="BTC/USD")
        with pytest.raises(SessionRefused, match="cancel_only"):
            await here.start()


async def test_a_dead_cell_trades_on_paper_with_a_warning(tmp_path):
    async with world(tmp_path, born=cell(**DEAD)) as here:
        view = await here.start()
        assert view.status in ("running", "degraded")
        assert any("dead" in alert["text"] for alert in await here.desk.alerts())


async def test_a_dead_cell_is_refused_with_real_orders(tmp_path):
    async with world(tmp_path, born=cell(**DEAD), allow_real_orders=True) as here:
        with pytest.raises(SessionRefused, match="is dead"):
            await here.start(**REAL)


async def test_real_orders_need_the_exact_confirmation(tmp_path):
    async with world(tmp_path, allow_real_orders=True) as here:
        for confirm in (None, "", "1 BTC/USD 999", "yes"):
            with pytest.raises(SessionRefused, match='"1 BTC/USD 1000"'):
                await here.start(**REAL, confirm=confirm)


async def test_allocations_must_fit_the_free_balance(tmp_path):
    rich = sandbox_settings(deposits={"USD": Decimal(1500)})
    async with world(tmp_path, sandbox=rich, allow_real_orders=True) as here:
        await here.real()
        with pytest.raises(SessionRefused, match=r"1500.* of which 1000 .*at most 500"):
            await here.real()


@pytest.mark.parametrize(
    "limits", [{"max_sessions": 1}, {"max_sessions_per_owner": 1}, {"max_total_allocation": Decimal(1500)}]
)
async def test_the_desks_limits_hold_for_all_sessions_together(tmp_path, limits):
    async with world(tmp_path, **limits) as here:
        await here.start(owner="anna")
        with pytest.raises(DeskLimit):
            await here.start(owner="anna")


async def test_limits_per_owner_leave_others_alone(tmp_path):
    async with world(tmp_path, max_sessions_per_owner=1) as here:
        await here.start(owner="anna")
        await here.start(owner="bert")
        assert len(await here.desk.sessions(active=True)) == 2


async def test_unknown_and_ended_sessions_are_told_apart(tmp_path):
    async with world(tmp_path) as here:
        for ask in (here.desk.session, here.desk.stop, here.desk.fills, here.desk.verify, here.desk.resume):
            with pytest.raises(NotFound):
                await ask(5)
        number = await here.running()
        with pytest.raises(SessionError, match="not halted"):
            await here.desk.resume(number)
        await here.desk.stop(number)
        await until(lambda: not here.desk.parts.runners)
        with pytest.raises(SessionError, match="has stopped"):
            await here.desk.stop(number)


async def test_the_kill_switch_refuses_a_start_that_is_under_way(tmp_path, monkeypatch):
    async with world(tmp_path) as here:
        rules = here.desk.parts.market.rules

        async def killed_meanwhile(pair):
            await here.desk.stop_all()
            return await rules(pair)

        monkeypatch.setattr(here.desk.parts.market, "rules", killed_meanwhile)
        with pytest.raises(SessionRefused, match="kill switch"):
            await here.start()
        assert not here.desk.parts.runners
        assert not here.desk.parts.outbox.unfinished()


async def test_a_start_that_fails_at_last_does_not_begin_with_the_next_daemon(tmp_path, monkeypatch):
    async with world(tmp_path) as here:

        async def full(*_):
            raise SessionRefused("no room on the floor")

        monkeypatch.setattr(here.desk.parts.floor, "admit", full)
        with pytest.raises(SessionRefused, match="no room"):
            await here.start()
        assert not here.desk.parts.runners
        assert not here.desk.parts.outbox.unfinished()


async def test_a_sandbox_that_is_not_there_is_called_so(tmp_path):
    async with serve(sandbox_settings()) as gone:
        pass
    (cell_id,) = Store(tmp_path / "lab.duckdb").add_cells([cell()])
    async with running_desk(gone, tmp_path) as desk:
        with pytest.raises(SessionRefused, match="the sandbox did not answer .*evotrade sandbox") as refused:
            await desk.start(StartRequest(cell_id))
        assert "Kraken" not in str(refused.value)
