"""The app: every route, behind one gate."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from fastapi import FastAPI

from evotrade.api.access import Gate, Quota
from evotrade.api.cells import cell_routes
from evotrade.api.docs import docs_routes, openapi_of
from evotrade.api.forks import fork_routes
from evotrade.api.metrics import Counting, Metrics
from evotrade.api.problems import handle_errors
from evotrade.api.session_schemas import SessionOut
from evotrade.api.sessions import session_routes, stream_route
from evotrade.api.streams import StreamLimits, Streams
from evotrade.api.system import system_routes
from evotrade.desk.views import DeskService
from evotrade.settings import Settings, load_settings
from evotrade.store import Store
from evotrade.tokens import Tokens

_ABOUT = """Cells, live sessions and the daemon itself.

Send `Authorization: Bearer TOKEN` with a token of `db/tokens.json`. A **viewer** reads; a **trader** also
makes cells, starts sessions, stops and resumes its own, and may stop all; an **admin** does all of it.

Money and quantities are decimal strings, exact to the last digit. Times are ISO 8601 in UTC. Errors are
problem documents (RFC 9457) whose `detail` says what is wrong and how to repair it.

`WS /ws/trading/{session_id}` sends `{type, session_id, epoch, seq, data}`: a snapshot (`data` as GET
/trading/session/{id}), then price, pnl, trade, position and state as they change, and heartbeats in silence.
After a lost connection, `?epoch=…&after=…` with the last message's epoch and seq goes on where it ended; what
is too long ago is a new snapshot. A browser offers the subprotocols `evotrade` and `bearer.TOKEN`.
"""


def create_app(
    desk: DeskService,
    store: Store,
    tokens: Tokens,
    *,
    settings: Settings | None = None,
    quota: Quota | None = None,
    streams: StreamLimits | None = None,
    clock_s: Callable[[], float] = time.monotonic,
    new_epoch: Callable[[], str] = lambda: uuid4().hex,
) -> FastAPI:
    """The API over a desk and a store, to be served in the desk's event loop."""
    settings = settings or load_settings()

    async def state_of(session_id: int) -> Mapping[str, Any]:
        shown = SessionOut.model_validate(await desk.session(session_id))
        return shown.model_dump(mode="json")

    watched = Streams(desk, state_of, new_epoch, streams or StreamLimits())
    metrics = Metrics(lambda: watched.watchers)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        watched.close()

    app = FastAPI(
        title="evotrade",
        version=version("evotrade"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    for router in (
        cell_routes(store, settings),
        fork_routes(store, settings),
        session_routes(desk),
        stream_route(watched),
        system_routes(desk, metrics),
        docs_routes(lambda: openapi_of(app)),
    ):
        app.include_router(router)
    handle_errors(app)
    app.add_middleware(Gate, tokens=tokens, quota=quota or Quota(), clock_s=clock_s)
    app.add_middleware(Counting, metrics=metrics)
    return app
