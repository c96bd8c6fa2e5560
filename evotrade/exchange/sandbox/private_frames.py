"""Frames of the private channels: executions and balances."""

from __future__ import annotations

from collections.abc import Iterable

from evotrade.exchange.sandbox.account import Account
from evotrade.exchange.sandbox.events import BalanceChanged, OrderChanged
from evotrade.exchange.sandbox.frames import Frame
from evotrade.exchange.sandbox.orders import Fill, Order
from evotrade.exchange.sandbox.rules import PairRules
from evotrade.exchange.sandbox.times import rfc3339

_LATEST = 50
_FINAL = {"closed": "filled", "canceled": "canceled", "expired": "expired"}
_WHOLE = ("pending_new",)  # the frames that carry the whole order; later ones only ids and status


def order_status(order: Order) -> str:
    """The websocket's word for an order's state."""
    if not order.is_open:
        return _FINAL[order.status]
    return "partially_filled" if order.filled else "new"


def execution_data(event: OrderChanged, rules: PairRules) -> Frame:
    """One thing that happened to an order."""
    if event.kind in _WHOLE:
        return order_data(event.order, event.kind, event.kind, event.time_ns)
    if event.fill is not None:
        return fill_data(event.fill, event.order, rules)
    status = {"new": "new"}.get(event.kind, order_status(event.order))
    data = _ids(event.order) | {
        "exec_type": event.kind,
        "order_status": status,
        "timestamp": rfc3339(event.time_ns),
    }
    if not event.order.is_open:
        data |= _sums(event.order)
        if event.order.reason is not None:
            data["reason"] = event.order.reason
    if event.kind == "restated":
        data["triggers"] = _triggers(event.order)
    return data


def order_data(order: Order, kind: str, status: str, time_ns: int) -> Frame:
    """A whole order."""
    request = order.request
    data = _ids(order) | {
        "symbol": request.pair,
        "order_qty": request.qty,
        "cum_qty": order.filled,
        "cum_cost": order.cost,
        "time_in_force": request.time_in_force,
        "exec_type": kind,
        "side": request.side,
        "order_type": request.type,
        "order_status": status,
        "stop_price": request.stop_price or 0.0,
        "fee_usd_equiv": order.fee,
        "fee_ccy_pref": "fciq",
        "timestamp": rfc3339(time_ns),
    }
    if request.limit_price is not None:
        data |= {"limit_price": request.limit_price, "limit_price_type": "static"}
    if request.stop_price is not None:
        data["triggers"] = _triggers(order)
    return data


def fill_data(fill: Fill, order: Order, rules: PairRules) -> Frame:
    """An execution, with the sums of its order after it."""
    return _ids(order) | {
        "exec_id": fill.id,
        "exec_type": "trade",
        "trade_id": fill.trade_id,
        "symbol": fill.pair,
        "side": fill.side,
        "last_qty": fill.qty,
        "last_price": fill.price,
        "liquidity_ind": fill.liquidity[0],
        "cost": fill.cost,
        "order_type": fill.type,
        "timestamp": rfc3339(fill.time_ns),
        "order_status": "partially_filled",  # Kraken says so of the last one too; `filled` comes after it
        **_sums(order),
        "fees": [{"asset": rules.quote, "qty": fill.fee}],
    }


def executions_snapshot(
    account: Account, rules: dict[str, PairRules], orders: bool, trades: bool
) -> list[Frame]:
    """Open orders and the latest 50 fills, as far as they were asked for."""
    data = []
    if orders:
        opened = account.open.values()
        data += [order_data(order, "new", order_status(order), order.opened_ns) for order in opened]
    if trades:
        latest = list(account.fills.values())[-_LATEST:]
        data += [fill_data(fill, account.orders[fill.order_id], rules[fill.pair]) for fill in latest]
    return data


def balances_snapshot(account: Account) -> list[Frame]:
    """Every balance."""
    return [
        {
            "asset": asset,
            "asset_class": "currency",
            "balance": amount,
            "wallets": [{"type": "spot", "id": "main", "balance": amount}],
        }
        for asset, amount in account.balances.items()
    ]


def balance_data(events: Iterable[BalanceChanged]) -> list[Frame]:
    """What fills moved."""
    return [
        {
            "asset": event.asset,
            "asset_class": "currency",
            "amount": event.amount,
            "balance": event.balance,
            "fee": event.fee,
            "ledger_id": f"L{event.fill.id[1:]}",
            "ref_id": event.fill.id,
            "timestamp": rfc3339(event.fill.time_ns),
            "type": "trade",
            "subtype": "",
            "category": "trade",
            "wallet_type": "spot",
            "wallet_id": "main",
        }
        for event in events
    ]


def _ids(order: Order) -> Frame:
    ids: Frame = {"order_id": order.id, "order_userref": order.request.userref}
    if order.request.cl_ord_id is not None:
        ids["cl_ord_id"] = order.request.cl_ord_id
    return ids


def _sums(order: Order) -> Frame:
    return {
        "cum_qty": order.filled,
        "cum_cost": order.cost,
        "avg_price": order.average_price,
        "fee_usd_equiv": order.fee,
    }


def _triggers(order: Order) -> Frame:
    return {
        "reference": "last",
        "price": order.request.stop_price,
        "price_type": "static",
        "status": "triggered" if order.triggered else "untriggered",
    }
