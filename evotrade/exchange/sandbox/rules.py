"""What the exchange asks of orders of a pair, and the names that a pair and its assets go by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from evotrade.errors import SettingsError
from evotrade.market.candles import Candles, Floats
from evotrade.market.pairs import kraken_name, pair_name

# Kraken's oldest assets carry a letter for their kind in REST; the others go by their own names.
_OLDEST = {"BTC": "XXBT", "ETH": "XETH", "XRP": "XXRP", "LTC": "XLTC", "DOGE": "XXDG", "XLM": "XXLM"}
_MONEY = {"USD": "ZUSD", "EUR": "ZEUR", "GBP": "ZGBP", "CAD": "ZCAD", "JPY": "ZJPY", "AUD": "ZAUD"}
_PRICE_DECIMALS = {"BTC/USD": 1, "BTC/EUR": 1, "ETH/USD": 2, "ETH/EUR": 2, "SOL/USD": 2, "ADA/USD": 6}
_ORDER_MINIMA = {"BTC": "0.00005", "ETH": "0.001", "SOL": "0.02", "ADA": "4"}
_MOST_DECIMALS = 8
_SIGNIFICANT_DIGITS = 6  # of a price whose pair has no known precision

STATUSES = ("online", "cancel_only", "post_only", "limit_only", "reduce_only", "maintenance")


def asset_key(asset: str) -> str:
    """The name that REST uses: XXBT for BTC, ZUSD for USD, SOL for SOL."""
    return _OLDEST.get(asset) or _MONEY.get(asset, asset)


def asset_decimals(asset: str) -> int:
    """Decimals in which the exchange keeps an asset."""
    return 4 if asset in _MONEY else 10


@dataclass(frozen=True)
class PairRules:
    """Precision, minimum sizes (`ordermin` in base, `costmin` in quote currency) and state of one pair."""

    name: str
    pair_decimals: int
    ordermin: Decimal
    costmin: Decimal = Decimal("0.5")
    lot_decimals: int = 8
    cost_decimals: int = 5
    status: str = "online"

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise SettingsError(
                f"pair status {self.status!r} of {self.name}: use one of {', '.join(STATUSES)}"
            )

    @property
    def base(self) -> str:
        """The currency that is bought and sold, like BTC."""
        return self.name.split("/")[0]

    @property
    def quote(self) -> str:
        """The currency that is paid with, like USD."""
        return self.name.split("/")[1]

    @property
    def altname(self) -> str:
        """XBTUSD: what REST is asked for."""
        return kraken_name(self.name)

    @property
    def wsname(self) -> str:
        """XBT/USD: the first websocket's name, still in AssetPairs and refused by the second."""
        return f"{kraken_name(self.name)[: -len(self.quote)]}/{kraken_name(self.name)[-len(self.quote) :]}"

    @property
    def rest_key(self) -> str:
        """XXBTZUSD: what REST answers under."""
        oldest = self.base in _OLDEST and self.base != "DOGE" and self.quote in _MONEY
        return asset_key(self.base) + asset_key(self.quote) if oldest else self.altname

    @property
    def tick_size(self) -> Decimal:
        """Step of prices, in quote currency."""
        return Decimal(1).scaleb(-self.pair_decimals)

    @property
    def lot_size(self) -> Decimal:
        """Step of volumes, in base currency."""
        return Decimal(1).scaleb(-self.lot_decimals)

    @property
    def cost_step(self) -> Decimal:
        """Step of costs and fees: that of the ledger, so that the balances are exact sums of them."""
        return Decimal(1).scaleb(-min(self.cost_decimals, asset_decimals(self.quote)))

    def with_status(self, status: str) -> PairRules:
        """The same pair in another state."""
        return replace(self, status=status)


def rules_for(candles: Candles) -> PairRules:
    """Rules of the candles' pair: Kraken's where known, and prices as precise as the candles have them.

    Candles with more than 8 decimals, as synthetic ones have, are traded at the usual precision of their
    pair, or at about six significant digits.
    """
    name = pair_name(candles.pair)
    needed = _decimals(np.concatenate([candles.open, candles.high, candles.low, candles.close]))
    decimals = _PRICE_DECIMALS.get(name)
    if needed is not None:
        decimals = max(needed, decimals or 0)
    if decimals is None:
        whole_digits = int(np.floor(np.log10(candles.low.min()))) + 1 if len(candles) else 1
        decimals = min(10, max(1, _SIGNIFICANT_DIGITS - whole_digits))
    ordermin = Decimal(_ORDER_MINIMA.get(name.split("/")[0], "0.001"))
    return PairRules(name, decimals, ordermin, lot_decimals=_lot_decimals(candles.volume))


def _lot_decimals(volumes: Floats) -> int:
    """8 as at Kraken, fewer where volumes are so large that they could not be counted exactly."""
    largest = float(volumes.max()) if len(volumes) else 0.0
    return next((decimals for decimals in range(8, 0, -1) if largest * 10.0**decimals < 2**53), 0)


def _decimals(prices: Floats) -> int | None:
    """The fewest decimals that show every price exactly, None for more than 8."""
    for decimals in range(_MOST_DECIMALS + 1):
        if (np.round(prices, decimals) == prices).all():
            return decimals
    return None
