"""Real orders through the real client at the sandbox exchange: nothing lost, nothing twice."""

from decimal import Decimal

import pytest

from evotrade.engine.execution import Limits
from tests.desk.world import until, world

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
