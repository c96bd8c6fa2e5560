"""A session's record read for `verify`: from the store, with what the outbox still holds."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from evotrade import timeframes
from evotrade.desk.lines import joined
from evotrade.desk.readings import Readings
from evotrade.desk.verify import LiveBar, LiveFill, Record, verify
from evotrade.desk.views import Verification
from evotrade.engine.execution import Execution
from evotrade.errors import NotFound
from evotrade.genome import as_genome
from evotrade.market.candles import REQUIRED, Candles
from evotrade.store import Store
from evotrade.store.records import BarRow, FillRow, OrderRow, SessionRow

_VALUES = (*REQUIRED, "trades")


def verify_session(
    readings: Readings, store: Store, session_id: int, row: SessionRow | None = None
) -> Verification:
    """Replay a session through the backtest; `row` is what it is now, read where None.

    Raises `NotEnoughCandles` for a session without a closed bar.
    """
    session = row or readings.session(session_id)
    bars = readings.bars(session_id)
    orders = {order.order_id: order for order in readings.orders(session_id)}
    ticks = readings.ticks(session_id, None)
    decided = [bar for bar in bars if bar.decision is not None]
    fills = readings.fills(session_id)
    last = orders[fills[-1].order_id] if fills and fills[-1].order_id in orders else None
    record = Record(
        session_id=session_id,
        genome=as_genome(session.genome),
        combine=session.combine,
        timeframe=session.timeframe,
        terms=Execution.from_dict(json.loads(session.execution)),
        bars=[_bar(bar) for bar in decided],
        fills=[_fill(fill, orders.get(fill.order_id), ticks) for fill in fills],
        live_pnl=session.current_pnl if session.final_pnl is None else session.final_pnl,
        last_price=session.price,
        closed=last is not None and last.cause == "stop" and session.quantity == 0,
    )
    return verify(record, _series(store, session, bars))


def _series(store: Store, session: SessionRow, bars: Sequence[BarRow]) -> Candles:
    """The candles of the session's source, with the session's own lookback before its first decided bar.

    Its own, since the exchange's history may since have been cut, or begin elsewhere.
    """
    warm_up = [bar for bar in bars if bar.decision is None]
    decided = [bar for bar in bars if bar.decision is not None]
    before = _candles(warm_up, session)
    if not decided:
        return before
    start_s, end_s = int(decided[0].start.timestamp()), int(decided[-1].start.timestamp())
    length_s = timeframes.length_s(session.timeframe)
    try:
        series = store.load_candles(
            session.pair, session.timeframe, session.source, start_s, end_s + length_s
        )
    except NotFound:
        series = before[:0]
    return joined(before, series)


def _candles(bars: Sequence[BarRow], session: SessionRow) -> Candles:
    columns: dict[str, Any] = {
        name: np.array([getattr(bar, name) for bar in bars], np.float64) for name in _VALUES
    }
    starts = np.array([int(bar.start.timestamp()) for bar in bars], np.int64)
    source: Any = session.source
    return Candles(time_s=starts, timeframe=session.timeframe, pair=session.pair, source=source, **columns)


def _bar(bar: BarRow) -> LiveBar:
    values = {name: getattr(bar, name) for name in _VALUES}
    return LiveBar(int(bar.start.timestamp()), **values, decision=bar.decision or 0, missed=bar.missed)


def _fill(fill: FillRow, order: OrderRow | None, ticks: Sequence[dict[str, Any]]) -> LiveFill:
    seen = [tick["seen_at"] for tick in ticks]
    at = bisect_right(seen, fill.filled_at) - 1
    return LiveFill(
        at_s=fill.filled_at.timestamp(),
        side=1 if fill.side == "buy" else -1,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        bar_start_s=int(order.bar_start.timestamp()) if order else 0,
        reason=order.cause if order else "",
        market=Decimal(repr(ticks[at]["price"])) if at >= 0 else None,
    )
