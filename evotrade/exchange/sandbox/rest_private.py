"""Kraken's private REST calls: parameters in, the `result` of the answer out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from evotrade.exchange.sandbox.desk import Desk
from evotrade.exchange.sandbox.exchange import closed_orders
from evotrade.exchange.sandbox.orders import Fill, Order, OrderRequest, Refused
from evotrade.exchange.sandbox.rest_orders import describe, fill_row, order_row, read_order
from evotrade.exchange.sandbox.rest_public import Params, Result
from evotrade.exchange.sandbox.rules import asset_decimals, asset_key
from evotrade.exchange.sandbox.tape import NS
from evotrade.exchange.sandbox.times import rfc3339

Row = TypeVar("Row", Order, Fill)

_PAGE = 50
_MOST_ASKED = 50


@dataclass(frozen=True)
class Call:
    """A private call: what runs, what it adds to the REST counter, and the permission it needs."""

    run: Callable[[Desk, Params], Result]
    cost: int
    permission: str | None


def token(desk: Desk, _: Params) -> Result:
    """A token for the private websocket."""
    return {"token": desk.keys.new_token(desk.key, desk.now_s), "expires": 900}


def key_info(desk: Desk, _: Params) -> Result:
    """What the key may do."""
    return {
        "api_key_name": "sandbox",
        "api_key": desk.key.key,
        "nonce": str(desk.key.last_nonce),
        "nonce_window": "0",
        "permissions": list(desk.key.permissions),
        "iban": "",
        "valid_until": "0",
        "query_from": "0",
        "query_to": "0",
        "created_time": "0",
        "modified_time": "0",
        "ip_allowlist": [""],
        "last_used": str(desk.exchange.now_ns // NS),
    }


def balance(desk: Desk, _: Params) -> Result:
    """What the account has of each asset."""
    return {asset_key(asset): _amount(asset, amount) for asset, amount in desk.account.balances.items()}


def balance_ex(desk: Desk, _: Params) -> Result:
    """What the account has, and what open orders hold of it."""
    account, rules = desk.account, desk.exchange.rules
    return {
        asset_key(asset): {
            "balance": _amount(asset, amount),
            "hold_trade": _amount(asset, account.held(asset, rules)),
        }
        for asset, amount in account.balances.items()
    }


def _amount(asset: str, amount: Decimal) -> str:
    return f"{amount:.{asset_decimals(asset)}f}"


def trade_volume(desk: Desk, params: Params) -> Result:
    """Volume traded, and the fees of the pairs asked for, in percent."""
    volume = sum((fill.cost for fill in desk.account.fills.values()), Decimal(0))
    result: Result = {"currency": "ZUSD", "volume": f"{volume:.4f}"}
    asked = [desk.exchange.market(name) for name in params.get("pair", "").split(",") if name]
    if asked:
        fees = desk.account.fees_pct
        keys = [market.rules.rest_key for market in asked]
        result["fees"] = {key: _fee(fees["taker"]) for key in keys}
        result["fees_maker"] = {key: _fee(fees["maker"]) for key in keys}
    return result


def _fee(fee_pct: Decimal) -> Result:
    text = f"{fee_pct:.4f}"
    return {
        "fee": text,
        "minfee": text,
        "maxfee": text,
        "nextfee": None,
        "nextvolume": None,
        "tiervolume": "0.0000",
    }


def add_order(desk: Desk, params: Params) -> Result:
    """Place an order."""
    request = read_order(params, desk.exchange, desk.outside_ns)
    order = desk.place(request)
    result: Result = {"descr": {"order": describe(request, desk.exchange.market(request.pair).rules)}}
    if order is not None:
        result["txid"] = [order.id]
        if request.cl_ord_id is not None:
            result["cl_ord_id"] = request.cl_ord_id
    return result


def cancel_order(desk: Desk, params: Params) -> Result:
    """Cancel one order by its id or `cl_ord_id`."""
    name = params.get("txid") or params.get("cl_ord_id")
    if not name:
        raise Refused("EGeneral:Invalid arguments")
    desk.cancel(name)
    return {"count": 1}


def cancel_all(desk: Desk, _: Params) -> Result:
    """Cancel every open order."""
    return {"count": desk.exchange.cancel_all()}


def cancel_all_after(desk: Desk, params: Params) -> Result:
    """Arm, renew or (with 0) disarm the dead-man's switch."""
    timeout = params.get("timeout", "")
    if not timeout.isdigit():
        raise Refused("EGeneral:Invalid arguments:timeout")
    triggers_ns = desk.exchange.arm_switch(int(timeout))
    return {
        "currentTime": rfc3339(desk.exchange.reported_ns, 0),
        "triggerTime": "0" if triggers_ns is None else rfc3339(triggers_ns, 0),
    }


