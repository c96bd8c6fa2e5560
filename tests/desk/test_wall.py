"""The exchange's time before its feed has told it."""

import pytest

from evotrade.desk.wall import ExchangeWall
from evotrade.errors import ExchangeUnreachable

pytestmark = pytest.mark.anyio


async def at_the_exchange():
    return 1_000.0


async def unreachable():
    raise ExchangeUnreachable("nobody answers")


async def test_it_is_ours_until_the_exchange_was_asked_and_then_passes_at_its_speed():
    ours = [50.0]
    wall = ExchangeWall(60.0, wall=lambda: 7.0, monotonic=lambda: ours[0])
    assert wall() == 7.0
    await wall.sync(at_the_exchange)
    ours[0] += 2.0
    assert wall() == 1_120.0


async def test_it_is_asked_again_after_a_failure_and_never_after_a_success():
    wall = ExchangeWall(wall=lambda: 7.0, monotonic=lambda: 0.0)
    with pytest.raises(ExchangeUnreachable):
        await wall.sync(unreachable)
    await wall.sync(at_the_exchange)
    await wall.sync(unreachable)
    assert wall() == 1_000.0
