"""What a websocket client may ask: ping, subscriptions, and on the private socket orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import cast, get_args

from evotrade.exchange.sandbox.desk import Desk
from evotrade.exchange.sandbox.frames import Frame
from evotrade.exchange.sandbox.orders import OrderRequest, OrderType, Refused, TimeInForce
from evotrade.exchange.sandbox.rest_orders import choice, decimal, read_deadline
from evotrade.exchange.sandbox.session import PRIVATE, Session, Subscription, wanted_of_executions
from evotrade.exchange.sandbox.tape import Side
from evotrade.exchange.sandbox.times import rfc3339

_MAX_RATE_COUNT = 125
_TIFS = {"gtc": "GTC", "ioc": "IOC", "gtd": "GTD"}


def answer(session: Session, message: object, desk: Desk) -> list[Frame]:
    """The replies to one message, and the snapshots that follow them."""
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        return [{"error": "Unsupported field: 'method' is missing", "success": False}]
    method = message["method"]
    params = message.get("params") if isinstance(message.get("params"), dict) else {}
    if method == "ping":
        return [_reply(session, message, "pong", {})]
    if method in ("subscribe", "unsubscribe"):
        return _subscriptions(session, message, cast(Frame, params), desk)
    if method not in ORDERS or not session.private:
        return [_reply(session, message, method, {"success": False, "error": "Method not supported"})]
    return [_trading(session, message, cast(Frame, params), desk)]


def _subscriptions(session: Session, message: Frame, params: Frame, desk: Desk) -> list[Frame]:
    """One reply for each symbol, each with the snapshot of its own."""
    frames = []
    for wanted in _wanted(params):
        shown: Frame = {"channel": wanted.channel} | ({"symbol": wanted.symbol} if wanted.symbol else {})
        try:
            _require_token(wanted, params, desk)
            if message["method"] == "unsubscribe":
                session.unsubscribe(wanted)
                after: list[Frame] = []
                result = shown
            else:
                after = session.subscribe(wanted, params)
                result = shown | _confirmed(wanted, params)
        except Refused as refusal:
            symbol = {"symbol": wanted.symbol} if wanted.symbol else {}
            body: Frame = {"error": str(refusal), "success": False, **symbol}
            frames.append(_reply(session, message, message["method"], body))
            continue
        frames.append(_reply(session, message, message["method"], {"result": result, "success": True}))
        frames += after
    return frames


def _wanted(params: Frame) -> list[Subscription]:
    channel = str(params.get("channel"))
    symbols = params.get("symbol")
    if not isinstance(symbols, list) or channel in ("instrument", *PRIVATE):
        symbols = [""]
    size = {"ohlc": params.get("interval", 1), "book": params.get("depth", 10)}.get(channel, 0)
    return [Subscription(channel, str(symbol), size if isinstance(size, int) else -1) for symbol in symbols]


def _confirmed(wanted: Subscription, params: Frame) -> Frame:
    """What the reply repeats of the subscription; the SDK subscribes again with exactly that."""
    if wanted.channel == "executions":
        orders, trades = wanted_of_executions(params)
        return {"maxratecount": _MAX_RATE_COUNT, "snap_orders": orders, "snap_trades": trades}
    more = {"ohlc": {"interval": wanted.size}, "book": {"depth": wanted.size}}.get(wanted.channel, {})
    warnings = (
        {"warnings": ["timestamp is deprecated, use interval_begin"]} if wanted.channel == "ohlc" else {}
    )
    return {"snapshot": params.get("snapshot", True), **more, **warnings}


def _require_token(wanted: Subscription, params: Frame, desk: Desk) -> None:
    if wanted.channel in PRIVATE and not desk.keys.admits(params.get("token"), desk.now_s):
        raise Refused("ESession:Invalid session")


def _trading(session: Session, message: Frame, params: Frame, desk: Desk) -> Frame:
    try:
        if not desk.keys.admits(params.get("token"), desk.now_s):
            raise Refused("ESession:Invalid session")
        result = ORDERS[message["method"]](desk, params)
    except Refused as refusal:
        return _reply(session, message, message["method"], {"error": str(refusal), "success": False})
    return _reply(session, message, message["method"], {"result": result, "success": True})


def refusal(session: Session, message: object, error: str) -> Frame:
    """The reply that refuses a message."""
    asked = message if isinstance(message, dict) else {}
    return _reply(session, asked, str(asked.get("method")), {"error": error, "success": False})


def _reply(session: Session, message: Frame, method: str, body: Frame) -> Frame:
    now = rfc3339(session.exchange.reported_ns)
    req_id = {"req_id": message["req_id"]} if "req_id" in message else {}
    return {"method": method, **req_id, **body, "time_in": now, "time_out": now}


def _add_order(desk: Desk, params: Frame) -> Frame:
    request = _read_order(desk, params)
    order = desk.place(request)
    result: Frame = {} if order is None else {"order_id": order.id}
    if request.cl_ord_id is not None:
        result["cl_ord_id"] = request.cl_ord_id
    if request.userref:
        result["order_userref"] = request.userref
    return result


def _read_order(desk: Desk, params: Frame) -> OrderRequest:
    exchange = desk.exchange
    if params.get("symbol") not in exchange.markets:
        raise Refused(f"Currency pair not supported {params.get('symbol')}")
    triggers = params.get("triggers")
    stop = triggers.get("price") if isinstance(triggers, Mapping) else None
    tif = _TIFS.get(str(params.get("time_in_force", "gtc")).lower())
    return OrderRequest(
        pair=str(params["symbol"]),
        side=cast(Side, choice(params.get("side"), get_args(Side), "side")),
        type=cast(OrderType, choice(params.get("order_type"), get_args(OrderType), "order_type")),
        qty=decimal(params.get("order_qty"), "order_qty") or Decimal(0),
        limit_price=decimal(params.get("limit_price"), "limit_price"),
        stop_price=decimal(stop, "triggers"),
        cl_ord_id=params.get("cl_ord_id") or None,
        userref=params.get("order_userref") or 0,
        time_in_force=cast(TimeInForce, choice(tif, get_args(TimeInForce), "time_in_force")),
        post_only=bool(params.get("post_only", False)),
        deadline_ns=read_deadline(params.get("deadline"), exchange.now_ns, desk.outside_ns),
        validate=bool(params.get("validate", False)),
    )


def _cancel_order(desk: Desk, params: Frame) -> Frame:
    names = [*_listed(params.get("order_id")), *_listed(params.get("cl_ord_id"))]
    if not names:
        raise Refused("EGeneral:Invalid arguments")
    orders = [desk.cancel(name) for name in names]
    return {"order_id": orders[0].id}


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []


def _cancel_all(desk: Desk, _: Frame) -> Frame:
    return {"count": desk.exchange.cancel_all()}


def _cancel_all_after(desk: Desk, params: Frame) -> Frame:
    timeout_s = params.get("timeout")
    if not isinstance(timeout_s, int):
        raise Refused("EGeneral:Invalid arguments:timeout")
    triggers_ns = desk.exchange.arm_switch(timeout_s)
    return {
        "currentTime": rfc3339(desk.exchange.reported_ns, 0),
        "triggerTime": "0" if triggers_ns is None else rfc3339(triggers_ns, 0),
    }


ORDERS: dict[str, Callable[[Desk, Frame], Frame]] = {
    "add_order": _add_order,
    "cancel_order": _cancel_order,
    "cancel_all": _cancel_all,
    "cancel_all_orders_after": _cancel_all_after,
}
"""What a private websocket takes besides subscriptions."""
