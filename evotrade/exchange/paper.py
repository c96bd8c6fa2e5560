"""The paper exchange: orders of one session filled against live quotes, with nobody on the other side.

It knows what the market showed and what it was asked, nothing else: the same quotes and orders give the same
fills. Time is that of the quotes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal

from evotrade.engine.execution import Execution, Instrument
from evotrade.engine.session.events import Accepted, Ended, Filled, OrderEvent
from evotrade.engine.session.orders import Order
from evotrade.engine.session.sizing import Sizing, exact
from evotrade.exchange.protocols import PairRules, Quote, Report

_CLOSED_KEPT = 8  # a reconciliation asks about open orders; older ones are in the desk's own record
_EVERYTHING = Decimal("Infinity")
_Outcome = Literal["filled", "cancelled", "refused"]


def instrument_of(rules: PairRules) -> Instrument:
    """The exchange's rules as the backtest rounds and sizes by them."""
    return Instrument(
        tick_size=float(rules.tick_size),
        lot_decimals=rules.lot_decimals,
        order_min=float(rules.order_min),
        cost_min=float(rules.cost_min),
    )


@dataclass(slots=True)
class _Resting:
    """An order here: carried out from `active_s` on, cancelled at `cancel_s`."""

    order: Order
    active_s: float
    rest: Decimal
    exchange_id: str
    accepted: bool = False
    triggered: bool = False
    cancel_s: float | None = None
    fills: list[Filled] = field(default_factory=list)
    accepted_at_s: float = 0.0
    ended: Ended | None = None


