"""Routes on live sessions: started, stopped, shown and watched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, WebSocket

from evotrade.api import session_schemas as out
from evotrade.api.access import SUBPROTOCOL, identity_of, needs
from evotrade.api.channel import Place
from evotrade.api.fields import MAX_ID
from evotrade.api.positions import fills_of, positions_of
from evotrade.api.problems import Problem, documented, of_error
from evotrade.api.streams import Streams
from evotrade.desk.views import DeskService, SessionView
from evotrade.errors import EvotradeError, NotFound, SessionRefused
from evotrade.tokens import Identity

SessionId = Annotated[int, Path(ge=1, le=MAX_ID, description="Number of the session.", examples=[7])]
Asking = Annotated[Identity, Depends(identity_of)]
_READ = documented(401, 403, 422, 429, 503)


def session_routes(desk: DeskService) -> APIRouter:
    """The routes under /trading that act, and those that show sessions."""
    router = APIRouter(prefix="/trading", tags=["sessions"], responses=_READ)

    @router.post(
        "/start",
        dependencies=[needs("trader")],
        status_code=201,
        responses=documented(400, 404, 409, 413, 502),
    )
    async def start(asked: out.StartIn, who: Asking) -> out.SessionOut:
        """Start a session. Everything is checked before; what fails is told here, and nothing starts."""
        if not asked.dry_run and not (asked.confirm or "").strip():
            raise SessionRefused(
                'real orders need confirm: "<cell> <pair> <allocation>", typed by whose money it is'
            )
        return _shown(await desk.start(asked.request(who.name)))

    @router.post(
        "/stop/{session_id}", dependencies=[needs("trader")], responses=documented(400, 404, 409, 413)
    )
    async def stop(session_id: SessionId, who: Asking, asked: out.StopIn | None = None) -> out.SessionOut:
        """Stop a session; it sells what it holds unless told not to, and may be `stopping` for a while."""
        await _check_owner(desk, session_id, who)
        flatten = asked is None or asked.flatten
        return _shown(await desk.stop(session_id, flatten=flatten, reason=f"stopped by {who.name}"))

    @router.post(
        "/resume/{session_id}", dependencies=[needs("trader")], responses=documented(400, 404, 409, 413, 502)
    )
    async def resume(session_id: SessionId, who: Asking, asked: out.ResumeIn | None = None) -> out.SessionOut:
        """Let a halted session go on."""
        await _check_owner(desk, session_id, who)
        given = asked.reason if asked is not None else ""
        reason = f"resumed by {who.name}: {given}" if given else f"resumed by {who.name}"
        return _shown(await desk.resume(session_id, reason))

    @router.post("/stop-all", dependencies=[needs("trader")], responses=documented(400, 413))
    async def stop_all(who: Asking, asked: out.StopIn | None = None) -> list[out.SessionOut]:
        """The kill switch: stop every session that runs, whoever started it."""
        flatten = asked is None or asked.flatten
        stopped = await desk.stop_all(flatten=flatten, reason=f"kill switch, by {who.name}")
        return [_shown(view) for view in stopped]

    @router.get("/sessions", dependencies=[needs("viewer")])
    async def list_sessions(
        active: Annotated[
            bool | None, Query(description="Only those that run; false: only those that ended.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    ) -> list[out.SessionOut]:
        """Sessions, newest first."""
        return [_shown(view) for view in await desk.sessions(active, limit)]

    _add_details(router, desk)
    return router


def _add_details(router: APIRouter, desk: DeskService) -> None:
    """What there is to see of one session."""
    shows: dict[str, Any] = {"dependencies": [needs("viewer")], "responses": documented(404)}

    @router.get("/session/{session_id}", **shows)
    async def show_session(session_id: SessionId) -> out.SessionOut:
        """One session, running or ended."""
        return _shown(await desk.session(session_id))

    @router.get("/session/{session_id}/trades", **shows)
    async def list_trades(session_id: SessionId) -> list[out.FillOut]:
        """Its fills, oldest first."""
        return fills_of(await desk.session(session_id), await desk.fills(session_id))

    @router.get("/session/{session_id}/positions", **shows)
    async def list_positions(session_id: SessionId) -> list[out.PositionOut]:
        """Its entries with what closed them, oldest first; the open one, if there is one, comes last."""
        return positions_of(await desk.session(session_id), await desk.trades(session_id))

    @router.get("/session/{session_id}/orders", **shows)
    async def list_orders(session_id: SessionId) -> list[out.OrderOut]:
        """Its orders, oldest first."""
        return [out.OrderOut.model_validate(row) for row in await desk.orders(session_id)]

    @router.get("/session/{session_id}/transitions", **shows)
    async def list_transitions(session_id: SessionId) -> list[out.TransitionOut]:
        """Its changes of state, oldest first."""
        return [out.TransitionOut.model_validate(row) for row in await desk.transitions(session_id)]

    @router.get("/session/{session_id}/bars", **shows)
    async def list_bars(session_id: SessionId) -> list[out.BarOut]:
        """The bars it used with their decisions, oldest first."""
        return [out.BarOut.model_validate(row) for row in await desk.bars(session_id)]

    @router.get("/session/{session_id}/ticks", **shows)
    async def list_ticks(
        session_id: SessionId,
        since: Annotated[datetime | None, Query(description="Only those seen after it; UTC.")] = None,
    ) -> list[out.TickOut]:
        """Prices that it saw and what it was worth then, oldest first; at most 10 000."""
        return [out.TickOut.model_validate(row) for row in await desk.ticks(session_id, _utc(since))]

    @router.get("/session/{session_id}/verify", **{**shows, "responses": documented(404, 409)})
    async def verify(session_id: SessionId) -> out.VerificationOut:
        """Replay its bars through the backtest: do the decisions agree, and where does the profit differ?"""
        return out.VerificationOut.model_validate(await desk.verify(session_id))


def stream_route(streams: Streams) -> APIRouter:
    """The websocket of a session's changes."""
    router = APIRouter()

    @router.websocket("/ws/trading/{session_id}")
    async def watch(socket: WebSocket, session_id: str) -> None:
        """A snapshot, then changes; `?epoch=…&after=…` goes on after the message heard last."""
        offered = SUBPROTOCOL if SUBPROTOCOL in socket.scope.get("subprotocols", ()) else None
        try:
            await streams.serve(socket, _number(session_id), _place(socket), offered)
        except EvotradeError as error:
            await socket.send_denial_response(of_error(error))

    return router


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= MAX_ID):
        raise NotFound(f"there is no session {text[:40]}: GET /trading/sessions lists those that there are")
    return int(text)


def _place(socket: WebSocket) -> Place | None:
    """Where the watcher was; nonsense is like having been nowhere, and gets a snapshot."""
    epoch, after = socket.query_params.get("epoch"), socket.query_params.get("after", "")
    if not epoch or not (after.isascii() and after.isdecimal() and len(after) < 20):
        return None
    return Place(epoch, int(after))


def _shown(view: SessionView) -> out.SessionOut:
    return out.SessionOut.model_validate(view)


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _check_owner(desk: DeskService, session_id: int, who: Identity) -> None:
    """A trader acts on sessions of its own; an admin on all."""
    view = await desk.session(session_id)
    if view.owner != who.name and not who.may("admin"):
        raise Problem(
            403, f"session {session_id} is {view.owner or 'nobody'}'s: ask its owner, or use an admin's token"
        )
