"""The exchange itself: markets, one account and its orders, moved by time and requests alone.

No socket, clock or randomness in here: the present comes in by `advance`, and what happened goes out
as events. The same requests at the same times give the same fills.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from evotrade.errors import SettingsError
from evotrade.exchange.sandbox import checks
from evotrade.exchange.sandbox.account import Account
from evotrade.exchange.sandbox.events import Event, PairChanged, SystemChanged, Traded
from evotrade.exchange.sandbox.market import Market
from evotrade.exchange.sandbox.matching import Matching, would_take
from evotrade.exchange.sandbox.orders import Order, OrderRequest, Refused, exchange_id
from evotrade.exchange.sandbox.rules import STATUSES, PairRules
from evotrade.exchange.sandbox.tape import NS, Trade
from evotrade.market.pairs import pair_name


class Exchange:
    """Matches the orders of one account against the tapes of its markets.

    Spans that guard against a slow network (deadlines, the dead-man's switch) are as long in the life of
    the client whatever the speed of the exchange's clock: `speed` stretches them.
    """

    def __init__(
        self, markets: Iterable[Market], account: Account, now_ns: int, *, speed: float = 1.0
    ) -> None:
        self.markets = {market.rules.name: market for market in markets}
        self.account = account
        self.now_ns = now_ns
        self.status = "online"
        self.speed = max(1.0, speed)
        self.skew_ns = 0  # how far the reported time is off
        self.switch_ns: int | None = None  # when the dead-man's switch cancels all
        self._events: list[Event] = []
        self._matching = Matching(account, lambda: self.rules, self._events)

    @property
    def rules(self) -> dict[str, PairRules]:
        """The rules of every pair, by its name."""
        return {name: market.rules for name, market in self.markets.items()}

    @property
    def reported_ns(self) -> int:
        """The time that the exchange believes it is: off by its skew, which trades and bars are not."""
        return self.now_ns + self.skew_ns

    @property
    def partial_fill(self) -> Decimal | None:
        """Share of an order that is carried out at a time, None for all of it."""
        return self._matching.partial_fill

    @partial_fill.setter
    def partial_fill(self, share: Decimal | None) -> None:
        if share is not None and not 0 < share <= 1:
            raise SettingsError(f"a partial fill of {share}: give a share above 0 and up to 1, or none")
        self._matching.partial_fill = share

    def market(self, name: str) -> Market:
        """The market of a pair in any spelling. `Refused` for one that is not traded here."""
        try:
            return self.markets[pair_name(name)]
        except (SettingsError, KeyError):
            raise Refused("EQuery:Unknown asset pair") from None

    def advance(self, until_ns: int) -> None:
        """Let time pass: trades happen, and orders are filled, triggered, expired and switched off by it."""
        due = heapq.merge(
            *(market.due(until_ns) for market in self.markets.values()), key=lambda trade: trade.time_ns
        )
        for trade in due:
            self._pass_time(trade.time_ns)
            self._play(trade)
        self._pass_time(max(until_ns, self.now_ns))

    def _play(self, trade: Trade) -> None:
        market = self.markets[trade.pair]
        market.play(trade)
        self._events.append(Traded(trade))
        self._matching.match(market, self.now_ns)

    def _pass_time(self, now_ns: int) -> None:
        if self.switch_ns is not None and self.switch_ns <= now_ns:
            self.now_ns, self.switch_ns = max(self.now_ns, self.switch_ns), None
            self.cancel_all("Canceled by the dead-man's switch")
        for order in list(self.account.open.values()):
            if 0 < order.request.expire_ns <= now_ns:
                self._matching.close(
                    order, "expired", "Order expired", max(self.now_ns, order.request.expire_ns)
                )
        self.now_ns = now_ns

    def take_events(self) -> list[Event]:
        """What happened since the last call, oldest first."""
        events = list(self._events)
        self._events.clear()
        return events

    def add_order(self, request: OrderRequest) -> Order | None:
        """Accept an order and carry out what can be at once; None where it was only to be validated.

        Raises `Refused` with Kraken's text where it is not accepted.
        """
        market = self.market(request.pair)
        request = replace(request, pair=market.rules.name)
        checks.check_state(request, self.status, market.rules)
        checks.check_name(request)
        checks.check_deadline(request, self.reported_ns, self.slack_ns)
        checks.check_numbers(request, market.rules)
        price = self._expected_price(request, market)
        checks.check_size(request, price, market.rules)
        if request.post_only and would_take(request, market):
            raise Refused("EOrder:Post only order")
        self._require_unused(request.cl_ord_id)
        order = Order(exchange_id("O", len(self.account.orders) + 1), request, self.now_ns, price)
        if not self.account.affords(order, request.qty, price, self.rules):
            raise Refused("EOrder:Insufficient funds")
        if request.validate:
            return None
        self.account.orders[order.id] = self.account.open[order.id] = order
        self._matching.enter(order, market, self.now_ns)
        return order

    @property
    def slack_ns(self) -> int:
        """How much longer a minute of the network lasts on the exchange's clock."""
        return int(60 * (self.speed - 1) * NS)

    def _expected_price(self, request: OrderRequest, market: Market) -> Decimal:
        at_market = market.ask if request.side == "buy" else market.bid
        return request.limit_price or request.stop_price or at_market

    def _require_unused(self, cl_ord_id: str | None) -> None:
        """Kraken refuses a name only while an order of that name is open."""
        if cl_ord_id is not None and self._open_named(cl_ord_id):
            raise Refused("EOrder:cl_ord_id already in use")

    def _open_named(self, name: str) -> list[Order]:
        return [order for order in self.account.open.values() if name in (order.id, order.request.cl_ord_id)]

    def cancel(self, name: str) -> Order:
        """Cancel an open order by its id or its `cl_ord_id`. `Refused` where there is none."""
        found = self._open_named(name)
        if not found:
            raise Refused("EOrder:Unknown order")
        self._matching.close(found[0], "canceled", "User requested", self.now_ns)
        return found[0]

    def cancel_all(self, reason: str = "User requested") -> int:
        """Cancel every open order; how many there were."""
        orders = list(self.account.open.values())
        for order in orders:
            self._matching.close(order, "canceled", reason, self.now_ns)
        return len(orders)

    def arm_switch(self, timeout_s: int) -> int | None:
        """Cancel all orders after `timeout_s` unless called again; 0 disarms it. When it strikes, in ns."""
        self.switch_ns = self.now_ns + int(timeout_s * self.speed * NS) if timeout_s else None
        return self.switch_ns

    def set_status(self, status: str) -> None:
        """Change the status of the whole exchange."""
        if status not in STATUSES:
            raise SettingsError(f"exchange status {status!r}: use one of {', '.join(STATUSES)}")
        if status != self.status:
            self.status = status
            self._events.append(SystemChanged(status))

    def set_pair_status(self, pair: str, status: str) -> None:
        """Change the status of one pair."""
        market = self.market(pair)
        market.rules = market.rules.with_status(status)
        self._events.append(PairChanged(market.rules))


def closed_orders(account: Account) -> list[Order]:
    """Orders that are no longer open, the newest first."""
    closed = [order for order in account.orders.values() if not order.is_open]
    return sorted(closed, key=lambda order: order.closed_ns, reverse=True)
