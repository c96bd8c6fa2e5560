"""The terms on which decisions become fills: costs, sizes, risk limits, the exchange's rules.

All of it is plain frozen data that goes into provenance as JSON; `fills.py` and `limits.py` act on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evotrade.errors import SettingsError

FillAt = Literal["next_open", "close"]
FeeOn = Literal["top", "notional"]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ALL_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Instrument:
    """The exchange's rules for one pair; a 0 is no rule.

    `tick_size` is the step of prices in quote currency, `lot_decimals` the decimals of a quantity,
    `order_min` the smallest order in base currency, `cost_min` in quote currency.
    """

    tick_size: float = 0.0
    lot_decimals: int = 8
    order_min: float = 0.0
    cost_min: float = 0.0

    def __post_init__(self) -> None:
        if min(self.tick_size, self.order_min, self.cost_min) < 0 or not 0 <= self.lot_decimals <= 15:
            raise SettingsError(f"{self} is out of range: use 0 for no rule and 0 to 15 lot decimals")


@dataclass(frozen=True, slots=True)
class TradingHours:
    """When entries may fill: on `days`, from `start` to before `end` (`HH:MM`) in `zone`.

    A window that crosses midnight belongs to the day on which it starts; equal times are a whole day.
    """

    days: tuple[str, ...] = DAYS
    start: str = "00:00"
    end: str = "00:00"
    zone: str = "UTC"

    def __post_init__(self) -> None:
        unknown = [day for day in self.days if day not in DAYS]
        if unknown or not self.days:
            raise SettingsError(f"trading days {self.days} must be some of {', '.join(DAYS)}")
        for text in (self.start, self.end):
            minute_of_day(text)
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise SettingsError(f"unknown time zone {self.zone!r}: use one like Europe/Berlin") from None

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> TradingHours:
        """The hours that JSON kept. `SettingsError` for an unknown name."""
        given = _known(cls, spec)
        return cls(**{**given, "days": tuple(given.get("days", DAYS))})


@dataclass(frozen=True, slots=True)
class Limits:
    """Risk limits; None, or 0 bars of cool-down, is no limit. Percents are of the entry price or of equity.

    `stop_loss_pct`, `trailing_stop_pct` and `take_profit_pct` close a position inside the bar.
    `max_drawdown_pct` and `max_daily_loss_pct` (UTC day) are judged at each close and end the trading.
    `trading_hours`, `cool_down_bars` after a losing trade and `max_trades_per_day` forbid entries.
    """

    stop_loss_pct: float | None = None
    trailing_stop_pct: float | None = None
    take_profit_pct: float | None = None
    max_drawdown_pct: float | None = None
    max_daily_loss_pct: float | None = None
    max_trades_per_day: int | None = None
    trading_hours: TradingHours | None = None
    cool_down_bars: int = 0

    def __post_init__(self) -> None:
        for name in ("stop_loss_pct", "trailing_stop_pct", "max_drawdown_pct", "max_daily_loss_pct"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 100:
                raise SettingsError(f"{name} is {value}: use a percentage above 0 and below 100, or None")
        if self.take_profit_pct is not None and not 0 < self.take_profit_pct < math.inf:
            raise SettingsError(f"take_profit_pct is {self.take_profit_pct}: use one above 0, or None")
        if self.max_trades_per_day is not None and self.max_trades_per_day < 1:
            raise SettingsError(f"max_trades_per_day is {self.max_trades_per_day}: use at least 1, or None")
        if self.cool_down_bars < 0:
            raise SettingsError(f"cool_down_bars is {self.cool_down_bars}: use 0 or more")

    @property
    def acts_in_bar(self) -> bool:
        """Whether a stop or a target may close a position inside a bar."""
        return any((self.stop_loss_pct, self.trailing_stop_pct, self.take_profit_pct))

    @property
    def acts_at_close(self) -> bool:
        """Whether the equity at a close may end the trading."""
        return any((self.max_drawdown_pct, self.max_daily_loss_pct))

    @property
    def forbids_entries(self) -> bool:
        """Whether an entry may have to wait."""
        return bool(self.max_trades_per_day or self.trading_hours or self.cool_down_bars)

    def to_dict(self) -> dict[str, Any]:
        """The limits as JSON keeps them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> Limits:
        """The limits that `to_dict` described. `SettingsError` for an unknown name."""
        given = _known(cls, spec)
        hours = given.get("trading_hours")
        if isinstance(hours, Mapping):
            given["trading_hours"] = TradingHours.from_dict(hours)
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Execution:
    """How decisions are filled. Basis points are per side; `spread_bps` is the whole spread, half a side.

    `fill` is at the open of the next bar or at the close that decided. With `fee_on="top"` the fee is paid
    on top of the cost, quantity = cash / (price · (1 + fee)); with `"notional"` it is taken off first,
    quantity = cash · (1 − fee) / price. `size` is the share of equity that an entry invests, `initial` the
    capital in quote currency. `close_at_end` sells an open position at the last close.
    Raises `SettingsError` for a value out of range.
    """

    fee_bps: float = 40.0
    slippage_bps: float = 0.0
    spread_bps: float = 0.0
    fill: FillAt = "next_open"
    fee_on: FeeOn = "top"
    close_at_end: bool = False
    initial: float = 1000.0
    size: float = 1.0
    limits: Limits = Limits()
    instrument: Instrument | None = None

    def __post_init__(self) -> None:
        if not -_ALL_BPS < self.fee_bps < _ALL_BPS:
            raise SettingsError(f"fee_bps is {self.fee_bps}: use basis points between -10000 and 10000")
        drift_bps = self.slippage_bps + self.spread_bps / 2
        if not (self.slippage_bps >= 0 and self.spread_bps >= 0 and drift_bps < _ALL_BPS):
            raise SettingsError(
                f"slippage_bps {self.slippage_bps} and spread_bps {self.spread_bps} must not be below 0 "
                "nor eat the whole price"
            )
        if self.fill not in get_args(FillAt):
            raise SettingsError(f"unknown fill {self.fill!r}: use next_open or close")
        if self.fee_on not in get_args(FeeOn):
            raise SettingsError(f"unknown fee_on {self.fee_on!r}: use top or notional")
        if not 0 < self.initial < math.inf:
            raise SettingsError(f"initial is {self.initial}: start with an amount above 0")
        if not 0 < self.size <= 1:
            raise SettingsError(f"size is {self.size}: invest a share above 0 and at most 1")

    @property
    def is_plain(self) -> bool:
        """Whether nothing but decisions makes trades: no limits, no rounding by an exchange."""
        limits = self.limits
        limited = limits.acts_in_bar or limits.acts_at_close or limits.forbids_entries
        return self.instrument is None and not limited

    def to_dict(self) -> dict[str, Any]:
        """The terms as JSON keeps them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> Execution:
        """The terms that `to_dict` described. `SettingsError` for an unknown name or a bad value."""
        given = _known(cls, spec)
        if isinstance(given.get("limits"), Mapping):
            given["limits"] = Limits.from_dict(given["limits"])
        if isinstance(given.get("instrument"), Mapping):
            given["instrument"] = Instrument(**_known(Instrument, given["instrument"]))
        return cls(**given)


def minute_of_day(text: str) -> int:
    """Minutes after midnight of `HH:MM`. `SettingsError` for anything else."""
    hour, _, minute = text.partition(":")
    digits = len(text) == 5 and hour.isdecimal() and minute.isdecimal()
    if not (digits and int(hour) < 24 and int(minute) < 60):
        raise SettingsError(f"{text!r} is not a time of day: write HH:MM, for example 09:30")
    return int(hour) * 60 + int(minute)


def _known(kind: type[Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of `spec`, all of which must be fields of `kind`."""
    names = [item.name for item in fields(kind)]
    unknown = [key for key in spec if key not in names]
    if unknown:
        raise SettingsError(f"unknown {kind.__name__} setting {unknown[0]!r}: use one of {', '.join(names)}")
    return dict(spec)