class PaperBroker:
    """A `Broker` of one session and pair: give it every quote by `on_quote`, before the session's tick.

    A market or limit buy fills at the ask plus slippage, a sale at the bid less slippage, for the taker's
    fee, no more at a quote than the size that it shows. Stop-loss orders are triggered by the last trade.
    Orders and cancels take `latency_s` of the exchange's time to arrive. Terms are those of `execution`,
    the money its `initial` unless `cash` says otherwise.
    """

    def __init__(
        self,
        rules: PairRules,
        execution: Execution,
        report: Report,
        *,
        cash: Decimal | None = None,
        latency_s: float = 0.0,
    ) -> None:
        self.rules = rules
        self.latency_s = latency_s
        self._sizing = Sizing(_with_rules(execution, rules))
        self._report = report
        self._cash = exact(execution.initial) if cash is None else cash
        self._position = Decimal(0)
        self._orders: dict[str, _Resting] = {}
        self._count = 0
        self._quote: Quote | None = None
        self._used: dict[str, Decimal] = {}  # of the quote's sizes, by side of the order

    def on_quote(self, quote: Quote) -> None:
        """The market as it is now; carries out what it can. Quotes of other pairs are ignored."""
        if quote.pair != self.rules.pair:
            return
        self._quote, self._used = quote, {}
        for name in list(self._orders):
            self._go_on(self._orders[name], quote)

    async def place(self, order: Order) -> None:
        """Take the order; without latency it is carried out at the quote that is shown."""
        if order.order_id in self._orders:
            return  # it is here already: the same intent is the same order
        self._count += 1
        now_s = self._quote.at_s if self._quote else 0.0
        exchange_id = f"PAPER-{order.order_id[:8]}-{self._count}"
        resting = _Resting(order, now_s + self.latency_s, order.quantity, exchange_id)
        self._orders[order.order_id] = resting
        self._forget()
        if self._quote is not None:
            self._go_on(resting, self._quote)

    async def cancel(self, order_id: str) -> None:
        """Cancel the order; without latency it is over at once, unless it was already."""
        resting = self._orders.get(order_id)
        now_s = self._quote.at_s if self._quote else 0.0
        if resting is None:
            self._report(Ended(now_s, order_id, "refused", "the paper exchange does not know the order"))
        elif resting.ended is not None:
            self._report(resting.ended)
        else:
            if resting.cancel_s is None:  # asked once more after a restart, it is under way already
                resting.cancel_s = now_s + self.latency_s
            if self._quote is not None:
                self._go_on(resting, self._quote)

    async def reconcile(self, orders: Sequence[Order]) -> list[OrderEvent]:
        """All that is known of these orders; one that never arrived has ended as refused."""
        now_s = self._quote.at_s if self._quote else 0.0
        told: list[OrderEvent] = []
        for order in orders:
            resting = self._orders.get(order.order_id)
            if resting is None:
                told.append(Ended(now_s, order.order_id, "refused", "the paper exchange never had the order"))
                continue
            told += resting.fills
            if resting.accepted:
                told.append(Accepted(resting.accepted_at_s, order.order_id, resting.exchange_id))
            if resting.ended is not None:
                told.append(resting.ended)
        return told

    async def balances(self) -> dict[str, Decimal]:
        """What the session's money has become, by asset."""
        return {self.rules.quote: self._cash, self.rules.base: self._position}

    async def free_balances(self) -> dict[str, Decimal]:
        """All of it: no order on paper holds anything."""
        return await self.balances()

    async def close(self) -> None:
        """Nothing to let go of."""

    def _go_on(self, resting: _Resting, quote: Quote) -> None:
        """Let the order live through this quote."""
        if resting.ended is not None or quote.at_s < resting.active_s:
            return
        if not resting.accepted and not self._accept(resting, quote):
            return
        if resting.cancel_s is not None and quote.at_s >= resting.cancel_s:
            self._end(resting, quote.at_s, "cancelled", "cancelled as asked")
            return
        price = self._price(resting, quote)
        if price is not None:
            self._fill(resting, quote, price)

    def _accept(self, resting: _Resting, quote: Quote) -> bool:
        complaint = self._complaint(resting.order, quote)
        if complaint:
            self._end(resting, quote.at_s, "refused", complaint)
            return False
        resting.accepted, resting.accepted_at_s = True, quote.at_s
        self._report(Accepted(quote.at_s, resting.order.order_id, resting.exchange_id))
        return True

    def _complaint(self, order: Order, quote: Quote) -> str:
        """Why the exchange would not take the order, "" where it would."""
        rules, quantity = self.rules, order.quantity
        price = order.price or exact(quote.ask if order.side == "buy" else quote.bid)
        if order.pair != rules.pair:
            return f"{order.pair} is not traded here, {rules.pair} is"
        if _forbidden(order, rules):
            return f"{rules.pair} is {rules.status}"
        if quantity < rules.order_min or quantity * price < rules.cost_min:
            return f"{quantity:f} {rules.base} is below the minimum of {rules.order_min:f} {rules.base}"
        if quantity != round(quantity, rules.lot_decimals):
            return f"{quantity:f} has more than {rules.lot_decimals} decimals"
        if order.price is not None and rules.tick_size and order.price % rules.tick_size:
            return f"price {order.price:f} is not a multiple of {rules.tick_size:f}"
        return self._lack(order, price)

    def _lack(self, order: Order, price: Decimal) -> str:
        if order.side == "sell":
            return (
                "" if order.quantity <= self._position else "insufficient funds: it sells more than is held"
            )
        cost = order.quantity * price + self._sizing.fee(order.quantity, price, buying=True)
        return (
            ""
            if cost <= self._cash
            else f"insufficient funds: {cost:f} for {self._cash:f} {self.rules.quote}"
        )

    def _price(self, resting: _Resting, quote: Quote) -> Decimal | None:
        """What the order fills at now; None while it waits."""
        order = resting.order
        if order.kind == "stop-loss" and not resting.triggered:
            assert order.price is not None  # its trigger
            struck = exact(quote.price)
            resting.triggered = struck <= order.price if order.side == "sell" else struck >= order.price
            if not resting.triggered:
                return None
        if order.side == "buy":
            price = self._sizing.buy_price(quote.ask)
            waits = order.kind == "limit" and order.price is not None and exact(quote.ask) > order.price
            return None if waits else self._no_worse(order, price)
        price = self._sizing.sell_price(quote.bid)
        waits = order.kind == "limit" and order.price is not None and exact(quote.bid) < order.price
        return None if waits else self._no_worse(order, price)

    def _no_worse(self, order: Order, price: Decimal) -> Decimal:
        """Slippage does not carry a limit order past its limit."""
        if order.kind != "limit" or order.price is None:
            return price
        return min(price, order.price) if order.side == "buy" else max(price, order.price)

    def _fill(self, resting: _Resting, quote: Quote, price: Decimal) -> None:
        order = resting.order
        quantity = min(resting.rest, self._available(order, quote))
        if order.side == "sell":
            quantity = min(quantity, self._position)
        if quantity <= 0:
            return
        self._used[order.side] = self._used.get(order.side, Decimal(0)) + quantity
        fee = self._sizing.fee(quantity, price, buying=order.side == "buy")
        sign = 1 if order.side == "buy" else -1
        self._cash -= sign * quantity * price + fee
        self._position += sign * quantity
        resting.rest -= quantity
        name = f"{order.order_id}/{len(resting.fills) + 1}"
        fill = Filled(quote.at_s, order.order_id, name, quantity, price, fee)
        resting.fills.append(fill)
        self._report(fill)
        if not resting.rest:
            self._end(resting, quote.at_s, "filled", "")

    def _available(self, order: Order, quote: Quote) -> Decimal:
        """What this quote still has for the order, in whole lots; a size of 0 is one that is not known."""
        size = quote.ask_size if order.side == "buy" else quote.bid_size
        if not size:
            return _EVERYTHING
        left = exact(size) - self._used.get(order.side, Decimal(0))
        return left.quantize(Decimal(1).scaleb(-self.rules.lot_decimals), rounding=ROUND_FLOOR)

    def _end(self, resting: _Resting, at_s: float, status: _Outcome, reason: str) -> None:
        resting.ended = Ended(at_s, resting.order.order_id, status, reason)
        self._report(resting.ended)

    def _forget(self) -> None:
        closed = [name for name, one in self._orders.items() if one.ended is not None]
        for name in closed[:-_CLOSED_KEPT]:
            del self._orders[name]

    def snapshot(self) -> dict[str, Any]:
        """All that a restart needs, as JSON keeps it."""
        return {
            "cash": str(self._cash),
            "position": str(self._position),
            "count": self._count,
            "quote": self._quote and asdict(self._quote),
            "used": {side: str(size) for side, size in self._used.items()},
            "orders": [_plain(asdict(one)) for one in self._orders.values()],
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Go on from what `snapshot` described; nothing is reported for it."""
        self._cash, self._position = Decimal(kept["cash"]), Decimal(kept["position"])
        self._count = kept["count"]
        self._quote = kept["quote"] and Quote(**kept["quote"])
        self._used = {side: Decimal(size) for side, size in kept["used"].items()}
        orders = [_resting(one) for one in kept["orders"]]
        self._orders = {one.order.order_id: one for one in orders}


def _with_rules(execution: Execution, rules: PairRules) -> Execution:
    return Execution.from_dict({**execution.to_dict(), "instrument": asdict(instrument_of(rules))})


def _forbidden(order: Order, rules: PairRules) -> bool:
    """Whether the pair's status does not let this order in."""
    if rules.status == "limit_only":
        return order.kind != "limit"
    if rules.status == "reduce_only":
        return order.side == "buy"
    return rules.status != "online"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _resting(kept: Mapping[str, Any]) -> _Resting:
    order, price = kept["order"], kept["order"]["price"]
    money = {"quantity": Decimal(order["quantity"]), "price": None if price is None else Decimal(price)}
    return _Resting(
        **{
            **kept,
            "order": Order(**{**order, **money}),
            "rest": Decimal(kept["rest"]),
            "fills": [_filled(fill) for fill in kept["fills"]],
            "ended": kept["ended"] and Ended(**kept["ended"]),
        }
    )


def _filled(kept: Mapping[str, Any]) -> Filled:
    money = {name: Decimal(kept[name]) for name in ("quantity", "price", "fee")}
    return Filled(**{**kept, **money})
