"""Real orders: the exchange's broker where there are keys, and a plain refusal where there are none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal

from evotrade.engine.session.events import Ended, OrderEvent, Unknown
from evotrade.engine.session.orders import Order
from evotrade.errors import ExchangeError
from evotrade.exchange.protocols import Broker, Report

NO_KEYS = "there are no keys of the exchange: put them into the environment or the keyring of the daemon"
_FORBIDDEN = "this daemon may not send real orders: start it with EVOTRADE_ALLOW_REAL_ORDERS=1"


class RealOrders:
    """A `Broker` that may have nobody behind it, so that sessions live on when keys are missing.

    `allowed` says whether the daemon was given the permission: without it nothing is placed, but what rests
    at the exchange is asked about and may be cancelled.
    """

    def __init__(self, report: Report, now_s: Callable[[], float], *, allowed: bool) -> None:
        self.allowed = allowed
        self.complaint = NO_KEYS
        self._report, self._now_s = report, now_s
        self._broker: Broker | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a broker behind it."""
        return self._broker is not None

    def connect(self, broker: Broker) -> None:
        """From now on, orders go there."""
        self._broker, self.complaint = broker, ""

    async def place(self, order: Order) -> None:
        """Send the order, or refuse it. Without a broker it is unknown, and asked about once there is one."""
        if not self.allowed:
            self._report(Ended(self._now_s(), order.order_id, "refused", _FORBIDDEN))
        elif self._broker is None:
            # an earlier daemon may have sent it: it is refused once the exchange says that it has it not
            self._report(Unknown(self._now_s(), order.order_id, self.complaint))
        else:
            await self._broker.place(order)

    async def cancel(self, order_id: str) -> None:
        """Cancel it. Without a broker it is unknown; once the exchange tells of it, it is cancelled again."""
        if self._broker is None:
            self._report(Unknown(self._now_s(), order_id, self.complaint))
        else:
            await self._broker.cancel(order_id)

    async def reconcile(self, orders: Sequence[Order]) -> list[OrderEvent]:
        """What became of these orders. `ExchangeError` where nobody can be asked."""
        if self._broker is None:
            raise ExchangeError(self.complaint)
        return await self._broker.reconcile(orders)

    async def balances(self) -> dict[str, Decimal]:
        """What the account holds, by asset. `ExchangeError` where nobody can be asked."""
        if self._broker is None:
            raise ExchangeError(self.complaint)
        return await self._broker.balances()

    async def free_balances(self) -> dict[str, Decimal]:
        """What of it no open order holds, by asset. `ExchangeError` where nobody can be asked."""
        if self._broker is None:
            raise ExchangeError(self.complaint)
        return await self._broker.free_balances()

    async def close(self) -> None:
        """Let go of connections."""
        if self._broker is not None:
            await asyncio.shield(self._broker.close())
