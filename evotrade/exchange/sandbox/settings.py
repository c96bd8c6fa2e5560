"""What a sandbox is made of: its markets' candles, its money, fees, limits, and the speed of its clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from evotrade.errors import NotEnoughCandles, SettingsError
from evotrade.exchange.sandbox.account import Account
from evotrade.exchange.sandbox.counters import Limits
from evotrade.exchange.sandbox.exchange import Exchange
from evotrade.exchange.sandbox.keys import ApiKey
from evotrade.exchange.sandbox.market import Market
from evotrade.exchange.sandbox.rules import PairRules
from evotrade.exchange.sandbox.tape import MOST_TRADES, NS
from evotrade.market.candles import Candles
from evotrade.market.pairs import pair_name
from evotrade.market.synthetic import synthetic_candles

MANUAL = 0.0
"""The speed of a clock that moves by hand alone."""

_HISTORY_BARS = 720
_SYNTHETIC_BARS = 20_000
_SYNTHETIC_PRICE = 60_000.0
_DEPOSIT = Decimal(100_000)


@dataclass(frozen=True)
class SandboxSettings:
    """Everything a sandbox starts with.

    `candles` of one or several pairs; the exchange's clock starts where the first of them has
    `history_bars` behind it (at most half of its bars), or at `start_s`. `speed` is how many seconds pass
    at the exchange in one outside, `MANUAL` none by themselves. Fees are percent, `partial_fill` is the
    share of an order carried out at a time, `rules` replace those of pairs by name, and `deposits` are the
    balances at the start, 100 000 of every quote currency where none are given.
    """

    candles: Sequence[Candles] = ()
    speed: float = 60.0
    spread_bps: Decimal = Decimal(0)
    taker_fee_pct: Decimal = Decimal("0.40")
    maker_fee_pct: Decimal = Decimal("0.25")
    deposits: Mapping[str, Decimal] | None = None
    partial_fill: Decimal | None = None
    history_bars: int = _HISTORY_BARS
    start_s: int | None = None
    most_trades: int = MOST_TRADES
    limits: Limits = field(default_factory=Limits)
    keys: Sequence[ApiKey] = ()
    rules: Mapping[str, PairRules] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.speed < 1e6:
            raise SettingsError(f"a speed of {self.speed}: give seconds per second, 0 for a clock by hand")
        if not 0 <= self.spread_bps < 10_000:
            raise SettingsError(f"a spread of {self.spread_bps} bps: give 0 to 9999")
        if self.most_trades < 1 or self.history_bars < 1:
            raise SettingsError("most_trades and history_bars count from 1: give at least 1")


def build_exchange(settings: SandboxSettings) -> Exchange:
    """The exchange at the moment it starts. `NotEnoughCandles` where a market has no history by then."""
    series = list(settings.candles) or [demo_candles()]
    now_ns = (settings.start_s if settings.start_s is not None else _start_s(settings, series[0])) * NS
    markets = [
        Market(
            candles,
            now_ns,
            rules=settings.rules.get(pair_name(candles.pair)),
            spread_bps=settings.spread_bps,
            most_trades=settings.most_trades,
        )
        for candles in series
    ]
    deposits = settings.deposits
    if deposits is None:
        deposits = {market.rules.quote: _DEPOSIT for market in markets}
    account = Account(deposits, settings.taker_fee_pct, settings.maker_fee_pct)
    exchange = Exchange(markets, account, now_ns, speed=settings.speed)
    exchange.partial_fill = settings.partial_fill
    return exchange


def demo_candles(pair: str = "BTC/USD", interval: str = "1h") -> Candles:
    """Synthetic candles of a pair, the same every time, for a sandbox without a file."""
    return synthetic_candles(_SYNTHETIC_BARS, interval, seed=1, pair=pair, first_price=_SYNTHETIC_PRICE)


def _start_s(settings: SandboxSettings, candles: Candles) -> int:
    if len(candles) < 2:
        raise NotEnoughCandles("a sandbox needs a candle of history and one to replay: give at least 2")
    bars = min(settings.history_bars, len(candles) // 2)
    return int(candles.end_s[bars - 1])
