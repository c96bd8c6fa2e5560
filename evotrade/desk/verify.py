"""A session against the backtest of its bars: the decisions bit by bit, and where the difference in P&L is.

The difference `live − backtest` is split by replacing one thing at a time:

| part | what it is worth |
|---|---|
| signal | the session's own bars and decisions instead of the series' and the evaluator's |
| missed_bars | signals that came while the session could not act, left out |
| latency | the market's move from the open of the next bar to the moment of each fill |
| fee | fees other than those of the terms, at the fills' own prices and quantities |
| price | the rest: spread, slippage, stops struck at ticks, roundings, and the sizes that follow |

Since the last part is the rest, they sum exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from evotrade.desk.views import Verification
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.engine.execution import Execution
from evotrade.engine.simulation import Decisions, simulate
from evotrade.errors import NotEnoughCandles
from evotrade.genome import Genome
from evotrade.market.candles import REQUIRED, Candles

PARTS = ("signal", "price", "fee", "latency", "missed_bars")
_CENT = Decimal("1e-10")  # of the store's decimals
_VALUES = (*REQUIRED, "trades")


@dataclass(frozen=True, slots=True)
class LiveBar:
    """A bar as the session saw and decided it; `missed` says why its signal could not trade, or ""."""

    start_s: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: float
    decision: int
    missed: str = ""


@dataclass(frozen=True, slots=True)
class LiveFill:
    """One execution; `side` is 1 or -1, `market` the last trade's price at that moment where it is known."""

    at_s: float
    side: int
    quantity: Decimal
    price: Decimal
    fee: Decimal
    bar_start_s: int
    reason: str
    market: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a session left: bars and fills oldest first, its profit, its last price after the last bar.

    `terms` are those it was started with; `closed` says that a stop sold what it held.
    """

    session_id: int
    genome: Genome
    combine: str
    timeframe: str
    terms: Execution
    bars: Sequence[LiveBar]
    fills: Sequence[LiveFill]
    live_pnl: Decimal
    last_price: float | None
    closed: bool


def verify(record: Record, series: Candles) -> Verification:
    """Replay the session on `series`, the candles of its source with those before it as warm-up.

    Raises `NotEnoughCandles` for a session that has not decided a bar yet.
    """
    if not record.bars:
        raise NotEnoughCandles(
            f"session {record.session_id} has not decided a bar yet: verify it after the first one closed"
        )
    own = _candles(record)
    first_s, end_s = int(own.time_s[0]), int(own.end_s[-1])
    replayed = series.between(first_s, end_s)
    expected = decide(record.genome, Columns(series), record.combine)[
        int(np.searchsorted(series.time_s, first_s)) :
    ][: len(replayed)]
    decided = np.array([bar.decision for bar in record.bars], np.int8)
    acted = np.array([0 if bar.missed else bar.decision for bar in record.bars], np.int8)
    by_series = _profit(expected, replayed, record)
    by_itself = _profit(decided, own, record)
    acting = _profit(acted, own, record)
    latency, fee = _latency(record, own), _fees(record)
    parts = {
        "signal": by_itself - by_series,
        "price": record.live_pnl - acting - latency - fee,
        "fee": fee,
        "latency": latency,
        "missed_bars": acting - by_itself,
    }
    differing = _differing(own, decided, replayed, expected)
    return Verification(
        session_id=record.session_id,
        bars=len(own),
        differing_bars=len(differing),
        first_difference=_time(differing[0]) if differing else None,
        missed_bars=tuple(_time(bar.start_s) for bar in record.bars if bar.missed),
        live_pnl=record.live_pnl,
        backtest_pnl=by_series,
        parts=parts,
        notes=tuple(_notes(record, own, replayed, series)),
    )


def _candles(record: Record) -> Candles:
    """The bars that the session saw."""
    columns: dict[str, Any] = {
        name: np.array([getattr(bar, name) for bar in record.bars]) for name in _VALUES
    }
    starts = np.array([bar.start_s for bar in record.bars], np.int64)
    return Candles(time_s=starts, timeframe=record.timeframe, **columns)


def _profit(decisions: Decisions, candles: Candles, record: Record) -> Decimal:
    """Profit of trading these decisions on the session's terms, marked where the session is."""
    if not len(candles):
        return Decimal(0)
    if record.last_price is not None:  # the bar that still ran: fills of the last decision lie in it
        candles, decisions = _with_running_bar(candles, record.last_price), np.append(decisions, np.int8(0))
    terms = replace(record.terms, close_at_end=record.closed)
    equity = simulate(decisions, candles, terms).equity
    return _exact(float(equity[-1])) - _exact(terms.initial)


