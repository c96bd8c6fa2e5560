import pytest

from tests.desk.world import until, world

pytestmark = pytest.mark.anyio


async def test_a_paper_session_trades_stops_and_stays_on_record(tmp_path):
    async with world(tmp_path) as here:
        number = await here.running()
        await here.hours(30)
        assert (await here.desk.session(number)).trade_count > 2
        await here.desk.stop(number)
        await here.hours(1)
        await until(lambda: not here.desk.parts.runners)
        ended = await here.desk.session(number)
        assert (ended.status, ended.position) == ("stopped", 0)
        assert ended.final_pnl == ended.cash - ended.allocation
