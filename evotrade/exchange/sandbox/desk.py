"""What a signed request works on: the exchange, the key that signed it, and the counters it runs into."""

from __future__ import annotations

from dataclasses import dataclass

from evotrade.exchange.sandbox.account import Account
from evotrade.exchange.sandbox.counters import Counters
from evotrade.exchange.sandbox.exchange import Exchange
from evotrade.exchange.sandbox.keys import ApiKey, Keys
from evotrade.exchange.sandbox.orders import Order, OrderRequest


@dataclass(frozen=True)
class Desk:
    """One request's view of the exchange.

    `now_s` is a clock for counters and tokens that never goes back, `outside_ns` the wall clock's time,
    which clients may count their deadlines in.
    """

    exchange: Exchange
    keys: Keys
    counters: Counters
    key: ApiKey
    now_s: float
    outside_ns: int

    @property
    def account(self) -> Account:
        """The account whose money it is."""
        return self.exchange.account

    def place(self, request: OrderRequest) -> Order | None:
        """Place an order, counted. None where it was only validated."""
        self.counters.order(request.pair, self.now_s)
        order = self.exchange.add_order(request)
        if order is not None:
            self.counters.placed(order.id, self.now_s)
        return order

    def cancel(self, name: str) -> Order:
        """Cancel an order by id or `cl_ord_id`, counted."""
        order = self.exchange.cancel(name)
        self.counters.cancel(order.request.pair, order.id, self.now_s)
        return order
