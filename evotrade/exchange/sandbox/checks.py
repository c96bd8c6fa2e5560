"""Why an order is refused before it reaches the book: the exchange's rules, one by one."""

from __future__ import annotations

import re
from decimal import Decimal

from evotrade.exchange.sandbox.orders import OrderRequest, Refused
from evotrade.exchange.sandbox.rules import PairRules
from evotrade.exchange.sandbox.tape import NS

_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FREE_LENGTH = 18
_DEADLINE_S = 60


def check_state(request: OrderRequest, system: str, rules: PairRules) -> None:
    """Refuse what exchange and pair don't take in their present state."""
    for status in (system, rules.status):
        if status == "maintenance":
            raise Refused("EService:Unavailable")
        if status == "cancel_only" or (status == "post_only" and not request.post_only):
            raise Refused(f"EService:Market in {status} mode")
        if status == "limit_only" and request.type != "limit":
            raise Refused("EService:Market in limit_only mode")
        if status == "reduce_only" and request.side == "buy":
            raise Refused("EService:Market in reduce_only mode")


def check_name(request: OrderRequest) -> None:
    """Refuse a `cl_ord_id` that is neither a UUID nor up to 18 free characters, or comes with a userref."""
    name = request.cl_ord_id
    if name is None:
        return
    if not _UUID.fullmatch(name) and not 0 < len(name) <= _FREE_LENGTH:
        raise Refused("EGeneral:Invalid arguments:cl_ord_id")
    if request.userref:
        raise Refused("EGeneral:Invalid arguments:cl_ord_id and userref are mutually exclusive")


def check_deadline(request: OrderRequest, now_ns: int, slack_ns: int) -> None:
    """Refuse an order that comes too late; `slack_ns` is what a fast clock takes from it underway."""
    if request.deadline_ns is None:
        return
    if request.deadline_ns - now_ns > _DEADLINE_S * NS + slack_ns:
        raise Refused("EGeneral:Invalid arguments:deadline")
    if request.deadline_ns + slack_ns <= now_ns:
        raise Refused("EService:Deadline elapsed")


def check_numbers(request: OrderRequest, rules: PairRules) -> None:
    """Refuse prices that the order's type lacks or doesn't have, and numbers finer than the pair's steps."""
    wants_limit = request.type in ("limit", "stop-loss-limit")
    wants_stop = request.type in ("stop-loss", "stop-loss-limit")
    if wants_limit != (request.limit_price is not None) or wants_stop != (request.stop_price is not None):
        raise Refused("EGeneral:Invalid arguments:price")
    if request.post_only and request.type != "limit":
        raise Refused("EGeneral:Invalid arguments:oflags")
    for price in (request.limit_price, request.stop_price):
        if price is not None and price <= 0:
            raise Refused("EOrder:Invalid price")
        if price is not None and price % rules.tick_size:
            raise Refused(
                f"EOrder:Invalid price:{rules.altname} price can only be specified up to "
                f"{rules.pair_decimals} decimals."
            )
    if request.qty <= 0 or request.qty % rules.lot_size:
        raise Refused("EGeneral:Invalid arguments:volume")


def check_size(request: OrderRequest, price: Decimal, rules: PairRules) -> None:
    """Refuse an order below the pair's minimum sizes; `price` is what it would be carried out at."""
    if request.qty < rules.ordermin:
        raise Refused("EOrder:Order minimum not met")
    if request.qty * price < rules.costmin:
        raise Refused("EOrder:Cost minimum not met")
