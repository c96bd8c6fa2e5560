"""Metrics for Prometheus, in a registry of the app's own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evotrade.desk.views import Health
from evotrade.engine.session.states import STATUSES

_STATES = ("_s", "_waiting")  # among the desk's counters, what may also fall
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]+")


class Metrics:
    """What the app counts itself, and what the desk's health says."""

    def __init__(self, watchers: Callable[[], int]) -> None:
        self._watchers = watchers
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("evotrade_http_requests", "Answers.", labels, registry=self._registry)
        self._seconds = Histogram(
            "evotrade_http_request_seconds",
            "Until an answer was complete.",
            ("route",),
            registry=self._registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the pattern, not the path, of which there are too many."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, health: Health) -> bytes:
        """All of it, as Prometheus reads it."""
        state = CollectorRegistry()
        state.register(_Desk(health, self._watchers()))
        return generate_latest(self._registry) + generate_latest(state)


class _Desk(Collector):
    """The health of the desk at one moment."""

    def __init__(self, health: Health, watchers: int) -> None:
        self._health = health
        self._watchers = watchers

    def collect(self) -> Iterator[Metric]:
        """Gauges of what is, counters of what happened."""
        health = self._health
        yield _gauge("up", "Whether all is well.", float(health.ok))
        yield _gauge("start_time_seconds", "Since when it runs.", health.started_at.timestamp())
        yield _gauge("feed_up", "Whether prices flow.", float(health.feed_ok))
        if health.feed_age_s is not None:
            yield _gauge("feed_age_seconds", "Since the last message.", health.feed_age_s)
        yield _gauge("outbox_backlog", "Records that are not in the store yet.", health.outbox_backlog)
        yield _gauge("watchers", "Open websockets.", self._watchers)
        sessions = GaugeMetricFamily("evotrade_sessions", "Sessions by status.", labels=["status"])
        for status in (*STATUSES, *(name for name in health.sessions if name not in STATUSES)):
            sessions.add_metric([status], health.sessions.get(status, 0))
        yield sessions
        for name, value in health.counters.items():
            known = _NOT_IN_NAMES.sub("_", name).strip("_").removesuffix("_total")
            if known.endswith(_STATES):
                seconds = re.sub("_s$", "_seconds", known)
                yield _gauge(seconds, f"Measured by the desk: {name}.", value)
            else:
                yield CounterMetricFamily(f"evotrade_{known}", f"Counted by the desk: {name}.", value=value)


def _gauge(name: str, doc: str, value: float) -> Metric:
    return GaugeMetricFamily(f"evotrade_{name}", doc, value=value)


class Counting:
    """ASGI middleware that counts every answer, also those that never reached a route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count HTTP."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began_s = 500, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            known = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.count(known, route, status, time.perf_counter() - began_s)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
