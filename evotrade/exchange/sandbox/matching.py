"""How orders are carried out: at once at bid or ask, later at their limit, or when a trade strikes a stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from evotrade.exchange.sandbox.account import Account
from evotrade.exchange.sandbox.events import BalanceChanged, Event, OrderChanged
from evotrade.exchange.sandbox.market import Market
from evotrade.exchange.sandbox.orders import Fill, Liquidity, Order, OrderRequest, OrderStatus
from evotrade.exchange.sandbox.rules import PairRules


class Matching:
    """Carries out the open orders of an account, and tells `events` what became of them."""

    def __init__(
        self, account: Account, rules: Callable[[], Mapping[str, PairRules]], events: list[Event]
    ) -> None:
        self.partial_fill: Decimal | None = None
        self._account = account
        self._rules = rules
        self._events = events

    def enter(self, order: Order, market: Market, now_ns: int) -> None:
        """Take in an accepted order; what the market has for it now, it takes."""
        self._tell("pending_new", order, now_ns)
        self._tell("new", order, now_ns)
        if order.waits_for_trigger and _strikes(order.request, market.last.price):
            self._trigger(order, now_ns)
        self._carry_out(order, market, now_ns, "taker")
        if order.is_open and order.request.time_in_force == "IOC":
            self.close(order, "canceled", "Immediate or cancel", now_ns)

    def match(self, market: Market, now_ns: int) -> None:
        """Carry out what the market's last trade makes possible, the oldest orders first."""
        for order in list(self._account.open.values()):
            if order.request.pair != market.rules.name:
                continue
            liquidity: Liquidity = "maker"
            if order.waits_for_trigger and _strikes(order.request, market.last.price):
                self._trigger(order, now_ns)
                liquidity = "taker"
            self._carry_out(order, market, now_ns, "taker" if order.takes else liquidity)

    def close(self, order: Order, status: OrderStatus, reason: str | None, now_ns: int) -> None:
        """Take an order out of the book."""
        order.status, order.reason, order.closed_ns = status, reason, now_ns
        del self._account.open[order.id]
        self._tell("filled" if status == "closed" else status, order, now_ns)

    def _trigger(self, order: Order, now_ns: int) -> None:
        order.triggered = True
        self._tell("restated", order, now_ns)

    def _carry_out(self, order: Order, market: Market, now_ns: int, liquidity: Liquidity) -> None:
        """One execution of an order, if the market is where the order wants it."""
        price = _price(order, market, liquidity)
        if price is None:
            return
        rules = self._rules()
        qty = self._part(order, market.rules)
        if not self._account.affords(order, qty, price, rules):
            self.close(order, "canceled", "Insufficient funds", now_ns)
            return
        fill = self._account.fill(order, qty, price, liquidity, now_ns, market.rules)
        self._tell("trade", order, now_ns, fill)
        self._tell_balances(fill, market.rules)
        if not order.remaining:
            self.close(order, "closed", None, now_ns)

    def _part(self, order: Order, rules: PairRules) -> Decimal:
        if self.partial_fill is None:
            return order.remaining
        share = order.request.qty * self.partial_fill
        return min(order.remaining, max(rules.lot_size, share - share % rules.lot_size))

    def _tell(self, kind: str, order: Order, now_ns: int, fill: Fill | None = None) -> None:
        self._events.append(OrderChanged(kind, replace(order), now_ns, fill))

    def _tell_balances(self, fill: Fill, rules: PairRules) -> None:
        sign = 1 if fill.side == "buy" else -1
        balances = self._account.balances
        none = Decimal(0)
        self._events += [
            BalanceChanged(rules.base, sign * fill.qty, none, balances[rules.base], fill),
            BalanceChanged(rules.quote, -sign * fill.cost, fill.fee, balances[rules.quote], fill),
        ]


def would_take(request: OrderRequest, market: Market) -> bool:
    """Whether a limit order would be carried out at once."""
    if request.limit_price is None:
        return False
    return market.ask <= request.limit_price if request.side == "buy" else market.bid >= request.limit_price


def _price(order: Order, market: Market, liquidity: Liquidity) -> Decimal | None:
    """What the order is carried out at now: bid or ask, its limit where it waited in the book, or None."""
    at_market = market.ask if order.request.side == "buy" else market.bid
    if order.takes:
        return at_market
    if order.waits_for_trigger or not would_take(order.request, market):
        return None
    return at_market if liquidity == "taker" else order.request.limit_price


def _strikes(request: OrderRequest, price: Decimal) -> bool:
    """Whether a trade at a price strikes a stop: a sell's from above, a buy's from below."""
    stop = request.stop_price
    if stop is None:
        return False
    return price <= stop if request.side == "sell" else price >= stop
