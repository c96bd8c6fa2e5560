"""Orders and fills as REST writes them, and orders as REST asks for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast, get_args

from evotrade.exchange.sandbox.exchange import Exchange
from evotrade.exchange.sandbox.orders import Fill, Order, OrderRequest, OrderType, Refused, TimeInForce
from evotrade.exchange.sandbox.rest_public import Params, Result
from evotrade.exchange.sandbox.rules import PairRules
from evotrade.exchange.sandbox.tape import NS, Side
from evotrade.exchange.sandbox.times import read_rfc3339, unix_s

_FLAGS = {"post", "fciq", "nompp", ""}


def read_order(params: Params, exchange: Exchange, outside_ns: int) -> OrderRequest:
    """The order that AddOrder's parameters ask for. `Refused` for what cannot be read."""
    type_ = choice(params.get("ordertype"), get_args(OrderType), "ordertype")
    flags = set(params.get("oflags", "").split(","))
    if flags - _FLAGS or params.get("leverage", "none") not in ("none", ""):
        raise Refused("EGeneral:Invalid arguments:oflags")
    price, price2 = (decimal(params.get(name), name) for name in ("price", "price2"))
    stops = type_ in ("stop-loss", "stop-loss-limit")
    return OrderRequest(
        pair=exchange.market(params.get("pair", "")).rules.name,
        side=cast(Side, choice(params.get("type"), get_args(Side), "type")),
        type=cast(OrderType, type_),
        qty=decimal(params.get("volume"), "volume") or Decimal(0),
        limit_price=price2 if stops else price if type_ == "limit" else None,
        stop_price=price if stops else None,
        cl_ord_id=params.get("cl_ord_id") or None,
        userref=_whole(params.get("userref"), "userref"),
        time_in_force=cast(
            TimeInForce, choice(params.get("timeinforce") or "GTC", get_args(TimeInForce), "timeinforce")
        ),
        post_only="post" in flags,
        deadline_ns=read_deadline(params.get("deadline"), exchange.now_ns, outside_ns),
        expire_ns=_expiry(params.get("expiretm"), exchange.now_ns),
        validate=params.get("validate", "").lower() in ("true", "1"),
    )


def choice(value: object, allowed: tuple[str, ...], name: str) -> str:
    """A word out of a list. `Refused` for another one."""
    if value not in allowed:
        raise Refused(f"EGeneral:Invalid arguments:{name}")
    return str(value)


def decimal(value: object, name: str) -> Decimal | None:
    """A number, None where there is none. `Refused` for text, and for relative prices like +5%."""
    if value in (None, ""):
        return None
    text = str(value)
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or text.startswith(("+", "-", "#")):
        raise Refused(f"EGeneral:Invalid arguments:{name}")
    return number


def read_deadline(value: object, now_ns: int, outside_ns: int) -> int | None:
    """A deadline in the exchange's time.

    A client may count on its own clock, which is years away from a replayed one: a time that is nearer to
    the outside's clock than to the exchange's is taken for one of the outside.
    """
    if value in (None, ""):
        return None
    asked_ns = read_rfc3339(str(value))
    if abs(asked_ns - outside_ns) < abs(asked_ns - now_ns):
        return now_ns + asked_ns - outside_ns
    return asked_ns


def _whole(value: str | None, name: str) -> int:
    try:
        return int(value or 0)
    except ValueError:
        raise Refused(f"EGeneral:Invalid arguments:{name}") from None


def _expiry(value: str | None, now_ns: int) -> int:
    """0 for never, otherwise ns of a Unix time or of `+seconds` from now."""
    if value in (None, "", "0"):
        return 0
    number = _whole(value, "expiretm") * NS
    return now_ns + number if str(value).startswith("+") else number


def describe(request: OrderRequest, rules: PairRules) -> str:
    """The order in a sentence: buy 1.25000000 XBTUSD @ limit 30010.0."""
    limit, stop = (_text(price, rules) for price in (request.limit_price, request.stop_price))
    terms = {
        "market": "market",
        "limit": f"limit {limit}",
        "stop-loss": f"stop loss {stop}",
        "stop-loss-limit": f"stop loss {stop} -> limit {limit}",
    }[request.type]
    return f"{request.side} {request.qty:.8f} {rules.altname} @ {terms}"


def order_row(order: Order, rules: PairRules, with_trades: bool) -> Result:
    """An order as OpenOrders, ClosedOrders and QueryOrders write it."""
    request = order.request
    first, second = (request.limit_price, None)
    if request.stop_price is not None:
        first, second = request.stop_price, request.limit_price
    row: dict[str, Any] = {
        "refid": "None",
        "userref": request.userref,
        "status": order.status,
        "opentm": unix_s(order.opened_ns),
        "starttm": 0,
        "expiretm": request.expire_ns // NS,
        "descr": {
            "pair": rules.altname,
            "type": request.side,
            "ordertype": request.type,
            "price": _text(first, rules),
            "price2": _text(second, rules),
            "leverage": "none",
            "order": describe(request, rules),
            "close": "",
        },
        "vol": f"{request.qty:.8f}",
        "vol_exec": f"{order.filled:.8f}",
        "cost": f"{order.cost:.5f}",
        "fee": f"{order.fee:.5f}",
        "price": _exact(order.average_price, rules),
        "stopprice": _exact(request.stop_price or Decimal(0), rules),
        "limitprice": "0.00000",
        "misc": "",
        "oflags": "fciq,post" if request.post_only else "fciq",
    }
    if request.cl_ord_id is not None:
        row["cl_ord_id"] = request.cl_ord_id
    if not order.is_open:
        row |= {"reason": order.reason, "closetm": unix_s(order.closed_ns)}
    if request.stop_price is not None:
        row["trigger"] = "last"
    if with_trades and order.fills:
        row["trades"] = list(order.fills)
    return row


def fill_row(fill: Fill, rules: PairRules) -> Result:
    """A fill as TradesHistory and QueryTrades write it."""
    row: Result = {
        "ordertxid": fill.order_id,
        "postxid": "TKH2SE-M7IF5-CFI7LT",
        "pair": rules.rest_key,
        "time": unix_s(fill.time_ns),
        "type": fill.side,
        "ordertype": fill.type,
        "price": _exact(fill.price, rules),
        "cost": f"{fill.cost:.5f}",
        "fee": f"{fill.fee:.5f}",
        "vol": f"{fill.qty:.8f}",
        "margin": "0.00000",
        "misc": "",
        "trade_id": fill.trade_id,
        "maker": fill.liquidity == "maker",
    }
    if fill.cl_ord_id is not None:
        row["cl_ord_id"] = fill.cl_ord_id
    return row


def _text(price: Decimal | None, rules: PairRules) -> str:
    return "0" if price is None else f"{price:.{rules.pair_decimals}f}"


def _exact(price: Decimal, rules: PairRules) -> str:
    """At least five decimals, more where the pair's ticks have more."""
    return f"{price:.{max(5, rules.pair_decimals)}f}"
