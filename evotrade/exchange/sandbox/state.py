"""The exchange's own record, for tests that compare with it what a client believes."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from evotrade.exchange.sandbox.exchange import Exchange
from evotrade.exchange.sandbox.orders import Order
from evotrade.exchange.sandbox.tape import NS


def state_of(exchange: Exchange) -> dict[str, Any]:
    """Time, status, balances, orders and fills by id and by `cl_ord_id`; money as exact text."""
    account, rules = exchange.account, exchange.rules
    orders = [_order(order) for order in account.orders.values()]
    fills = [_plain(asdict(fill)) for fill in account.fills.values()]
    return {
        "now_s": exchange.now_ns / NS,
        "now_ns": exchange.now_ns,
        "status": exchange.status,
        "pairs": {name: rule.status for name, rule in rules.items()},
        "balances": {asset: f"{amount:f}" for asset, amount in account.balances.items()},
        "held": {asset: f"{account.held(asset, rules):f}" for asset in account.balances},
        "orders": orders,
        "fills": fills,
        "orders_by_cl_ord_id": _grouped(orders),
        "fills_by_cl_ord_id": _grouped(fills),
        "last_prices": {name: f"{market.last.price:f}" for name, market in exchange.markets.items()},
    }


def _order(order: Order) -> dict[str, Any]:
    request = asdict(order.request)
    own = {name: value for name, value in asdict(order).items() if name != "request"}
    return _plain(request | own)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()}


def _grouped(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows by `cl_ord_id`: Kraken takes a used one again once its order has closed, so there may be more."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["cl_ord_id"] is not None:
            grouped.setdefault(row["cl_ord_id"], []).append(row)
    return grouped
