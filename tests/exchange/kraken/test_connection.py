import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from evotrade.exchange.kraken.connection import Address, Connection, ConnectionSettings, Handler
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.subscriptions import Name, Params
from tests.exchange.kraken.conftest import Run

QUICK = ConnectionSettings(start_s=0.5, silence_s=0.4, reply_s=0.3, back_off_s=0.02, most_back_off_s=0.05)
BARS = [{"channel": "ohlc", "symbol": ["BTC/USD"], "interval": minutes} for minutes in (5, 60)]
TICKERS = [{"channel": "ticker", "data": [{"symbol": "BTC/USD", "number": number}]} for number in range(50)]


class Exchange:
    """A websocket that confirms subscriptions, except refused ones, and sends heartbeats unless silent."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.subscribed: list[list[Name]] = []
        self.silent = False
        self.refuses = ""

    async def handle(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        names: list[Name] = []
        self.subscribed.append(names)
        status = {"system": "online", "connection_id": len(self.connections)}
        await connection.send(json.dumps({"channel": "status", "type": "update", "data": [status]}))
        async with asyncio.TaskGroup() as tasks:
            beat = tasks.create_task(self.beat(connection))
            async for text in connection:
                await self.answer(connection, json.loads(text), names)
            beat.cancel()

    async def answer(self, connection: ServerConnection, asked: dict[str, Any], names: list[Name]) -> None:
        params = asked.get("params", {})
        if asked["method"] not in ("subscribe", "unsubscribe") or self.silent:
            return
        refused = params["channel"] == self.refuses
        name = (params["channel"], params["symbol"][0], params.get("interval", 0))
        if not refused:
            (names.append if asked["method"] == "subscribe" else names.remove)(name)
        result = {**params, "symbol": params["symbol"][0]}
        reply = {"method": asked["method"], "req_id": asked["req_id"], "success": not refused}
        await connection.send(json.dumps({**reply, "result": result, "error": "Channel not supported"}))

    async def beat(self, connection: ServerConnection) -> None:
        while True:
            if not self.silent:
                await connection.send('{"channel": "heartbeat"}')
            await asyncio.sleep(0.05)


class Seen(Handler):
    """Remembers what a connection told."""

    def __init__(self, *wants: Params) -> None:
        self.wants: list[Params] = list(wants)
        self.frames: list[Mapping[str, Any]] = []
        self.complete: list[bool] = []
        self.reasons: list[str] = []
        self.raises = False

    def wanted(self) -> Sequence[Params]:
        return self.wants

    def handle(self, frame: Mapping[str, Any]) -> None:
        self.frames.append(frame)
        if self.raises:
            raise RuntimeError("of the handler")

    def settled(self, active: frozenset[Name], complete: bool) -> None:
        self.complete.append(complete)

    def down(self, reason: str) -> None:
        self.reasons.append(reason)


@asynccontextmanager
async def connected(
    seen: Seen, exchange: Exchange, settings: ConnectionSettings = QUICK
) -> AsyncIterator[Connection]:
    async with serve(exchange.handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = Connection(
            seen, Address(ws=f"ws://127.0.0.1:{port}"), settings=settings, counters=Counters()
        )
        connection.start()
        try:
            yield connection
        finally:
            await connection.close()


async def until(is_so: Any) -> None:
    async with asyncio.timeout(8):
        while not is_so():
            await asyncio.sleep(0.01)


def test_two_intervals_of_one_pair_come_back_after_every_drop(run: Run) -> None:
    async def work() -> None:
        seen, exchange = Seen(*BARS), Exchange()
        async with connected(seen, exchange):
            for drops in range(1, 4):
                await until(lambda drops=drops: seen.complete.count(True) >= drops)
                exchange.connections[-1].transport.abort()
            await until(lambda: len(seen.reasons) == 3)
        both = {("ohlc", "BTC/USD", 5), ("ohlc", "BTC/USD", 60)}
        assert [set(names) for names in exchange.subscribed[:3]] == [both] * 3

    run(work())


def test_it_follows_what_is_wanted(run: Run) -> None:
    async def work() -> None:
        seen, exchange = Seen(BARS[0]), Exchange()
        async with connected(seen, exchange) as connection:
            await until(lambda: seen.complete)
            seen.wants = [BARS[1]]
            connection.refresh()
            await until(lambda: exchange.subscribed[0] == [("ohlc", "BTC/USD", 60)])

    run(work())


def test_a_refused_subscription_is_said_and_tried_again(run: Run) -> None:
    async def work() -> None:
        seen, exchange = Seen(BARS[0]), Exchange()
        exchange.refuses = "ohlc"
        async with connected(seen, exchange) as connection:
            await until(lambda: seen.complete == [False])
            exchange.refuses = ""
            await until(lambda: seen.complete[-1])
            assert connection._counters["refused_subscriptions"] == 1

    run(work())


def test_silence_ends_a_connection_though_the_socket_stands(run: Run) -> None:
    async def work() -> None:
        seen, exchange = Seen(), Exchange()
        async with connected(seen, exchange):
            await until(lambda: exchange.connections)
            exchange.silent = True
            await until(lambda: seen.reasons)
            assert "nothing was heard for" in seen.reasons[0]
            exchange.silent = False
            await until(lambda: len(exchange.connections) >= 2)

    run(work())


def test_a_handler_that_raises_keeps_the_connection(run: Run) -> None:
    async def work() -> None:
        seen, exchange = Seen(), Exchange()
        seen.raises = True
        async with connected(seen, exchange) as connection:
            await until(lambda: seen.frames)
            await exchange.connections[0].send(json.dumps(TICKERS[0]))
            await until(lambda: connection._counters["callback_errors"] == 2)
            assert seen.reasons == []

    run(work())


@pytest.mark.parametrize(
    "text", ["[1, 2]", "null", '"text"', "no json", '{"method": 3}', '{"channel": null}']
)
def test_nonsense_does_not_cut_the_connection(run: Run, text: str) -> None:
    async def work() -> None:
        seen, exchange = Seen(), Exchange()
        async with connected(seen, exchange):
            await until(lambda: seen.frames)
            await exchange.connections[0].send(text)
            await exchange.connections[0].send(json.dumps(TICKERS[0]))
            await until(lambda: TICKERS[0] in seen.frames)
            assert seen.reasons == []

    run(work())


def test_tickers_that_nobody_read_give_way_to_the_newest(run: Run) -> None:
    async def work() -> None:
        seen, exchange = Seen(), Exchange()
        async with connected(seen, exchange) as connection:
            await until(lambda: seen.frames)
            for frame in TICKERS:
                await connection._receive(frame)
            await until(lambda: TICKERS[-1] in seen.frames)
            assert connection._counters["superseded_tickers"] == 49

    run(work())


def test_frames_that_come_too_fast_end_the_connection_rather_than_get_lost(run: Run) -> None:
    async def work() -> None:
        seen, exchange = Seen(), Exchange()
        settings = ConnectionSettings(start_s=0.5, back_off_s=0.02, queue_size=5)
        async with connected(seen, exchange, settings) as connection:
            await until(lambda: seen.frames)
            for number in range(9):
                await connection._receive({"channel": "trade", "data": [number]})
            await until(lambda: seen.reasons)
            assert "faster than they were read" in seen.reasons[0]
            await until(lambda: len(exchange.connections) == 2)

    run(work())


def test_a_server_that_never_answers_is_given_up(run: Run) -> None:
    async def work() -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            port = deaf.getsockname()[1]
            seen = Seen()
            counters = Counters()
            connection = Connection(
                seen, Address(ws=f"ws://127.0.0.1:{port}"), settings=QUICK, counters=counters
            )
            connection.start()
            await until(lambda: len(seen.reasons) >= 2)
            assert seen.reasons[0] == "it did not answer in time"
            await connection.close()

    run(work())
