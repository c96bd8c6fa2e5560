"""What the desk tells of itself, and what may be asked of it: plain data and one protocol for the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from evotrade.engine.execution import Limits
from evotrade.engine.session.states import Status

Topic = Literal["price", "pnl", "trade", "position", "state"]


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What a person asks for; `confirm` is `"<cell> <pair> <allocation>"`, demanded for real orders."""

    cell_id: int
    allocation: Decimal = Decimal(1000)
    timeframe: str = "1h"
    dry_run: bool = True
    pair: str | None = None
    limits: Limits = field(default_factory=Limits)
    confirm: str | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session at one moment. Money in quote currency, position in base currency, times in UTC."""

    session_id: int
    cell_id: int
    genome: str
    pair: str
    source: str
    timeframe: str
    dry_run: bool
    owner: str
    status: Status
    reason: str
    start_time: datetime
    end_time: datetime | None
    allocation: Decimal
    cash: Decimal
    position: Decimal
    entry_price: Decimal | None
    price: float | None
    price_at: datetime | None
    current_pnl: Decimal
    final_pnl: Decimal | None
    realized_pnl: Decimal
    open_positions: int
    trade_count: int
    missed_bars: int
    limits: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """A change of a session for those who watch it; `data` is JSON-ready."""

    session_id: int
    topic: Topic
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verification:
    """A session against the backtest of its bars; money in quote currency.

    `parts` (signal, price, fee, latency, missed_bars) sum to `live_pnl - backtest_pnl` exactly.
    `first_difference` is the first bar (UTC) whose decision differs, None where all agree.
    """

    session_id: int
    bars: int
    differing_bars: int
    first_difference: datetime | None
    missed_bars: tuple[datetime, ...]
    live_pnl: Decimal
    backtest_pnl: Decimal
    parts: Mapping[str, Decimal]
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every decision is the backtest's."""
        return self.differing_bars == 0


@dataclass(frozen=True, slots=True)
class Health:
    """The daemon at one moment; `jobs` and `feed` are JSON-ready details for the System page."""

    ok: bool
    pid: int
    version: str
    started_at: datetime
    exchange: str
    real_orders_allowed: bool
    feed_ok: bool
    feed_reason: str
    feed_age_s: float | None
    sessions: Mapping[str, int]
    outbox_backlog: int
    jobs: tuple[Mapping[str, Any], ...] = ()
    counters: Mapping[str, float] = field(default_factory=dict)


class DeskService(Protocol):
    """All that API, daemon and tests ask of the desk. Called in the daemon's event loop.

    Unknown numbers raise `NotFound`, wrong states `SessionError`, failed checks `SessionRefused`, limits
    `DeskLimit`.
    """

    async def start(self, request: StartRequest) -> SessionView:
        """Check everything, then start; what fails is refused in this call with its reason."""

    async def stop(self, session_id: int, *, flatten: bool = True, reason: str = "") -> SessionView:
        """Stop it, selling its position unless `flatten` is False; returns at once, it may be `stopping`."""

    async def stop_all(self, *, flatten: bool = True, reason: str = "") -> list[SessionView]:
        """The kill switch: stop every session that runs."""

    async def resume(self, session_id: int, reason: str = "") -> SessionView:
        """Let a halted session go on."""

    async def sessions(self, active: bool | None = None, limit: int = 200) -> list[SessionView]:
        """Newest first; only those that run, only those that ended, or both."""

    async def session(self, session_id: int) -> SessionView:
        """One session, running, ended or archived."""

    async def fills(self, session_id: int) -> list[dict[str, Any]]:
        """fill_id, order_id, filled_at, side, quantity, price, fee, pnl, position_after; oldest first."""

    async def trades(self, session_id: int) -> list[dict[str, Any]]:
        """trade_id, entry_at, exit_at, quantity, entry_price, exit_price, fees, pnl, exit_reason."""

    async def orders(self, session_id: int) -> list[dict[str, Any]]:
        """The rows of the table `orders`, oldest first."""

    async def transitions(self, session_id: int) -> list[dict[str, Any]]:
        """at, before, after, reason; oldest first."""

    async def bars(self, session_id: int) -> list[dict[str, Any]]:
        """start, open, high, low, close, volume, trades, decision, missed; oldest first."""

    async def ticks(self, session_id: int, since: datetime | None = None) -> list[dict[str, Any]]:
        """seen_at, price, pnl; oldest first, at most 10 000."""

    async def verify(self, session_id: int) -> Verification:
        """Replay the session through the backtest."""

    async def health(self) -> Health:
        """How the daemon, its feed and its jobs are."""

    async def alerts(self, limit: int = 100) -> list[dict[str, Any]]:
        """at, level, session_id, text; newest first."""

    async def test_alert(self) -> None:
        """Send a test message by every configured way. `SettingsError` where none is."""

    def subscribe(self, session_id: int, listener: Callable[[Update], None]) -> Callable[[], None]:
        """Tell this session's updates to the listener, in the event loop; call the answer to end that."""
