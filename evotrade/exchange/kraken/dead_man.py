"""Kraken's dead-man's switch: it cancels every order of the account, protective stops too. Off by default."""

from __future__ import annotations

from evotrade.errors import ExchangeError, SettingsError
from evotrade.exchange.kraken.budget import Priority
from evotrade.exchange.kraken.ledger import Ledger
from evotrade.exchange.kraken.lookup import Lookup
from evotrade.exchange.kraken.rest import Rest

_LONGEST_S = 86_400


class DeadManSwitch:
    """Armed with `arm`, renewed by arming again, never armed while a stop-loss of the account rests."""

    def __init__(self, rest: Rest, lookup: Lookup, ledger: Ledger) -> None:
        self.armed = False
        self._rest = rest
        self._lookup = lookup
        self._ledger = ledger

    async def arm(self, timeout_s: int) -> None:
        """Cancel all orders in `timeout_s` unless armed again. `ExchangeError` while a stop-loss rests."""
        if not 0 < timeout_s <= _LONGEST_S:
            raise SettingsError(f"a dead-man's switch of {timeout_s} s: give 1 to {_LONGEST_S}")
        if self._ledger.has_resting_stop() or await self._lookup.has_open_stop():
            raise ExchangeError(
                "the dead-man's switch would cancel a resting stop-loss: end it first, or leave it off"
            )
        self.armed = True  # whatever becomes of the call, it may be
        await self._rest.private("CancelAllOrdersAfter", {"timeout": timeout_s}, Priority.EXIT)

    async def disarm(self) -> None:
        """Switch it off."""
        await self._rest.private("CancelAllOrdersAfter", {"timeout": 0}, Priority.EXIT)
        self.armed = False

    async def disarm_for_stop(self) -> None:
        """Switch it off where it is on, since a stop-loss is about to rest."""
        if self.armed:
            await self.disarm()
