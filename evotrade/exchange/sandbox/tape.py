"""The trades that a series of candles is replayed as, computed where they are asked for, never stored.

Inside a bar prices go open → low → high → close where it rises, open → high → low → close where it falls,
on the ticks between, at even steps of time from the bar's very start. The first trade is exactly the open,
the last the close, the volumes add up to the candle's: candles rebuilt from the trades are the replayed
ones, to the last digit. The number of trades is the candle's too, unless that is more than `most_trades`,
or fewer than its prices need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt

from evotrade import timeframes
from evotrade.errors import DataError
from evotrade.exchange.sandbox.rules import PairRules
from evotrade.market.candles import Candles, Floats, without_trades

Integers = npt.NDArray[np.int64]
Side = Literal["buy", "sell"]

NS = 10**9
LARGEST = 2**53  # whole numbers that a double still tells apart
MOST_TRADES = 60  # a bar; real hours have thousands, which no test wants to wait for


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade of the tape: `side` is the taker's, `id` counts from 1 in its pair."""

    pair: str
    id: int
    time_ns: int
    price: Decimal
    qty: Decimal
    side: Side


class Tape:
    """The trades of one series; prices and volumes are whole ticks and lots, so that sums are exact."""

    def __init__(self, candles: Candles, rules: PairRules, most_trades: int = MOST_TRADES) -> None:
        traded = ~without_trades({"volume": candles.volume, "trades": candles.trades})
        self.rules = rules
        self.length_ns = timeframes.length_s(candles.timeframe) * NS
        self.start_ns: Integers = candles.time_s[traded] * NS
        self.open, self.high, self.low, self.close = (
            _whole(column[traded], rules.pair_decimals)
            for column in (candles.open, candles.high, candles.low, candles.close)
        )
        self.lots = _whole(candles.volume[traded], rules.lot_decimals)
        if len(self.low) and self.low.min() <= 0:
            raise DataError(
                f"{rules.name} has prices below its tick {rules.tick_size}: give rules of more pair_decimals"
            )
        self.counts = self._counts(candles.trades[traded], most_trades)
        self.first_id: Integers = np.concatenate([[1], 1 + np.cumsum(self.counts)]).astype(np.int64)

    def __len__(self) -> int:
        return len(self.start_ns)

    @property
    def end_ns(self) -> int:
        """Where the last bar ends; the market is silent from there on."""
        return int(self.start_ns[-1]) + self.length_ns if len(self) else 0

    def candles(self, timeframe: str) -> Candles:
        """The series as it is traded: on ticks and lots, without empty bars, marked `sandbox`."""
        tick, lot = 10.0**self.rules.pair_decimals, 10.0**self.rules.lot_decimals
        return Candles(
            time_s=self.start_ns // NS,
            open=self.open / tick,
            high=self.high / tick,
            low=self.low / tick,
            close=self.close / tick,
            volume=self.lots / lot,
            trades=self.counts.astype(np.float64),
            timeframe=timeframe,
            pair=self.rules.name,
            source="sandbox",
        )

    def trades_of(self, bar: int) -> list[Trade]:
        """The trades of one bar, oldest first."""
        count, lots = int(self.counts[bar]), int(self.lots[bar])
        prices = self._path(bar, count)
        start_ns, first_id = int(self.start_ns[bar]), int(self.first_id[bar])
        before = int(self.close[bar - 1]) if bar else prices[0]
        trades = []
        for step, price in enumerate(prices):
            share = lots // count + (lots % count if step == 0 else 0)
            trades.append(
                Trade(
                    pair=self.rules.name,
                    id=first_id + step,
                    time_ns=start_ns + self.length_ns * step // count,
                    price=Decimal(price).scaleb(-self.rules.pair_decimals),
                    qty=Decimal(share).scaleb(-self.rules.lot_decimals),
                    side="buy" if price >= before else "sell",
                )
            )
            before = price
        return trades

    def trades(self, after_ns: int, until_ns: int) -> Iterator[Trade]:
        """Trades with `after_ns < time ≤ until_ns`, oldest first."""
        first = max(0, int(np.searchsorted(self.start_ns, after_ns, side="right")) - 1)
        last = int(np.searchsorted(self.start_ns, until_ns, side="right"))
        for bar in range(first, last):
            for trade in self.trades_of(bar):
                if after_ns < trade.time_ns <= until_ns:
                    yield trade

    def _vertices(self, bar: int) -> list[int]:
        """The prices that the path must touch, in its order, equal neighbours once."""
        open_, high, low, close = (
            int(column[bar]) for column in (self.open, self.high, self.low, self.close)
        )
        route = [open_, low, high, close] if close >= open_ else [open_, high, low, close]
        return [price for place, price in enumerate(route) if place == 0 or price != route[place - 1]]

    def _path(self, bar: int, count: int) -> list[int]:
        """`count` prices through every vertex, in whole ticks."""
        vertices = self._vertices(bar)
        legs = len(vertices) - 1
        if legs == 0:
            return vertices * count
        places = [leg * (count - 1) // legs for leg in range(legs + 1)]
        prices = []
        for leg in range(legs):
            steps, move = places[leg + 1] - places[leg], vertices[leg + 1] - vertices[leg]
            prices += [vertices[leg] + move * step // steps for step in range(steps)]
        return [*prices, vertices[-1]]

    def _counts(self, wanted: Floats, most_trades: int) -> Integers:
        """(n,) trades of each bar: the candle's number, at least one for each vertex."""
        needed = np.array([len(self._vertices(bar)) for bar in range(len(self))], dtype=np.int64)
        return np.maximum(np.minimum(wanted, most_trades).astype(np.int64), needed)


def _whole(values: Floats, decimals: int) -> Integers:
    """Floats as whole steps of 10^-decimals; rounding keeps their order, so a bar stays a bar."""
    steps = np.rint(values * 10.0**decimals)
    if len(steps) and steps.max() > LARGEST:
        raise DataError(
            f"{values.max()} in steps of 10^-{decimals} is too large to count exactly: give rules of fewer"
            " decimals"
        )
    return steps.astype(np.int64)
