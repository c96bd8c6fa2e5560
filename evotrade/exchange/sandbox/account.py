"""The money of the sandbox's one account: balances, what open orders hold, and every fill."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal

from evotrade.exchange.sandbox.orders import Fill, Liquidity, Order, exchange_id
from evotrade.exchange.sandbox.rules import PairRules

_PCT = Decimal(100)


class Account:
    """Balances by asset; a fill moves base and quote currency and its fee, and nothing else does.

    Fees are percent of the cost. `deposits` are the balances at the start.
    """

    def __init__(
        self, deposits: Mapping[str, Decimal], taker_fee_pct: Decimal, maker_fee_pct: Decimal
    ) -> None:
        self.deposits = dict(deposits)
        self.balances = dict(deposits)
        self.fees_pct: dict[Liquidity, Decimal] = {"taker": taker_fee_pct, "maker": maker_fee_pct}
        self.orders: dict[str, Order] = {}
        self.open: dict[str, Order] = {}
        self.fills: dict[str, Fill] = {}

    def held(self, asset: str, rules: Mapping[str, PairRules], but: Order | None = None) -> Decimal:
        """What open orders hold of an asset; `but` leaves one order out."""
        others = (order for order in self.open.values() if order is not but)
        return sum((self._hold(order, asset, rules[order.request.pair]) for order in others), Decimal(0))

    def _hold(self, order: Order, asset: str, rules: PairRules) -> Decimal:
        if order.request.side == "sell":
            return order.remaining if asset == rules.base else Decimal(0)
        return self._charge(order.remaining, order.held_price, rules) if asset == rules.quote else Decimal(0)

    def _charge(self, qty: Decimal, price: Decimal, rules: PairRules) -> Decimal:
        """What a buy takes from the quote currency at most, that is, at the higher of the two fees."""
        cost = _cost(qty, price, rules)
        return cost + max(self._fee(cost, liquidity, rules) for liquidity in self.fees_pct)

    def _fee(self, cost: Decimal, liquidity: Liquidity, rules: PairRules) -> Decimal:
        return (cost * self.fees_pct[liquidity] / _PCT).quantize(rules.cost_step, ROUND_FLOOR)

    def available(self, asset: str, rules: Mapping[str, PairRules], but: Order | None = None) -> Decimal:
        """What a new order may use of an asset."""
        return self.balances.get(asset, Decimal(0)) - self.held(asset, rules, but)

    def affords(self, order: Order, qty: Decimal, price: Decimal, rules: Mapping[str, PairRules]) -> bool:
        """Whether a part of an order can be paid for without what other orders hold."""
        pair = rules[order.request.pair]
        if order.request.side == "sell":
            return self.available(pair.base, rules, order) >= qty
        return self.available(pair.quote, rules, order) >= self._charge(qty, price, pair)

    def fill(
        self, order: Order, qty: Decimal, price: Decimal, liquidity: Liquidity, time_ns: int, rules: PairRules
    ) -> Fill:
        """Carry out a part of an order."""
        cost = _cost(qty, price, rules)
        fee = self._fee(cost, liquidity, rules)
        number = len(self.fills) + 1
        request = order.request
        fill = Fill(
            id=exchange_id("T", number),
            trade_id=number,
            order_id=order.id,
            cl_ord_id=request.cl_ord_id,
            pair=request.pair,
            side=request.side,
            type=request.type,
            time_ns=time_ns,
            price=price,
            qty=qty,
            cost=cost,
            fee=fee,
            liquidity=liquidity,
        )
        sign = 1 if request.side == "buy" else -1
        self._move(rules.base, sign * qty)
        self._move(rules.quote, -sign * cost - fee)
        order.book(fill)
        self.fills[fill.id] = fill
        return fill

    def _move(self, asset: str, amount: Decimal) -> None:
        self.balances[asset] = self.balances.get(asset, Decimal(0)) + amount


def _cost(qty: Decimal, price: Decimal, rules: PairRules) -> Decimal:
    # Rounded down like fees: then the parts of an order never cost more than was held for the whole.
    return (qty * price).quantize(rules.cost_step, ROUND_FLOOR)
