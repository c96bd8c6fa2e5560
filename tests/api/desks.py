"""A desk that follows a script, for the edge of the API: it starts, stops and tells, and never trades."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from evotrade.desk.views import Health, SessionView, StartRequest, Update, Verification
from evotrade.errors import DeskLimit, NotFound, SessionError, SessionRefused, SettingsError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"


def a_view(session_id: int = 1, **changes: Any) -> SessionView:
    """A session on paper that holds a position."""
    plain = SessionView(
        session_id=session_id,
        cell_id=29,
        genome=GENOME,
        pair="BTC/USD",
        source="sandbox",
        timeframe="1h",
        dry_run=True,
        owner="trader",
        status="running",
        reason="",
        start_time=NOW,
        end_time=None,
        allocation=Decimal(1000),
        cash=Decimal("0.5"),
        position=Decimal("0.015"),
        entry_price=Decimal(66_000),
        price=67_000.0,
        price_at=NOW,
        current_pnl=Decimal("12.5"),
        final_pnl=None,
        realized_pnl=Decimal("-2.5"),
        open_positions=1,
        trade_count=2,
        missed_bars=0,
        limits={"stop_loss_pct": 5.0},
    )
    return replace(plain, **changes)


class ScriptedDesk:
    """Sessions in a dict; cell 404 is unknown, cell 666 is refused, and at most `most` sessions run."""

    def __init__(self, most: int = 10_000) -> None:
        self.views: dict[int, SessionView] = {}
        self.asked: list[StartRequest] = []
        self.reasons: list[str] = []
        self.listeners: dict[int, list[Callable[[Update], None]]] = {}
        self.alert_ways = True
        self.fault: Exception | None = None
        self.most = most
        self.differing = 0

    async def start(self, request: StartRequest) -> SessionView:
        self.asked.append(request)
        if request.cell_id == 404:
            raise NotFound("there is no cell 404 in the store: it holds 30 cells, the last is 30")
        pair = request.pair or "BTC/USD"
        words = f"{request.cell_id} {pair} {request.allocation}"
        if request.cell_id == 666 or (not request.dry_run and request.confirm != words):
            raise SessionRefused("cell 666 is dead: choose a living one, or trade it on paper")
        if len(self.views) >= self.most:
            raise DeskLimit(f"{self.most} sessions run already: stop one first")
        view = a_view(
            len(self.views) + 1,
            cell_id=request.cell_id,
            allocation=request.allocation,
            owner=request.owner,
            dry_run=request.dry_run,
            pair=pair,
        )
        return self.put(view)

    def put(self, view: SessionView) -> SessionView:
        """Have it be so, and return it."""
        self.views[view.session_id] = view
        return view

    async def stop(self, session_id: int, *, flatten: bool = True, reason: str = "") -> SessionView:
        view = await self.session(session_id)
        if view.status == "stopped":
            raise SessionError(f"session {session_id} has stopped already: start another")
        self.reasons.append(reason)
        return self.put(replace(view, status="stopped", end_time=NOW, final_pnl=view.current_pnl))

    async def stop_all(self, *, flatten: bool = True, reason: str = "") -> list[SessionView]:
        running = [view.session_id for view in self.views.values() if view.status != "stopped"]
        return [await self.stop(number, flatten=flatten, reason=reason) for number in running]

    async def resume(self, session_id: int, reason: str = "") -> SessionView:
        view = await self.session(session_id)
        if view.status != "halted":
            raise SessionError(f"session {session_id} is {view.status}: only a halted one is resumed")
        self.reasons.append(reason)
        return self.put(replace(view, status="running"))

    async def sessions(self, active: bool | None = None, limit: int = 200) -> list[SessionView]:
        wanted = [view for view in self.views.values() if active in (None, view.status != "stopped")]
        return wanted[::-1][:limit]

    async def session(self, session_id: int) -> SessionView:
        if self.fault is not None:
            raise self.fault
        if session_id not in self.views:
            raise NotFound(f"there is no session {session_id}")
        return self.views[session_id]

    async def fills(self, session_id: int) -> list[dict[str, Any]]:
        fill = {"fill_id": "F1", "order_id": "O1", "filled_at": NOW, "side": "buy"}
        money = {"quantity": Decimal("0.015"), "price": Decimal(66_000), "fee": Decimal("2.6")}
        return [{**fill, **money, "pnl": None, "position_after": Decimal("1E-7")}]

    async def trades(self, session_id: int) -> list[dict[str, Any]]:
        shut = {"trade_id": 1, "entry_at": NOW, "exit_at": NOW, "quantity": Decimal(1)}
        prices = {"entry_price": Decimal(10), "exit_price": Decimal(9), "fees": Decimal("0.1")}
        closed = {**shut, **prices, "pnl": Decimal("-1.1"), "exit_reason": "signal"}
        still = {"trade_id": 2, "exit_at": None, "exit_price": None, "pnl": None, "exit_reason": None}
        return [closed, {**closed, **still}]

    async def orders(self, session_id: int) -> list[dict[str, Any]]:
        order = {"order_id": "O1", "session_id": session_id, "exchange_id": None, "bar_start": NOW}
        kind = {"leg": "entry", "attempt": 1, "side": "buy", "kind": "market", "price": None}
        state = {"status": "filled", "reason": "", "cause": "signal", "created_at": NOW, "changed_at": NOW}
        return [{**order, **kind, **state, "quantity": Decimal("0.015")}]

    async def transitions(self, session_id: int) -> list[dict[str, Any]]:
        return [{"at": NOW, "before": "initializing", "after": "running", "reason": "all checks passed"}]

    async def bars(self, session_id: int) -> list[dict[str, Any]]:
        prices = dict.fromkeys(("open", "high", "low", "close", "volume", "trades"), 1.0)
        return [{"start": NOW, **prices, "decision": None, "missed": ""}]

    async def ticks(self, session_id: int, since: datetime | None = None) -> list[dict[str, Any]]:
        assert since is None or since.tzinfo is UTC
        return [{"seen_at": NOW, "price": 67_000.0, "pnl": 12.5}]

    async def verify(self, session_id: int) -> Verification:
        await self.session(session_id)
        parts = dict.fromkeys(("signal", "price", "fee", "latency", "missed_bars"), Decimal(0))
        first = NOW if self.differing else None
        pnl = Decimal("1.5")
        return Verification(session_id, 10, self.differing, first, (), pnl, pnl, parts)

    async def health(self) -> Health:
        running = {"running": len(self.views)}
        counters = {"orders placed": 3.0, "jobs_failed_total": 1.0, "loop_lag_s": 0.25}
        jobs = ({"name": "flush", "runs": 3},)
        return Health(
            True, 4711, "0.1.0", NOW, "sandbox", False, True, "", 0.2, running, 0, jobs, counters=counters
        )

    async def alerts(self, limit: int = 100) -> list[dict[str, Any]]:
        return [{"at": NOW, "level": "failure", "session_id": 1, "text": "Session 1 is halted"}][:limit]

    async def test_alert(self) -> None:
        if not self.alert_ways:
            raise SettingsError("no way to send alerts is set up: give alert_urls in evotrade.toml")

    def subscribe(self, session_id: int, listener: Callable[[Update], None]) -> Callable[[], None]:
        self.listeners.setdefault(session_id, []).append(listener)
        return lambda: self.listeners[session_id].remove(listener)

    def tell(self, session_id: int, topic: Any, **data: Any) -> None:
        """Let all watchers know."""
        for listener in tuple(self.listeners.get(session_id, ())):
            listener(Update(session_id, topic, data))
