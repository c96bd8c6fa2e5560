"""Whatever goes wrong on the way, the bars that were told are the exchange's own, each once and in order."""

from dataclasses import replace
from random import Random

import pytest

from evotrade.exchange.kraken import RestSettings
from tests.exchange.kraken.conftest import Run
from tests.exchange.kraken.sandboxes import HOUR, QUICK_MARKET, Stage, same_bars, stage

FAULTS = [
    ("drop", {}),
    ("duplicate", {"calls": 5}),
    ("reorder", {"calls": 5}),
    ("malformed", {"calls": 4}),
    ("absurd_price", {"calls": 3, "factor": 50.0}),
    ("http_error", {"calls": 2, "status": 503, "endpoints": ["OHLC", "v2"]}),
    ("lose_reply", {"calls": 1, "endpoints": ["OHLC"]}),
    ("clock_skew", {"seconds": 40}),
    ("outage", {"seconds": 0.1}),
]


async def go_through(s: Stage, random: Random, steps: int) -> None:
    """Time in uneven steps, every few of them a fault."""
    for _ in range(steps):
        if random.random() < 0.2:
            kind, options = random.choice(FAULTS)
            s.sandbox.inject(kind, **options)
        await s.advance(random.choice([60, 300, 900, 1_700, 3_600, 9_000]))


def hour_by_hour(seed: int, steps: int, run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            since_s = s.now_s
            await s.watch()
            await go_through(s, Random(seed), steps)
            s.sandbox.recover()
            await s.until(lambda: s.market.state.ok, 12)
            await s.advance(HOUR, steps=4)
            await s.until(lambda: len(s.bars) >= len(s.expected(since_s)), 12)
            assert same_bars(s.bars, s.expected(since_s))
            assert s.count("corrected_bars") == 0

    run(work())


@pytest.mark.parametrize("seed", range(4))
def test_bars_survive_a_mix_of_faults(run: Run, seed: int) -> None:
    hour_by_hour(seed, 40, run)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
def test_bars_survive_many_mixes_of_faults(run: Run, seed: int) -> None:
    hour_by_hour(seed, 150, run)


def test_an_hour_a_second_is_as_good_as_an_hour_an_hour(run: Run) -> None:
    fast = replace(QUICK_MARKET, speed=3_600.0, rest=RestSettings(public_pause_s=0))

    async def work() -> None:
        async with stage(fast, speed=3_600.0) as s:
            since_s = s.now_s
            await s.watch("1h")
            await s.until(lambda: len(s.bars) >= 4)
            told = s.bars
            assert same_bars(told, s.expected(since_s)[: len(told)])

    run(work())
