"""Frames of the websocket's public channels; numbers are `Decimal` until they are written as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from evotrade.exchange.sandbox.bars import Bar
from evotrade.exchange.sandbox.book import BEST_QTY, Level, book_levels, checksum
from evotrade.exchange.sandbox.exchange import Exchange
from evotrade.exchange.sandbox.market import Market
from evotrade.exchange.sandbox.rules import PairRules, asset_decimals
from evotrade.exchange.sandbox.tape import NS, Trade
from evotrade.exchange.sandbox.times import rfc3339

Frame = dict[str, Any]
_CENT = Decimal("0.01")
HEARTBEAT: Frame = {"channel": "heartbeat"}


def encode(frame: Frame) -> str:
    """A frame as JSON text, its decimals as numbers."""
    return json.dumps(frame, default=_number)


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a frame: give numbers as Decimal")


def frame(channel: str, kind: str, data: list[Frame], **more: object) -> Frame:
    """A channel's snapshot or update."""
    return {"channel": channel, "type": kind, "data": data, **more}


def status_frame(exchange: Exchange, connection_id: int) -> Frame:
    """What every connection begins with, and gets again when the status changes."""
    data = {
        "version": "2.0.0",
        "system": exchange.status,
        "api_version": "v2",
        "connection_id": connection_id,
    }
    return frame("status", "update", [data])


def ticker_data(exchange: Exchange, market: Market) -> Frame:
    """Best prices, last price and the last 24 hours."""
    day = market.day(exchange.now_ns)
    change = market.last.price - day.open
    return {
        "symbol": market.rules.name,
        "bid": market.bid,
        "bid_qty": BEST_QTY,
        "ask": market.ask,
        "ask_qty": BEST_QTY,
        "last": market.last.price,
        "volume": day.volume,
        "vwap": day.vwap,
        "low": day.low,
        "high": day.high,
        "change": change,
        "change_pct": (change / day.open * 100).quantize(_CENT),
        "timestamp": rfc3339(market.last.time_ns),
    }


def ohlc_data(market: Market, bar: Bar, interval_min: int) -> Frame:
    """One bar so far; nothing in it says whether it is finished."""
    return {
        "symbol": market.rules.name,
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "trades": bar.trades,
        "volume": bar.volume,
        "vwap": bar.vwap.quantize(market.rules.tick_size),
        "interval_begin": rfc3339(bar.start_ns, 9),
        "interval": interval_min,
        "timestamp": rfc3339(bar.start_ns + interval_min * 60 * NS),
    }


def trade_data(trade: Trade) -> Frame:
    """One trade of the tape."""
    return {
        "symbol": trade.pair,
        "side": trade.side,
        "price": trade.price,
        "qty": trade.qty,
        "ord_type": "market",
        "trade_id": trade.id,
        "timestamp": rfc3339(trade.time_ns),
    }


def book_snapshot(market: Market, depth: int) -> Frame:
    """Both sides of the book."""
    bids, asks = book_levels(market, depth)
    return _book(market, bids, asks, checksum(bids, asks, market.rules))


def book_update(market: Market, before: Frame, depth: int) -> Frame:
    """What has changed in the book since `before`, a snapshot; levels that are gone have volume 0."""
    now = book_snapshot(market, depth)
    update = {**now, "timestamp": rfc3339(market.last.time_ns)}
    for side in ("bids", "asks"):
        old = {level["price"]: level["qty"] for level in before[side]}
        new = {level["price"]: level["qty"] for level in now[side]}
        gone = [{"price": price, "qty": Decimal(0)} for price in old if price not in new]
        changed = [{"price": price, "qty": qty} for price, qty in new.items() if old.get(price) != qty]
        update[side] = gone + changed
    return update


def _book(market: Market, bids: list[Level], asks: list[Level], crc: int) -> Frame:
    return {
        "symbol": market.rules.name,
        "bids": [{"price": level.price, "qty": level.qty} for level in bids],
        "asks": [{"price": level.price, "qty": level.qty} for level in asks],
        "checksum": crc,
    }


def instrument_data(exchange: Exchange) -> list[Frame]:
    """All assets and pairs with their rules."""
    rules = exchange.rules.values()
    names = sorted({name for pair in rules for name in (pair.base, pair.quote)})
    return [{"assets": [_asset(name) for name in names], "pairs": pair_data(rules)}]


def pair_data(rules: Iterable[PairRules]) -> list[Frame]:
    """The rules of pairs, as the instrument channel writes them."""
    return [
        {
            "symbol": pair.name,
            "base": pair.base,
            "quote": pair.quote,
            "status": pair.status,
            "qty_precision": pair.lot_decimals,
            "qty_increment": pair.lot_size,
            "price_precision": pair.pair_decimals,
            "price_increment": pair.tick_size,
            "cost_precision": pair.cost_decimals,
            "cost_min": pair.costmin,
            "qty_min": pair.ordermin,
            "has_index": False,
            "marginable": False,
        }
        for pair in rules
    ]


def _asset(name: str) -> Frame:
    decimals = asset_decimals(name)
    return {
        "id": name,
        "status": "enabled",
        "precision": decimals,
        "precision_display": decimals // 2,
        "borrowable": False,
        "collateral_value": 1,
        "class": "currency",
    }
