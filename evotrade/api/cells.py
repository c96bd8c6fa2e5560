"""Routes on cells: found, shown, and made of a genome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import anyio.to_thread
import pandas as pd
from fastapi import APIRouter, Path, Query

from evotrade.api.access import needs
from evotrade.api.cell_schemas import CellDetail, CellOut, CreatedOut, CreateIn, PhenotypeOut, RelativeOut
from evotrade.api.fields import MAX_ID
from evotrade.api.problems import documented
from evotrade.cells import Cell, Origin
from evotrade.engine.execution import Execution
from evotrade.genome import as_genome
from evotrade.lab.bench import Bench, bench_of, bench_on
from evotrade.lab.candles import load_candles
from evotrade.lab.cells import create_on
from evotrade.market.pairs import pair_name
from evotrade.settings import Settings
from evotrade.store import Store

CellId = Annotated[int, Path(ge=1, le=MAX_ID, description="Number of the cell.", examples=[29])]
_USUAL = "1h"


def cell_routes(store: Store, settings: Settings) -> APIRouter:
    """The routes under /cells. The store is read, and genomes are backtested, in other threads."""
    router = APIRouter(prefix="/cells", tags=["cells"], responses=documented(401, 403, 422, 429, 503))
    one_at_a_time = anyio.CapacityLimiter(1)  # a backtest takes a core, which the sessions need, too

    @router.get("", dependencies=[needs("viewer")], responses=documented(404))
    def list_cells(
        status: Annotated[Literal["alive", "dead"] | None, Query(description="Only cells that are.")] = None,
        dish: Annotated[str | None, Query(max_length=200, description="Only cells of this dish.")] = None,
        origin: Annotated[Origin | None, Query(description="Only cells that came so.")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        offset: Annotated[int, Query(ge=0, le=MAX_ID)] = 0,
    ) -> list[CellOut]:
        """Cells, best fitness first."""
        if dish is not None:
            store.dish(dish)  # one that is not there is a mistake, not an empty answer
        found = store.cells(status=status, dish=dish, origin=origin, limit=limit, offset=offset)
        return [CellOut.model_validate(row) for row in _rows(found)]

    @router.get("/{cell_id}", dependencies=[needs("viewer")], responses=documented(404))
    def show_cell(cell_id: CellId) -> CellDetail:
        """One cell with its results."""
        return CellDetail.model_validate(store.cell(cell_id))

    @router.get("/{cell_id}/phenotypes", dependencies=[needs("viewer")], responses=documented(404))
    def list_phenotypes(cell_id: CellId) -> list[PhenotypeOut]:
        """A cell's results, one for each timeframe and split."""
        return [PhenotypeOut.model_validate(row) for row in store.cell(cell_id).phenotypes]

    @router.get("/{cell_id}/lineage", dependencies=[needs("viewer")], responses=documented(404))
    def list_lineage(
        cell_id: CellId,
        nearest: Annotated[int, Query(ge=1, le=10_000, description="So many relatives at most.")] = 1_000,
    ) -> list[RelativeOut]:
        """The cell among its ancestors and descendants, oldest ancestors first."""
        return [RelativeOut.model_validate(row) for row in _rows(store.lineage(cell_id, nearest))]

    @router.post(
        "/create", dependencies=[needs("trader")], status_code=201, responses=documented(400, 404, 413)
    )
    async def create(asked: CreateIn) -> CreatedOut:
        """Validate a genome, backtest it on stored candles, and keep it as a cell."""
        cell = await anyio.to_thread.run_sync(_create, asked, store, settings, limiter=one_at_a_time)
        return CreatedOut(
            cell_id=cell.cell_id,
            status=cell.status,
            reasons=cell.reasons,
            fitness=cell.fitness,
            results=tuple(map(PhenotypeOut.model_validate, cell.phenotypes)),
        )

    return router


def _create(asked: CreateIn, store: Store, settings: Settings) -> Cell:
    genome = as_genome(asked.dsl_genome)  # first, so that a mistake in it is told before one in the rest
    return create_on(
        bench_for(store, settings, asked.parent_cell_id, asked.pair, asked.timeframe),
        genome,
        store,
        parent=asked.parent_cell_id,
        llm_name=asked.llm_name,
        llm_hypothesis=asked.llm_hypothesis,
        llm_category=asked.llm_category,
    )


def bench_for(
    store: Store, settings: Settings, parent: int | None, pair: str | None, timeframe: str | None
) -> Bench:
    """Where a genome is tried: on the candles named, otherwise where its parent was."""
    if parent is not None and pair is None and timeframe is None:
        return bench_of(store.cell(parent), store)
    pair = pair_name(settings.pair if pair is None else pair)
    candles = load_candles(pair, timeframe or _timeframe(pair, store), store)
    return bench_on(candles, execution=Execution(fee_bps=settings.fee_bps), store=store)


def _timeframe(pair: str, store: Store) -> str | None:
    held = store.coverage()
    return _USUAL if _USUAL in set(held.loc[held["pair"] == pair, "timeframe"]) else None


def _rows(found: pd.DataFrame) -> list[Mapping[str, Any]]:
    """A frame's rows; pandas has its own values for what is missing, and its own integers."""
    as_objects = found.astype(object)
    return [
        {str(name): _plain(value) for name, value in row.items()} for row in as_objects.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, str) or not pd.api.types.is_scalar(value):
        return value if isinstance(value, str) else tuple(value)
    return None if pd.isna(value) else value
