import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from evotrade.errors import ExchangeBusy, ExchangeUnreachable, OrderRefused, SettingsError
from evotrade.exchange.kraken import Keys, Rest, RestSettings
from evotrade.exchange.kraken.budget import Priority
from tests.exchange.kraken.conftest import Run

FINE = {"error": [], "result": {"fine": True}}
QUICK = RestSettings(timeout_s=0.3, tries=4, back_off_s=0.01, public_pause_s=0.0, tier="pro")


class Server:
    """Answers private calls with `answers`, then with FINE; keeps nonces and calls."""

    def __init__(self, *answers: Any) -> None:
        self.answers = deque(answers)
        self.nonces: list[int] = []
        self.calls: list[str] = []
        self.slow_s = 0.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.calls.append(request.path.rsplit("/", 1)[1])
        if "nonce" in form:
            self.nonces.append(int(str(form["nonce"])))
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        answer = self.answers.popleft() if self.answers else FINE
        if isinstance(answer, int):
            return web.Response(status=answer, text="busy")
        return web.json_response(answer)


@asynccontextmanager
async def served(server: Server, settings: RestSettings = QUICK) -> AsyncIterator[Rest]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    rest = Rest(f"http://127.0.0.1:{runner.addresses[0][1]}", Keys("key", "c2VjcmV0"), settings=settings)
    try:
        yield rest
    finally:
        await rest.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    "trouble", [429, 503, 520, {"error": ["EService:Busy"]}, {"error": ["EAPI:Invalid nonce"]}]
)
def test_what_passes_is_asked_again(run: Run, trouble: Any) -> None:
    async def work() -> None:
        async with served(server := Server(trouble, trouble)) as rest:
            assert await rest.private("Balance") == {"fine": True}
            assert len(server.calls) == 3
            assert rest.counters["rest_retries"] == 2

    run(work())


def test_patience_has_an_end(run: Run) -> None:
    async def work() -> None:
        async with served(server := Server(*[503] * 9)) as rest:
            with pytest.raises(ExchangeBusy, match="Balance with HTTP 503"):
                await rest.private("Balance")
            assert len(server.calls) == 4

    run(work())


def test_an_order_is_sent_once_whatever_is_answered(run: Run) -> None:
    async def work() -> None:
        async with served(server := Server(503, {"error": ["EOrder:Insufficient funds"]})) as rest:
            with pytest.raises(ExchangeBusy):
                await rest.private_once("AddOrder", {}, Priority.ENTRY)
            with pytest.raises(OrderRefused):
                await rest.private_once("AddOrder", {}, Priority.ENTRY)
            assert len(server.calls) == 2

    run(work())


def test_a_refused_nonce_may_be_that_of_a_copy_so_the_order_is_not_sent_again(run: Run) -> None:
    async def work() -> None:
        async with served(server := Server({"error": ["EAPI:Invalid nonce"]})) as rest:
            with pytest.raises(ExchangeUnreachable, match="Invalid nonce"):
                await rest.private_once("AddOrder", {}, Priority.ENTRY)
            assert len(server.calls) == 1

    run(work())


def test_nonces_arrive_in_order(run: Run) -> None:
    async def work() -> None:
        async with served(server := Server()) as rest:
            await asyncio.gather(*(rest.private_once("AddOrder", {}, Priority.ENTRY) for _ in range(60)))
            assert len(set(server.nonces)) == 60
            assert server.nonces == sorted(server.nonces)

    run(work())


def test_a_dead_server_is_noticed(run: Run) -> None:
    async def work() -> None:
        server = Server()
        async with served(server) as rest:
            server.slow_s = 1.0
            began_s = time.monotonic()
            with pytest.raises(ExchangeUnreachable, match="did not answer AddOrder .* check network"):
                await rest.private_once("AddOrder", {}, Priority.ENTRY)
            assert time.monotonic() - began_s < 0.8
            server.slow_s = 0.0

    run(work())


def test_nobody_at_the_address_is_unreachable(run: Run) -> None:
    async def work() -> None:
        rest = Rest("http://127.0.0.1:9", settings=RestSettings(tries=1))
        with pytest.raises(ExchangeUnreachable, match=r"at http://127.0.0.1:9 \(ClientConnectorError\)"):
            await rest.public("Time")
        await rest.close()

    run(work())


def test_private_calls_need_keys(run: Run) -> None:
    async def work() -> None:
        with pytest.raises(SettingsError, match="Balance needs an API key"):
            await Rest("http://127.0.0.1:9").private("Balance")

    run(work())


def test_the_counter_is_waited_for_and_never_exceeded(run: Run) -> None:
    async def work() -> None:
        clock = time.monotonic
        async with served(server := Server()) as rest:
            rest._gate.budget.spend(clock(), 16)
            began_s = clock()
            await rest.private("Balance")  # a query leaves a fifth of 20 untouched
            assert clock() - began_s > 0.9
            assert rest.counters["rest_waits_s"] > 0.9
            assert len(server.calls) == 1

    run(work())


def test_an_urgent_call_overtakes_those_that_wait(run: Run) -> None:
    async def work() -> None:
        server = Server()
        async with served(server) as rest:
            server.slow_s = 0.02
            waiting = [asyncio.create_task(rest.private("Balance")) for _ in range(3)]
            await asyncio.sleep(0.01)
            await rest.private("CancelOrder", {}, Priority.EXIT)
            await asyncio.gather(*waiting)
            assert server.calls[:2] == ["Balance", "CancelOrder"]

    run(work())


def test_public_calls_keep_their_distance(run: Run) -> None:
    async def work() -> None:
        async with served(Server(), RestSettings(public_pause_s=0.1)) as rest:
            began_s = time.monotonic()
            await asyncio.gather(*(rest.public("Time") for _ in range(3)))
            assert time.monotonic() - began_s >= 0.2

    run(work())
