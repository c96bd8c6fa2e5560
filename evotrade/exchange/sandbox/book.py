"""The order book that the sandbox shows. Orders are filled at bid and ask; the rest of it is decoration."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from decimal import Decimal

from evotrade.exchange.sandbox.market import Market
from evotrade.exchange.sandbox.rules import PairRules

BEST_QTY = Decimal(1_000_000)
"""Volume shown at the best prices, in base currency: as much as anybody asks for, since orders fill whole."""

_CHECKED = 10  # levels a side in the checksum


@dataclass(frozen=True)
class Level:
    """A price and the volume offered at it."""

    price: Decimal
    qty: Decimal


def book_levels(market: Market, depth: int) -> tuple[list[Level], list[Level]]:
    """Bids and asks, best first, a tick apart, volumes growing with the distance."""
    tick = market.rules.tick_size
    bids = [Level(market.bid - step * tick, Decimal(1 + step)) for step in range(depth)]
    # Without a spread both sides would meet in one price, and clients take such a book for a broken one.
    shift = 1 if market.ask == market.bid else 0
    asks = [Level(market.ask + (step + shift) * tick, Decimal(1 + step)) for step in range(depth)]
    return [level for level in bids if level.price > 0], asks


def checksum(bids: list[Level], asks: list[Level], rules: PairRules) -> int:
    """CRC32 over the ten best levels, as Kraken computes it: digits of price and volume, asks first."""
    text = "".join(
        _digits(level.price, rules.pair_decimals) + _digits(level.qty, rules.lot_decimals)
        for level in (*asks[:_CHECKED], *bids[:_CHECKED])
    )
    return zlib.crc32(text.encode())


def _digits(value: Decimal, decimals: int) -> str:
    return f"{value:.{decimals}f}".replace(".", "").lstrip("0")
