"""Frames of websocket v2, read into plain values; what cannot be read is complained of, never guessed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from evotrade.errors import EvotradeError, ExchangeError
from evotrade.market.pairs import pair_name

INTERVALS_MIN = {1: "1m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 240: "4h", 1_440: "1d"}
"""Timeframes that Kraken serves as bars, by minutes; its weeks start on Thursday, so that ours are joined."""

_EARLIEST_S, _LATEST_S = 1_230_768_000, 7_258_118_400  # 2009, before any trade, and 2200


class BadFrame(ExchangeError):
    """A frame, or a part of one, that makes no sense."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade; `id` counts the pair's trades without gaps. One of a snapshot may be long past."""

    pair: str
    id: int
    at_s: float
    price: float
    past: bool = False


@dataclass(frozen=True, slots=True)
class Ticker:
    """Best prices and sizes, last price; `at_s` is None where the frame has no time."""

    pair: str
    at_s: float | None
    last: float
    bid: float
    ask: float
    bid_size: float
    ask_size: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as it stands; `at_s` is the time of the trade that moved it, None in a snapshot."""

    pair: str
    timeframe: str
    start_s: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: int
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class System:
    """The exchange's state: online, maintenance, cancel_only …"""

    status: str
    connection_id: int


@dataclass(frozen=True, slots=True)
class Execution:
    """Something that happened to an order; what a frame leaves out is None. Money is exact.

    The JSON numbers of executions have fewer than 16 digits, so that their shortest text is the number
    that was printed.
    """

    exchange_id: str
    order_id: str | None
    kind: str
    status: str
    at_s: float
    reason: str
    exec_id: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    fees: tuple[tuple[str, Decimal], ...] = ()
    filled: Decimal | None = None


Message = Trade | Ticker | Bar | System | Execution


def read(frame: Mapping[str, Any]) -> tuple[list[Message], list[str]]:
    """What a data frame says, and the complaints about those parts of it that say nothing.

    `BadFrame` for a frame without a known channel; a heartbeat says nothing.
    """
    channel = frame.get("channel")
    if channel == "heartbeat":
        return [], []
    reader = _READERS.get(str(channel))
    if reader is None:
        raise BadFrame(f"a frame of the channel {str(channel)[:40]!r}, which nobody asked for")
    items = frame.get("data")
    if not isinstance(items, list):
        return [], [f"{channel} frame without data"]
    messages: list[Message] = []
    complaints = []
    for item in items:
        try:
            messages += reader(item, frame)
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, EvotradeError) as error:
            complaints.append(f"{channel}: {type(error).__name__} {str(error)[:120]}")
    return messages, complaints


def time_s(text: str) -> float:
    """Unix seconds of 2023-10-04T16:26:01.806315597Z. `BadFrame` outside 2009 to 2200."""
    moment = datetime.fromisoformat(text)
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not _EARLIEST_S <= seconds < _LATEST_S:
        raise BadFrame(f"the time {text} lies outside 2009 to 2200")
    return seconds


def _price(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadFrame(f"{str(value)[:40]!r} where a price belongs")
    if not math.isfinite(value) or value <= 0:
        raise BadFrame(f"the price {value} is not a number above 0")
    return float(value)


def _amount(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadFrame(f"{str(value)[:40]!r} where an amount belongs")
    if not math.isfinite(value) or value < 0:
        raise BadFrame(f"the amount {value} is not a number of at least 0")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadFrame(f"{str(value)[:40]!r} where a count belongs")
    return value


def _money(value: Any) -> Decimal:
    number = Decimal(repr(_amount(value)))
    return number.normalize() if number else Decimal(0)


def _trade(item: Mapping[str, Any], frame: Mapping[str, Any]) -> Iterable[Message]:
    _amount(item["qty"])
    yield Trade(
        pair=pair_name(item["symbol"]),
        id=_count(item["trade_id"]),
        at_s=time_s(item["timestamp"]),
        price=_price(item["price"]),
        past=frame.get("type") == "snapshot",
    )


def _ticker(item: Mapping[str, Any], _: Mapping[str, Any]) -> Iterable[Message]:
    bid, ask = _price(item["bid"]), _price(item["ask"])
    if bid > ask:
        raise BadFrame(f"bid {bid} is above ask {ask}")
    yield Ticker(
        pair=pair_name(item["symbol"]),
        at_s=time_s(item["timestamp"]) if "timestamp" in item else None,
        last=_price(item["last"]),
        bid=bid,
        ask=ask,
        bid_size=_amount(item["bid_qty"]),
        ask_size=_amount(item["ask_qty"]),
    )


def _bar(item: Mapping[str, Any], frame: Mapping[str, Any]) -> Iterable[Message]:
    timeframe = INTERVALS_MIN.get(_count(item["interval"]))
    start_s = time_s(item["interval_begin"])
    if timeframe is None or start_s % (item["interval"] * 60):
        raise BadFrame(f"a bar of {item['interval']} minutes from {item['interval_begin']}")
    open_, high, low, close = (_price(item[name]) for name in ("open", "high", "low", "close"))
    if high < max(open_, close) or low > min(open_, close):
        raise BadFrame(f"open {open_}, high {high}, low {low}, close {close} contradict each other")
    trades = _count(item["trades"])
    if trades:  # the websocket leaves empty intervals out, and so does whoever reads it
        snapshot = frame.get("type") == "snapshot" or "timestamp" not in frame
        yield Bar(
            pair_name(item["symbol"]),
            timeframe,
            int(start_s),
            open_,
            high,
            low,
            close,
            volume=_amount(item["volume"]),
            trades=trades,
            at_s=None if snapshot else time_s(frame["timestamp"]),
        )


def _system(item: Mapping[str, Any], _: Mapping[str, Any]) -> Iterable[Message]:
    yield System(str(item["system"]), _count(item.get("connection_id", 0)))


def _execution(item: Mapping[str, Any], _: Mapping[str, Any]) -> Iterable[Message]:
    kind = str(item["exec_type"])
    trade: dict[str, Any] = {}
    if kind == "trade":
        trade = {
            "exec_id": str(item["exec_id"]),
            "quantity": _money(item["last_qty"]),
            "price": _money(item["last_price"]),
            "fees": tuple((str(fee["asset"]), _money(fee["qty"])) for fee in item.get("fees") or ()),
        }
    name = item.get("cl_ord_id")
    yield Execution(
        exchange_id=str(item["order_id"]),
        order_id=str(name) if name else None,
        kind=kind,
        status=str(item["order_status"]),
        at_s=time_s(item["timestamp"]),
        reason=str(item.get("reason") or ""),
        filled=_money(item["cum_qty"]) if "cum_qty" in item else None,
        **trade,
    )


_Reader = Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[Message]]
_READERS: dict[str, _Reader] = {
    "trade": _trade,
    "ticker": _ticker,
    "ohlc": _bar,
    "status": _system,
    "executions": _execution,
}
