"""What a session's effects mean for its records: rows for the outbox."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from evotrade.desk.lines import Decided
from evotrade.desk.views import SessionView
from evotrade.engine import ENGINE_VERSION
from evotrade.engine.execution import Limits
from evotrade.engine.session.book import Trade
from evotrade.engine.session.effects import BarDecided, Executed, OrderChanged, StatusChanged
from evotrade.engine.session.orders import Order
from evotrade.market.candles import Candles
from evotrade.store.records import BarRow, FillRow, OrderRow, SessionRow, TradeRow, TransitionRow

if TYPE_CHECKING:
    from evotrade.desk.runner import Runner


def moment(at_s: float) -> datetime:
    """Unix seconds as a time in UTC."""
    return datetime.fromtimestamp(at_s, UTC)


def transition_row(session_id: int, changed: StatusChanged) -> TransitionRow:
    """A change of state as its table has it."""
    return TransitionRow(session_id, moment(changed.at_s), changed.before, changed.after, changed.reason)


def bar_row(session_id: int, bar: Decided | None, decided: BarDecided) -> BarRow:
    """A bar with its decision as its table has it; of a bar long gone only the close is known."""
    if bar is None:
        close = decided.close
        prices: dict[str, Any] = dict.fromkeys(("open", "high", "low", "close"), close)
        return BarRow(
            session_id,
            moment(decided.start_s),
            **prices,
            volume=0.0,
            trades=0.0,
            decision=decided.decision,
            missed=decided.missed,
        )
    return BarRow(
        session_id=session_id,
        start=moment(bar.start_s),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
        trades=bar.trades,
        decision=decided.decision,
        missed=decided.missed,
    )


def trade_row(session_id: int, trade: Trade) -> TradeRow:
    """A trade as its table has it; an open one has no exit and no profit yet."""
    closed = not trade.is_open
    return TradeRow(
        session_id=session_id,
        trade_id=trade.number,
        entry_at=moment(trade.entry_at_s),
        exit_at=moment(trade.exit_at_s) if closed and trade.exit_at_s is not None else None,
        quantity=trade.bought,
        entry_price=trade.entry_price,
        exit_price=trade.exit_price if closed else None,
        fees=trade.fees,
        pnl=trade.pnl if closed else None,
        exit_reason=trade.exit_reason if closed else None,
    )


def fill_row(session_id: int, done: Executed) -> FillRow:
    """A fill as its table has it."""
    return FillRow(
        fill_id=done.fill_id,
        order_id=done.order.order_id,
        session_id=session_id,
        filled_at=moment(done.at_s),
        side=done.order.side,
        quantity=done.quantity,
        price=done.price,
        fee=done.fee,
        pnl=done.pnl,
        position_after=done.position_after,
    )


def order_row(
    session_id: int, order: Order, created_at_s: float, changed: OrderChanged | None = None
) -> OrderRow:
    """An order as its table has it; without a change it is only intended."""
    return OrderRow(
        order_id=order.order_id,
        session_id=session_id,
        exchange_id=changed.exchange_id if changed else None,
        bar_start=moment(order.bar_start_s),
        leg=order.leg,
        attempt=order.attempt,
        side=order.side,
        kind=order.kind,
        quantity=order.quantity,
        price=order.price,
        status=changed.status if changed else "intended",
        reason=changed.reason if changed else "",
        created_at=moment(created_at_s),
        changed_at=moment(changed.at_s if changed else created_at_s),
        cause=order.reason,
    )


def warm_up_rows(session_id: int, candles: Candles) -> Iterator[BarRow]:
    """The bars that a session looks back at when it starts: without a decision."""
    for bar in range(len(candles)):
        names = ("open", "high", "low", "close", "volume", "trades")
        numbers: dict[str, Any] = {name: float(getattr(candles, name)[bar]) for name in names}
        yield BarRow(session_id, moment(int(candles.time_s[bar])), **numbers, decision=None)


def session_row(runner: Runner) -> SessionRow:
    """A running session as its table has it now."""
    core, plan = runner.core, runner.core.plan
    book, tick = core.book, core.last_tick
    price = tick.price if tick else None
    pnl = book.worth(price) - plan.allocation if price is not None else book.cash - plan.allocation
    ended = runner.ended_at_s
    return SessionRow(
        session_id=plan.session_id,
        session_key=plan.key,
        cell_id=plan.cell_id,
        genome=plan.genome,
        combine=plan.combine,
        pair=plan.pair,
        source=runner.terms.source,
        timeframe=plan.timeframe,
        dry_run=plan.dry_run,
        owner=runner.terms.owner,
        status=core.status,
        reason=core.reason,
        allocation=plan.allocation,
        cash=book.cash,
        quantity=book.position,
        realized_pnl=book.realized,
        execution=json.dumps(plan.execution.to_dict()),
        engine_version=str(ENGINE_VERSION),
        started_at=moment(plan.started_at_s),
        ended_at=None if ended is None else moment(ended),
        entry_price=book.entry_price,
        price=price,
        price_at=moment(tick.at_s) if tick else None,
        current_pnl=pnl,
        final_pnl=None if ended is None else pnl,
        trade_count=book.trades,
        missed_bars=core.missed_bars,
    )


def view_of(row: SessionRow) -> SessionView:
    """A session's row as the API tells it."""
    execution = json.loads(row.execution)
    return SessionView(
        session_id=row.session_id,
        cell_id=row.cell_id,
        genome=row.genome,
        pair=row.pair,
        source=row.source,
        timeframe=row.timeframe,
        dry_run=row.dry_run,
        owner=row.owner,
        status=row.status,
        reason=row.reason,
        start_time=row.started_at,
        end_time=row.ended_at,
        allocation=row.allocation,
        cash=row.cash,
        position=row.quantity,
        entry_price=row.entry_price,
        price=row.price,
        price_at=row.price_at,
        current_pnl=row.current_pnl,
        final_pnl=row.final_pnl,
        realized_pnl=row.realized_pnl,
        open_positions=int(row.quantity > Decimal(0)),
        trade_count=row.trade_count,
        missed_bars=row.missed_bars,
        limits=Limits.from_dict(execution.get("limits") or {}).to_dict(),
    )


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON takes it: amounts and times as text."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else value
