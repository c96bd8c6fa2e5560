"""Kraken's public REST calls: parameters in, the `result` of the answer out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from evotrade.exchange.sandbox.bars import INTERVALS_MIN
from evotrade.exchange.sandbox.book import book_levels
from evotrade.exchange.sandbox.exchange import Exchange
from evotrade.exchange.sandbox.market import Market
from evotrade.exchange.sandbox.orders import Refused
from evotrade.exchange.sandbox.rules import PairRules, asset_decimals, asset_key
from evotrade.exchange.sandbox.tape import NS, Trade
from evotrade.exchange.sandbox.times import rfc3339

Params = Mapping[str, str]
Result = dict[str, Any]
_INVALID = "EGeneral:Invalid arguments"
_MOST_TRADES = 1_000


def time(exchange: Exchange, _: Params) -> Result:
    """The exchange's time."""
    now_s = exchange.reported_ns // NS
    text = datetime.fromtimestamp(now_s, UTC).strftime("%a, %d %b %y %H:%M:%S +0000")
    return {"unixtime": now_s, "rfc1123": text}


def system_status(exchange: Exchange, _: Params) -> Result:
    """online, maintenance, cancel_only …"""
    return {"status": exchange.status, "timestamp": rfc3339(exchange.reported_ns, 0)}


def assets(exchange: Exchange, params: Params) -> Result:
    """The assets of all pairs, or those asked for."""
    names = sorted({name for rules in exchange.rules.values() for name in (rules.base, rules.quote)})
    if "asset" in params:
        wanted = set(params["asset"].upper().split(","))
        names = [name for name in names if wanted & {name, asset_key(name), _altname(name)}]
        if not names:
            raise Refused("EQuery:Unknown asset")
    return {asset_key(name): _asset(name) for name in names}


def _altname(asset: str) -> str:
    return {"BTC": "XBT", "DOGE": "XDG"}.get(asset, asset)


def _asset(name: str) -> Result:
    decimals = asset_decimals(name)
    return {
        "aclass": "currency",
        "altname": _altname(name),
        "decimals": decimals,
        "display_decimals": decimals // 2,
        "collateral_value": 1,
        "status": "enabled",
    }


def asset_pairs(exchange: Exchange, params: Params) -> Result:
    """The rules of all pairs, or of those asked for."""
    if "pair" not in params:
        return {rules.rest_key: _pair(rules) for rules in exchange.rules.values()}
    return {key: _pair(market.rules) for key, market in _asked(exchange, params)}


def _pair(rules: PairRules) -> Result:
    return {
        "altname": rules.altname,
        "wsname": rules.wsname,
        "aclass_base": "currency",
        "base": asset_key(rules.base),
        "aclass_quote": "currency",
        "quote": asset_key(rules.quote),
        "lot": "unit",
        "cost_decimals": rules.cost_decimals,
        "pair_decimals": rules.pair_decimals,
        "lot_decimals": rules.lot_decimals,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [],  # empty since September 2026: TradeVolume tells the account's own
        "fees_maker": [],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": str(rules.ordermin),
        "costmin": str(rules.costmin),
        "tick_size": f"{rules.tick_size:f}",
        "status": rules.status,
    }


def ticker(exchange: Exchange, params: Params) -> Result:
    """Best prices, last trade and the day of all pairs, or of those asked for."""
    if "pair" in params:
        return {key: _ticker(exchange, market) for key, market in _asked(exchange, params)}
    return {market.rules.rest_key: _ticker(exchange, market) for market in exchange.markets.values()}


def _ticker(exchange: Exchange, market: Market) -> Result:
    day = market.day(exchange.now_ns)
    return {
        "a": [_price(market.ask), "1", "1.000"],
        "b": [_price(market.bid), "1", "1.000"],
        "c": [_price(market.last.price), _volume(market.last.qty)],
        "v": [_volume(day.volume)] * 2,
        "p": [_price(day.vwap)] * 2,
        "t": [day.trades] * 2,
        "l": [_price(day.low)] * 2,
        "h": [_price(day.high)] * 2,
        "o": _price(day.open),
    }