def open_orders(desk: Desk, params: Params) -> Result:
    """Orders that may still be filled."""
    return {"open": _rows(desk, _matching(desk.account.open.values(), params), params)}


def closed(desk: Desk, params: Params) -> Result:
    """Orders that are done, 50 from `ofs` on, the newest first."""
    found = _matching(closed_orders(desk.account), params)
    by_close = params.get("closetime", "both") != "open"
    found = [o for o in found if _inside(o.closed_ns if by_close else o.opened_ns, params)]
    return {"closed": _rows(desk, _page(found, params), params), "count": len(found)}


def query_orders(desk: Desk, params: Params) -> Result:
    """Up to 50 orders by their ids, or by `cl_ord_id`."""
    names = [name for name in params.get("txid", "").split(",") if name]
    if params.get("cl_ord_id"):
        found = _matching(desk.account.orders.values(), params)
        return _rows(desk, found[-_MOST_ASKED:], params)
    if not names or len(names) > _MOST_ASKED:
        raise Refused("EGeneral:Invalid arguments")
    if any(name not in desk.account.orders for name in names):
        raise Refused("EOrder:Unknown order")
    return _rows(desk, [desk.account.orders[name] for name in names], params)


def trades_history(desk: Desk, params: Params) -> Result:
    """The account's fills, 50 from `ofs` on, the newest first."""
    found = [fill for fill in reversed(desk.account.fills.values()) if _inside(fill.time_ns, params)]
    return {"trades": _fills(desk, _page(found, params)), "count": len(found)}


def query_trades(desk: Desk, params: Params) -> Result:
    """Fills by their ids."""
    names = [name for name in params.get("txid", "").split(",") if name]
    fills = desk.account.fills
    if not names or any(name not in fills for name in names):
        raise Refused("EGeneral:Invalid arguments")
    return _fills(desk, [fills[name] for name in names])


CALLS = {
    "GetWebSocketsToken": Call(token, 1, "create-ws-token"),
    "GetApiKeyInfo": Call(key_info, 1, None),
    "Balance": Call(balance, 1, "query-funds"),
    "BalanceEx": Call(balance_ex, 1, "query-funds"),
    "TradeVolume": Call(trade_volume, 1, "query-funds"),
    "AddOrder": Call(add_order, 0, "modify-trades"),
    "CancelOrder": Call(cancel_order, 0, "close-trades"),
    "CancelAll": Call(cancel_all, 1, "close-trades"),
    "CancelAllOrdersAfter": Call(cancel_all_after, 1, "close-trades"),
    "OpenOrders": Call(open_orders, 1, "query-open-trades"),
    "ClosedOrders": Call(closed, 2, "query-closed-trades"),
    "QueryOrders": Call(query_orders, 1, "query-open-trades"),
    "TradesHistory": Call(trades_history, 2, "query-closed-trades"),
    "QueryTrades": Call(query_trades, 1, "query-closed-trades"),
}
"""Every private call, by its name in the address."""


def _rows(desk: Desk, orders: Iterable[Order], params: Params) -> Result:
    with_trades = params.get("trades", "").lower() in ("true", "1")
    rules = desk.exchange.rules
    return {order.id: order_row(order, rules[order.request.pair], with_trades) for order in orders}


def _fills(desk: Desk, fills: Iterable[Fill]) -> Result:
    rules = desk.exchange.rules
    return {fill.id: fill_row(fill, rules[fill.pair]) for fill in fills}


def _matching(orders: Iterable[Order], params: Params) -> list[Order]:
    """The orders with the `cl_ord_id` and userref asked for, if any."""

    def wanted(request: OrderRequest) -> bool:
        name, userref = params.get("cl_ord_id"), params.get("userref")
        return (not name or request.cl_ord_id == name) and (not userref or str(request.userref) == userref)

    return [order for order in orders if wanted(order.request)]


def _inside(time_ns: int, params: Params) -> bool:
    """Whether a time lies in `(start, end]`, as Kraken bounds its lists; bounds that are ids are not read."""
    start, end = (_bound(params, name) for name in ("start", "end"))
    return (start is None or time_ns > start) and (end is None or time_ns <= end)


def _bound(params: Params, name: str) -> int | None:
    text = params.get(name)
    if not text:
        return None
    try:
        return int(Decimal(text) * NS)
    except ArithmeticError:
        raise Refused("EGeneral:Invalid arguments") from None


def _page(rows: list[Row], params: Params) -> list[Row]:
    first = int(params["ofs"]) if params.get("ofs", "").isdigit() else 0
    return rows[first : first + _PAGE]
