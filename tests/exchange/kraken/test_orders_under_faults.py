"""Whatever goes wrong on the way, what was told of orders is the exchange's own record of them."""

from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from evotrade.engine.session.events import Ended, Filled
from evotrade.engine.session.orders import Order
from tests.exchange.kraken.conftest import Run
from tests.exchange.kraken.sandboxes import Stage, an_order, stage

FAULTS = [
    ("drop", {}),
    ("duplicate", {"calls": 5}),
    ("reorder", {"calls": 5}),
    ("malformed", {"calls": 3}),
    ("lose_reply", {"calls": 1, "endpoints": ["AddOrder", "CancelOrder", "OpenOrders"]}),
    ("http_error", {"calls": 1, "status": 520, "endpoints": ["AddOrder", "QueryTrades"]}),
    ("api_error", {"calls": 1, "error": "EService:Busy"}),
    ("api_error", {"calls": 1, "error": "EAPI:Invalid nonce"}),
    ("slow_reply", {"calls": 1, "seconds": 0.2}),
    ("outage", {"seconds": 0.2}),
]


def an_order_of(random: Random, price: Decimal) -> Order:
    """Something to trade near the price."""
    quantity = str(random.choice(["0.01", "0.5", "1.23456789"]))
    kind = random.choice(["market", "limit", "stop-loss"])
    if kind == "stop-loss":
        return an_order("sell", "stop-loss", quantity, str(price - random.randint(1, 400)), "stop")
    at = str(price - random.randint(-50, 200)) if kind == "limit" else None
    return an_order(random.choice(["buy", "sell"]), kind, quantity, at)


async def trade(s: Stage, random: Random, steps: int) -> list[Order]:
    """Orders, cancels and faults in a random order."""
    orders: list[Order] = []
    for _ in range(steps):
        if random.random() < 0.5:
            kind, options = random.choice(FAULTS)
            s.sandbox.inject(kind, **options)
        order = an_order_of(random, s.sandbox.exchange.markets["BTC/USD"].last.price)
        orders.append(order)
        await s.broker.place(order)
        await s.advance(300, steps=2)
        if random.random() < 0.4:
            await s.broker.cancel(random.choice(orders).order_id)
    return orders


def of_the_exchange(s: Stage) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Quantity, cost and fee of every fill, by its id."""
    fills = s.sandbox.exchange.account.fills
    return {fill.id: (fill.qty, fill.price, fill.fee) for fill in fills.values()}


def check(s: Stage, orders: list[Order]) -> None:
    fills = [event for event in s.reports if isinstance(event, Filled)]
    assert {fill.fill_id: (fill.quantity, fill.price, fill.fee) for fill in fills} == of_the_exchange(s)
    assert max(Counter(fill.fill_id for fill in fills).values(), default=1) == 1
    over: set[str] = set()
    for event in s.reports:
        assert not (isinstance(event, Filled) and event.order_id in over)
        if isinstance(event, Ended):
            over.add(event.order_id)
    assert over == {order.order_id for order in orders}
    names = Counter(order.request.cl_ord_id for order in s.sandbox.exchange.account.orders.values())
    assert max(names.values(), default=1) == 1  # nothing was sent twice


def trade_through_faults(run: Run, seed: int, steps: int) -> None:
    async def work() -> None:
        money = {"USD": Decimal(10_000_000), "BTC": Decimal(100)}
        async with stage(partial_fill=Decimal("0.4"), deposits=money) as s:
            await s.broker.start()
            orders = await trade(s, Random(seed), steps)
            s.sandbox.recover()
            await s.advance(600, steps=2)
            for order in orders:
                await s.broker.cancel(order.order_id)
            await s.until(lambda: all(s.ended(order) for order in orders), 15)
            check(s, orders)

    run(work())


@pytest.mark.parametrize("seed", range(3))
def test_orders_survive_a_mix_of_faults(run: Run, seed: int) -> None:
    trade_through_faults(run, seed, 8)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_orders_survive_many_mixes_of_faults(run: Run, seed: int) -> None:
    trade_through_faults(run, seed, 12)