def _with_running_bar(candles: Candles, last_price: float) -> Candles:
    """The candles and one more, which opened at the last close and stands at `last_price`."""
    close = float(candles.close[-1])
    ends = max(close, last_price), min(close, last_price)
    row: Mapping[str, float] = {
        **{"open": close, "high": ends[0], "low": ends[1], "close": last_price, "volume": 0.0, "trades": 0.0}
    }
    columns: dict[str, Any] = {name: np.append(getattr(candles, name), row[name]) for name in _VALUES}
    starts = np.append(candles.time_s, candles.end_s[-1])
    return Candles(time_s=starts, timeframe=candles.timeframe, **columns)


def _latency(record: Record, own: Candles) -> Decimal:
    """What the market's moves between the next open and each fill by a signal were worth."""
    opens = {int(start): float(price) for start, price in zip(own.time_s[1:], own.open[1:], strict=True)}
    following = dict(zip(own.time_s.tolist(), own.time_s[1:].tolist(), strict=False))
    total = Decimal(0)
    for fill in record.fills:
        opened = opens.get(following.get(fill.bar_start_s, -1))
        if fill.reason == "signal" and fill.market is not None and opened is not None:
            total -= fill.side * fill.quantity * (fill.market - _exact(opened))
    return total.quantize(_CENT)


def _fees(record: Record) -> Decimal:
    """What was saved by fees below those of the terms, at the fills' own prices."""
    rate = _exact(record.terms.fee_bps) / 10_000
    saved = sum((fill.quantity * fill.price * rate - fill.fee for fill in record.fills), Decimal(0))
    return saved.quantize(_CENT)


def _differing(own: Candles, decided: Decisions, replayed: Candles, expected: Decisions) -> list[int]:
    """Starts of the bars on which the decisions differ, or that only one of the two has, in order."""
    mine = dict(zip(own.time_s.tolist(), decided.tolist(), strict=True))
    theirs = dict(zip(replayed.time_s.tolist(), expected.tolist(), strict=True))
    return sorted(start for start in mine.keys() | theirs.keys() if mine.get(start) != theirs.get(start))


def _notes(record: Record, own: Candles, replayed: Candles, series: Candles) -> list[str]:
    notes = []
    unequal = _unequal_bars(own, replayed)
    if unequal:
        first = f"{_time(unequal[0]):%Y-%m-%d %H:%M} UTC"
        notes.append(f"{len(unequal)} bars are other ones in the series now, the first of {first}.")
    missing = record.genome.lookback(record.timeframe) - int(np.searchsorted(series.time_s, own.time_s[0]))
    if missing > 0:
        notes.append(f"The series lacks {missing} bars of the lookback before the session's first bar.")
    if any(fill.reason not in ("signal", "stop") for fill in record.fills):
        notes.append(
            "Limits struck at ticks here, and inside bars in the backtest: part of the price's share."
        )
    return notes


def _unequal_bars(own: Candles, replayed: Candles) -> list[int]:
    """Starts of the bars that both have, with other numbers."""
    _, mine, theirs = np.intersect1d(own.time_s, replayed.time_s, return_indices=True)
    same = np.ones(len(mine), np.bool_)
    for name in REQUIRED:
        same &= getattr(own, name)[mine] == getattr(replayed, name)[theirs]
    return [int(start) for start in own.time_s[mine][~same]]


def _exact(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_CENT)


def _time(start_s: int) -> datetime:
    return datetime.fromtimestamp(start_s, UTC)
