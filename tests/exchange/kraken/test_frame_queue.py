from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.frame_queue import FrameQueue
from tests.exchange.kraken.conftest import Run

frames = st.tuples(st.sampled_from(["ticker", "trade"]), st.sampled_from("AB"), st.integers(0, 99))


def frame_of(spec: tuple[str, str, int]) -> dict[str, Any]:
    channel, symbol, number = spec
    return {"channel": channel, "data": [{"symbol": symbol, "number": number}]}


async def drained(queue: FrameQueue) -> list[Any]:
    return [await queue.get() for _ in range(len(queue))]


@given(st.lists(frames, max_size=40))
def test_nothing_is_lost_but_superseded_tickers(specs: list[tuple[str, str, int]]) -> None:
    import asyncio

    async def work() -> None:
        counters = Counters()
        queue = FrameQueue(100, counters)
        assert all(queue.put(frame_of(spec)) for spec in specs)
        kept = await drained(queue)
        assert [f for f in kept if f["channel"] == "trade"] == [frame_of(s) for s in specs if s[0] == "trade"]
        for symbol in "AB":
            latest = [frame_of(s) for s in specs if s[:2] == ("ticker", symbol)][-1:]
            assert [f for f in kept if f in latest and f["channel"] == "ticker"][:1] == latest
        assert len(kept) + counters["superseded_tickers"] == len(specs)

    asyncio.run(work())


def test_a_full_queue_says_so(run: Run) -> None:
    async def work() -> None:
        queue = FrameQueue(2, Counters())
        put = [queue.put(frame_of(("trade", "A", number))) for number in range(3)]
        assert put == [True, True, False]
        assert len(await drained(queue)) == 2
        assert queue.put(frame_of(("trade", "A", 3)))

    run(work())
