"""Exact quantities and prices of orders, by the sizes and roundings of the backtest."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from evotrade.engine.execution import Execution, Instrument
from evotrade.engine.fills import fee_rate, price_factors, round_price, sized_entry

_PLAIN = Instrument()


class Sizing:
    """The terms of `execution` as they size live orders, whose quotes have the spread in them already."""

    def __init__(self, execution: Execution) -> None:
        self._rules = execution.instrument or _PLAIN
        self._buy_factor, self._sell_factor = price_factors(replace(execution, spread_bps=0.0))
        self._rate = fee_rate(execution)
        self._on_top = execution.fee_on == "top"
        self._size = execution.size
        self._lot = Decimal(1).scaleb(-self._rules.lot_decimals)
        self._order_min, self._cost_min = exact(self._rules.order_min), exact(self._rules.cost_min)

    def entry(self, cash: Decimal, ask: float) -> tuple[Decimal, Decimal] | None:
        """Quantity and highest price of investing the size's share of `cash` at `ask` plus slippage.

        With its fee it never costs more than that share. None below the exchange's minimum.
        """
        spend, price = max(Decimal(0), cash) * exact(self._size), self.buy_price(ask)
        sized = sized_entry(float(spend), float(price), self._rate, self._on_top, self._rules)
        if sized is None:
            return None
        quantity = exact(sized[0]).quantize(self._lot)
        too_much = self._cost(quantity, price) - spend
        if too_much > 0:  # floats came out on the wrong side of a whole lot, of several at large sums
            lots = too_much / self._cost(self._lot, price)
            quantity -= self._lot * lots.to_integral_value(ROUND_CEILING)
        return (quantity, price) if self.is_sellable(quantity, float(price)) else None

    def buy_price(self, ask: float) -> Decimal:
        """What a buyer pays who sees this ask: slippage up to the tick above."""
        return exact(round_price(ask * self._buy_factor, self._rules.tick_size, up=True))

    def sell_price(self, bid: float) -> Decimal:
        """What a seller gets who sees this bid: slippage down to the tick below."""
        return exact(round_price(bid * self._sell_factor, self._rules.tick_size, up=False))

    def trigger(self, level: float) -> Decimal:
        """The price of a stop order at this level."""
        return exact(round_price(level, self._rules.tick_size, up=False))

    def fee(self, quantity: Decimal, price: Decimal, *, buying: bool) -> Decimal:
        """The taker's fee, in quote currency."""
        rate = exact(self._rate)
        value = quantity * price * rate
        return value if self._on_top or not buying else value / (1 - rate)

    def is_enough(self, quantity: Decimal) -> bool:
        """Whether the exchange takes an order of this quantity, whatever the price."""
        return quantity > 0 and quantity >= self._order_min

    def is_sellable(self, quantity: Decimal, price: float | None) -> bool:
        """Whether the exchange takes an order of this quantity at this price, where one is known."""
        return self.is_enough(quantity) and (price is None or quantity * exact(price) >= self._cost_min)

    def _cost(self, quantity: Decimal, price: Decimal) -> Decimal:
        return quantity * price + self.fee(quantity, price, buying=True)


def exact(value: float) -> Decimal:
    """The decimal that a float is written as."""
    return Decimal(repr(float(value)))
