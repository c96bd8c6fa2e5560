"""Routes on the daemon itself: health, alerts, metrics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from evotrade.api.access import needs
from evotrade.api.metrics import Metrics
from evotrade.api.problems import Problem, documented
from evotrade.api.system_schemas import AlertOut, AliveOut, HealthOut, SentOut
from evotrade.desk.views import DeskService
from evotrade.errors import SettingsError


def system_routes(desk: DeskService, metrics: Metrics) -> APIRouter:
    """The routes that say how the daemon is."""
    router = APIRouter(tags=["system"])
    refusals = documented(401, 403, 422, 429, 503)

    @router.get("/health")
    async def alive() -> AliveOut:
        """Whether the daemon is there; the one address that needs no token."""
        return AliveOut.model_validate(await desk.health())

    @router.get("/system", dependencies=[needs("viewer")], responses=refusals)
    async def system() -> HealthOut:
        """The daemon, its feed and its jobs."""
        return HealthOut.model_validate(await desk.health())

    @router.get("/alerts", dependencies=[needs("viewer")], responses=refusals)
    async def list_alerts(limit: Annotated[int, Query(ge=1, le=1_000)] = 100) -> list[AlertOut]:
        """What people were told, or should have been; newest first."""
        return [AlertOut.model_validate(row) for row in await desk.alerts(limit)]

    @router.post("/alerts/test", dependencies=[needs("admin")], responses={**refusals, **documented(409)})
    async def test_alert() -> SentOut:
        """Send a test message by every configured way."""
        try:
            await desk.test_alert()
        except SettingsError as error:
            raise Problem(409, str(error)) from None  # the desk's settings are at fault, not the request
        return SentOut(sent=True)

    @router.get(
        "/metrics",
        dependencies=[needs("viewer")],
        response_class=Response,
        responses={**refusals, 200: {"content": {"text/plain": {}}, "description": "Prometheus text"}},
    )
    async def show_metrics() -> Response:
        """Counters and gauges for Prometheus, which sends its token as `authorization: credentials`."""
        return Response(metrics.text(await desk.health()), media_type=CONTENT_TYPE_LATEST)

    return router