def ohlc(exchange: Exchange, params: Params) -> Result:
    """The latest 720 bars, those without trades too, the last one unfinished."""
    key, market = _one(exchange, params)
    interval_min = _number(params, "interval", 1)
    if interval_min not in INTERVALS_MIN:
        raise Refused(_INVALID)
    since_s = _number(params, "since", 0)
    bars = market.series(interval_min * 60 * NS).with_gaps_filled(exchange.now_ns)
    decimals = market.rules.pair_decimals
    rows = [
        [
            bar.start_ns // NS,
            *(f"{price:.{decimals}f}" for price in (bar.open, bar.high, bar.low, bar.close)),
            f"{bar.vwap if bar.trades else Decimal(0):.{decimals}f}",
            _volume(bar.volume),
            bar.trades,
        ]
        for bar in bars
        if bar.start_ns > since_s * NS
    ]
    last = bars[-min(2, len(bars))].start_ns // NS  # the newest finished one
    return {key: rows, "last": last}


def trades(exchange: Exchange, params: Params) -> Result:
    """Up to 1 000 trades after `since` (ns), or the latest ones."""
    key, market = _one(exchange, params)
    count = min(_MOST_TRADES, max(1, _number(params, "count", _MOST_TRADES)))
    since_ns = _since_ns(params)
    found = market.latest_trades(count) if since_ns is None else market.trades_since(since_ns, count)
    last = found[-1].time_ns if found else since_ns or exchange.now_ns
    return {key: [_trade(trade) for trade in found], "last": str(last)}


def _since_ns(params: Params) -> int | None:
    """Kraken takes nanoseconds, and seconds where the number is that small."""
    if "since" not in params:
        return None
    try:
        since = Decimal(params["since"])
    except ArithmeticError:
        raise Refused(_INVALID) from None
    return int(since * NS) if since < NS * 10 else int(since)


def _trade(trade: Trade) -> list[Any]:
    seconds = float(Decimal(trade.time_ns).scaleb(-9))
    return [_price(trade.price), _volume(trade.qty), seconds, trade.side[0], "m", "", trade.id]


def depth(exchange: Exchange, params: Params) -> Result:
    """The book: made-up volumes at even steps from the best prices."""
    key, market = _one(exchange, params)
    bids, asks = book_levels(market, min(500, max(1, _number(params, "count", 100))))
    at_s = market.last.time_ns // NS
    return {
        key: {
            "asks": [[_price(level.price), f"{level.qty:.3f}", at_s] for level in asks],
            "bids": [[_price(level.price), f"{level.qty:.3f}", at_s] for level in bids],
        }
    }


def spread(exchange: Exchange, params: Params) -> Result:
    """The present best prices; the sandbox keeps no history of them."""
    key, market = _one(exchange, params)
    at_s = market.last.time_ns // NS
    return {key: [[at_s, _price(market.bid), _price(market.ask)]], "last": at_s}


CALLS: dict[str, Callable[[Exchange, Params], Result]] = {
    "Time": time,
    "SystemStatus": system_status,
    "Assets": assets,
    "AssetPairs": asset_pairs,
    "Ticker": ticker,
    "OHLC": ohlc,
    "Trades": trades,
    "Depth": depth,
    "Spread": spread,
}
"""Every public call, by its name in the address."""


def _one(exchange: Exchange, params: Params) -> tuple[str, Market]:
    asked = _asked(exchange, params)
    if len(asked) != 1:
        raise Refused(_INVALID)
    return asked[0]


def _asked(exchange: Exchange, params: Params) -> list[tuple[str, Market]]:
    """The markets asked for, under the name to answer with: BTC/USD as asked, XXBTZUSD for all else."""
    found = [(name, exchange.market(name)) for name in params.get("pair", "").split(",")]
    return [(name.upper() if "/" in name else market.rules.rest_key, market) for name, market in found]


def _number(params: Params, name: str, default: int) -> int:
    try:
        return int(params.get(name, default))
    except ValueError:
        raise Refused(_INVALID) from None


def _price(price: Decimal) -> str:
    return f"{price:.5f}" if price == round(price, 5) else f"{price:f}"


def _volume(volume: Decimal) -> str:
    return f"{volume:.8f}"
