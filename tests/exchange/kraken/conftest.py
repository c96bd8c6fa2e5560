import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from kraken.spot.websocket.connectors import ConnectSpotWebsocketBase

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(autouse=True)
def _no_wait_before_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK waits a second or two before it connects at all."""
    name = "_ConnectSpotWebsocketBase__get_reconnect_wait"
    monkeypatch.setattr(ConnectSpotWebsocketBase, name, lambda *_: 0)


@pytest.fixture
def run() -> Run:
    """Run a coroutine, at most 20 seconds."""

    def run_it(work: Coroutine[Any, Any, None]) -> None:
        async def limited() -> None:
            async with asyncio.timeout(20):
                await work

        asyncio.run(limited())

    return run_it
