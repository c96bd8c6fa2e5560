"""The route that forks a cell by a language model: asked in another thread, while sessions go on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from fastapi import APIRouter, Request

from evotrade.api.access import needs
from evotrade.api.cell_schemas import ForkedOut, ForkIn, PhenotypeOut
from evotrade.api.cells import CellId, bench_for
from evotrade.api.problems import documented
from evotrade.errors import LlmBusy
from evotrade.llm import Budget, chosen, llm_of
from evotrade.settings import Settings
from evotrade.store import Store

if TYPE_CHECKING:
    from evotrade.lab.llm import Asked

_MOST = 2  # at once: each backtests, and sessions need the processor, too
_RETRY_S = 15.0
_LOOK_S = 0.5  # how often it is seen whether somebody still waits for the answer

_ENDS = {
    429: "Too often, as many forks are made at once as may be, the model is busy (see Retry-After), or the "
    "ask's tokens or money are used up",
    502: "The model cannot be reached, or what it answers serves nothing",
    503: "No language model is set, or its key is missing (the detail says what to set); the store is busy",
    504: "The ask's time was over before there was a strategy that could be judged",
}


def fork_routes(store: Store, settings: Settings) -> APIRouter:
    """The route of forks. Model and backtests are waited for in other threads, the rest goes on."""
    router = APIRouter(prefix="/cells", tags=["cells"], responses=_responses())
    at_once = anyio.CapacityLimiter(_MOST)

    @router.post("/{cell_id}/fork", dependencies=[needs("trader")], status_code=201)
    async def fork(cell_id: CellId, asked: ForkIn, request: Request) -> ForkedOut:
        """Have the language model change a cell as wished, backtest the outcome, and keep it as its child.

        Genome errors and poor results go back to the model within the settings' budget of attempts, tokens,
        money and time. The best strategy that could be judged becomes the cell, alive or dead; `message` says
        how the ask ended. It may take minutes; whoever hangs up stops it, and no cell is made.
        """
        if at_once.available_tokens < 1:
            raise LlmBusy(
                f"{_MOST} forks are being made already: ask again in {_RETRY_S:g} s or later", _RETRY_S
            )
        stop = threading.Event()
        watch = asyncio.create_task(_until_gone(request, stop))
        try:
            made = await anyio.to_thread.run_sync(
                _fork, cell_id, asked, store, settings, stop.is_set, limiter=at_once, abandon_on_cancel=True
            )
        finally:
            stop.set()  # a daemon that ends waits for no model
            watch.cancel()
        return _forked(made)

    return router


def _responses() -> dict[int | str, dict[str, Any]]:
    found = documented(400, 401, 403, 404, 413, 422, *_ENDS)
    for status, told in _ENDS.items():
        found[status]["description"] = told
    return found


async def _until_gone(request: Request, stop: threading.Event) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(_LOOK_S)
    stop.set()


def _fork(cell_id: int, asked: ForkIn, store: Store, settings: Settings, stop: Callable[[], bool]) -> Asked:
    store.cell(cell_id)  # first, so that an unknown cell is told before what the model lacks
    chosen(settings)
    from evotrade.lab.llm import fork  # only who asks a model waits for it to load

    return fork(
        cell_id,
        asked.mutation_description,
        bench_for(store, settings, cell_id, asked.pair, asked.timeframe),
        store,
        llm_of(settings),
        name=asked.llm_name,
        budget=Budget.of(settings),
        stop=stop,
    )


def _forked(made: Asked) -> ForkedOut:
    cell = made.require_cell()
    return ForkedOut(
        cell_id=cell.cell_id,
        status=cell.status,
        reasons=cell.reasons,
        fitness=cell.fitness,
        results=tuple(map(PhenotypeOut.model_validate, cell.phenotypes)),
        parent_cell_id=cell.parent_id,
        genome=cell.genome,
        llm_name=cell.llm_name,
        llm_model=cell.llm_model,
        llm_category=cell.llm_category,
        llm_hypothesis=cell.llm_hypothesis,
        ask_id=made.ask_id,
        attempts=len(made.attempts),
        reason=made.reason,
        message=made.message,
        cost_usd=made.cost_usd,
    )
