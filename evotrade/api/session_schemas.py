"""Live sessions as JSON. Money and quantities are decimal strings, times are ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt

from evotrade.api.fields import MAX_ID, Answer, Money, Number, Question
from evotrade.desk.views import StartRequest
from evotrade.engine.execution import DAYS, Limits
from evotrade.engine.session.orders import Kind, Leg, OrderStatus, Side
from evotrade.engine.session.states import Status
from evotrade.timeframes import SECONDS

_Percent = Annotated[float, Field(gt=0, lt=100)]
_TIME_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d$"


class HoursIn(Question):
    """When entries may fill; a window that crosses midnight belongs to the day on which it starts."""

    days: tuple[Literal[DAYS], ...] = Field(DAYS, min_length=1, max_length=7)  # type: ignore[valid-type]
    start: str = Field("00:00", pattern=_TIME_OF_DAY, description="HH:MM, the first minute.")
    end: str = Field("00:00", pattern=_TIME_OF_DAY, description="HH:MM, the first minute that is too late.")
    zone: str = Field("UTC", max_length=64, description="Time zone.", examples=["Europe/Berlin"])


class LimitsIn(Question):
    """Risk limits; what is left out or null is no limit. Percents are of the entry price or of equity."""

    stop_loss_pct: _Percent | None = Field(None, description="Sells so far below the entry price.")
    trailing_stop_pct: _Percent | None = Field(
        None, description="Sells so far below the best price since entry."
    )
    take_profit_pct: float | None = Field(None, gt=0, description="Sells so far above the entry price.")
    max_drawdown_pct: _Percent | None = Field(
        None, description="Halts the session so far below its best equity."
    )
    max_daily_loss_pct: _Percent | None = Field(
        None, description="Halts it at such a loss since midnight UTC."
    )
    max_trades_per_day: StrictInt | None = Field(None, ge=1, le=MAX_ID, description="Entries per UTC day.")
    trading_hours: HoursIn | None = Field(None, description="When entries may fill.")
    cool_down_bars: StrictInt = Field(0, ge=0, le=MAX_ID, description="Bars to wait after a losing trade.")


class StartIn(Question):
    """A session to start; the number of a cell is enough."""

    cell_id: StrictInt = Field(ge=1, le=MAX_ID, description="The cell that trades.", examples=[29])
    allocation: Decimal = Field(
        Decimal(1000),
        gt=0,
        max_digits=20,
        decimal_places=8,
        description="Quote currency it may spend; exact as a string.",
        examples=["1000"],
    )
    timeframe: Literal[tuple(SECONDS)] = Field(  # type: ignore[valid-type]
        "1h", description="Length of the bars that it decides on."
    )
    dry_run: StrictBool = Field(True, description="On paper; false sends real orders.")
    pair: str | None = Field(
        None, max_length=40, description="The pair; the cell's own otherwise.", examples=["BTC/USD"]
    )
    limits: LimitsIn = Field(default=LimitsIn(), description="Risk limits.")
    confirm: str | None = Field(
        None,
        max_length=200,
        description='Real orders need "<cell> <pair> <allocation>" here, typed by a person.',
        examples=["29 BTC/USD 1000"],
    )

    def request(self, owner: str) -> StartRequest:
        """What the desk is asked. `SettingsError` for limits that make no sense."""
        plain = {name: getattr(self, name) for name in type(self).model_fields if name != "limits"}
        return StartRequest(**plain, limits=Limits.from_dict(self.limits.model_dump()), owner=owner)


class StopIn(Question):
    """How to stop."""

    flatten: StrictBool = Field(True, description="Sell what it holds; false leaves that to you.")


class ResumeIn(Question):
    """Why a halted session may go on."""

    reason: str = Field("", max_length=500, description="Kept with the change of state.")


class SessionOut(Answer):
    """One session at one moment."""

    session_id: int = Field(examples=[7])
    cell_id: int = Field(examples=[29])
    genome: str = Field(
        description="What it trades by.", examples=["IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"]
    )
    pair: str = Field(examples=["BTC/USD"])
    source: str = Field(description="Whose prices: kraken or sandbox.", examples=["kraken"])
    timeframe: str = Field(examples=["1h"])
    dry_run: bool = Field(description="On paper; false: with real orders.")
    owner: str = Field(description="Whose token started it.", examples=["trader"])
    status: Status = Field(examples=["running"])
    reason: str = Field(description="Why it has this status.")
    start_time: datetime
    end_time: datetime | None
    allocation: Money = Field(description="Quote currency it started with.")
    cash: Money = Field(description="Quote currency it has now.")
    position: Money = Field(description="Base currency it holds.", examples=["0.01500000"])
    entry_price: Money | None = Field(description="Of the open position.")
    price: Number = Field(description="The last one seen.")
    price_at: datetime | None
    current_pnl: Money = Field(description="Profit since its start at that price, after fees.")
    final_pnl: Money | None = Field(description="Profit once it has ended.")
    realized_pnl: Money = Field(description="Profit of closed trades.")
    open_positions: int = Field(description="0 or 1.")
    trade_count: int = Field(description="Trades that it made.")
    missed_bars: int = Field(description="Bars that closed without it being able to act.")
    limits: Mapping[str, Any] = Field(description="Risk limits in force.")


class FillOut(Answer):
    """One execution of an order."""

    trade_id: str = Field(description="Names it for ever.", examples=["TBT6VX-5MOZT-UBJB5K"])
    session_id: int
    cell_id: int
    order_id: str
    timestamp: datetime
    side: Side
    quantity: Money = Field(description="Base currency.")
    price: Money
    fee: Money = Field(description="Quote currency.")
    pnl: Money | None = Field(description="Profit after fees of what it closed; null for a buy.")
    position_after: Money = Field(description="Base currency held then.")


class PositionOut(Answer):
    """An entry and what closed it, if anything did."""

    position_id: int | None = Field(description="Counts within the session; null where it is not known yet.")
    session_id: int
    status: Literal["open", "closed"]
    entry_at: datetime | None
    exit_at: datetime | None
    quantity: Money = Field(description="Base currency.")
    entry_price: Money | None
    exit_price: Money | None = Field(description="Null while it is open.")
    price: Number = Field(description="The last one seen, of an open position.")
    fees: Money | None = Field(description="Quote currency, so far.")
    pnl: Money | None = Field(description="After fees; of an open position at the last price.")
    exit_reason: str | None


class OrderOut(Answer):
    """An order and what became of it."""

    order_id: str = Field(description="The client order id that the exchange knows, too.")
    session_id: int
    exchange_id: str | None
    bar_start: datetime = Field(description="The bar whose close decided it.")
    leg: Leg
    attempt: int
    side: Side
    kind: Kind
    quantity: Money
    price: Money | None = Field(description="Limit or trigger.")
    status: OrderStatus
    reason: str = Field(description="Why it has this status.")
    cause: str = Field("", description="Why it was made.")
    created_at: datetime
    changed_at: datetime


class TransitionOut(Answer):
    """A change of state."""

    at: datetime
    before: Status
    after: Status
    reason: str


class BarOut(Answer):
    """A bar that the session used, and what it decided at its close."""

    start: datetime
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    trades: Number
    decision: int | None = Field(description="1 buy, -1 sell, 0 hold; null for a bar from before its start.")
    missed: str = Field("", description="Why its signal was not traded, if it could have been.")


class TickOut(Answer):
    """A price seen, and what the session was worth at it."""

    seen_at: datetime
    price: Number
    pnl: Number = Field(description="In quote currency, rounded as a price is; fills have it exact.")


class VerificationOut(Answer):
    """A session against the backtest of its own bars."""

    session_id: int
    agrees: bool = Field(description="Whether every decision is the backtest's.")
    bars: int
    differing_bars: int
    first_difference: datetime | None
    missed_bars: tuple[datetime, ...]
    live_pnl: Money
    backtest_pnl: Money
    parts: Mapping[str, Money] = Field(
        description="signal, price, fee, latency, missed_bars: they sum to live_pnl - backtest_pnl exactly."
    )
    notes: tuple[str, ...]
