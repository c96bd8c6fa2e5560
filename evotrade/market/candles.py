"""Candles: one series of bars of one pair, timeframe and source.

A bar covers `[start, start + timeframe)` UTC. A series refuses to be wrong at birth: starts strictly
increasing and on the timeframe's UTC boundaries, every price above 0, high the highest and low the
lowest, volume and trades not below 0. Gaps stay gaps.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from evotrade import timeframes
from evotrade.errors import BadCandle, DataError, SettingsError

Floats = npt.NDArray[np.float64]
Source = Literal["kraken", "archive", "sandbox", "synthetic"]
SOURCES: tuple[str, ...] = get_args(Source)

_MONDAY_S = 4 * 86_400  # the epoch was a Thursday; weeks start on Monday
LATEST_S = 7_258_118_400  # 2200-01-01: milliseconds taken for seconds, and typing errors, lie beyond it
OUT_OF_ORDER = "its time is out of order"
SAME_TIME = "it has the time of another bar"
REQUIRED = ("open", "high", "low", "close", "volume")
OPTIONAL = ("trades", "funding_rate", "open_interest")


def bar_start_s(time_s: npt.NDArray[np.int64] | int, timeframe: str) -> npt.NDArray[np.int64]:
    """Start, in Unix seconds, of the bar of `timeframe` that holds each time."""
    length = timeframes.length_s(timeframe)
    offset = _MONDAY_S if length == timeframes.SECONDS["1w"] else 0
    times = np.asarray(time_s, dtype=np.int64)
    return np.asarray(times - (times - offset) % length, dtype=np.int64)


@dataclass(frozen=True, eq=False, repr=False)
class Candles:
    """(n,) arrays of one series, oldest first, read-only; equal when their contents are.

    `time_s` holds bar starts in Unix seconds; prices are in quote currency, volume in base currency,
    `trades` counts; `funding_rate` and `open_interest` are None where the market has none.
    Raises `BadCandle` naming the first bar that breaks the contract, `DataError` for columns that don't
    fit together.
    """

    time_s: npt.NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    trades: Floats
    timeframe: str
    pair: str = ""
    source: Source = "archive"
    funding_rate: Floats | None = None
    open_interest: Floats | None = None

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise SettingsError(f"unknown candle source {self.source!r}: use one of {', '.join(SOURCES)}")
        timeframes.length_s(self.timeframe)
        object.__setattr__(self, "timeframe", self.timeframe.lower())
        for name in ("time_s", *self.columns):
            object.__setattr__(self, name, self._own(name))
        values = {name: getattr(self, name) for name in self.columns}
        for bar, complaint in find_bad_bars(self.time_s, values, self.timeframe)[:1]:
            when = np.datetime_as_string(self.time_s[bar].astype("datetime64[s]"), unit="m")
            raise BadCandle(f"the bar of {when.replace('T', ' ')} UTC: {complaint}")

    def _own(self, name: str) -> npt.NDArray[Any]:
        """A read-only copy, so that nobody else's array is frozen or can change this series."""
        array = np.array(getattr(self, name), dtype=np.int64 if name == "time_s" else np.float64)
        if array.shape != (len(self.time_s),):
            raise DataError(
                f"column {name} has shape {array.shape}, time_s ({len(self.time_s)},): make them one"
            )
        array.flags.writeable = False
        return array

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that this series has."""
        return tuple(
            name for name in (*REQUIRED, *OPTIONAL) if name == "trades" or getattr(self, name) is not None
        )

    @property
    def end_s(self) -> npt.NDArray[np.int64]:
        """(n,) ends of the bars in Unix seconds, exclusive."""
        return self.time_s + timeframes.length_s(self.timeframe)

    @property
    def stop_s(self) -> int:
        """The end of the last bar, Unix seconds, exclusive; there must be one."""
        return int(self.time_s[-1]) + timeframes.length_s(self.timeframe)

    def ended_by(self, time_s: int) -> int:
        """How many bars have ended at that Unix second."""
        begun_by = time_s - timeframes.length_s(self.timeframe)
        return int(np.searchsorted(self.time_s, begun_by, side="right"))

    @property
    def timestamp(self) -> pd.DatetimeIndex:
        """(n,) bar starts, UTC."""
        return pd.DatetimeIndex(pd.to_datetime(self.time_s, unit="s", utc=True), name="timestamp")

    @property
    def frame(self) -> pd.DataFrame:
        """The series as a new DataFrame, indexed by `timestamp`, that its owner may change."""
        return pd.DataFrame({name: getattr(self, name) for name in self.columns}, index=self.timestamp)

    @cached_property
    def data_hash(self) -> str:
        """16 hexadecimal digits that name the contents: timeframe, times and columns, to the last bit."""
        digest = hashlib.sha256(self.timeframe.encode())
        digest.update(self.time_s.astype("<i8").tobytes())
        for name in self.columns:
            digest.update(name.encode() + getattr(self, name).astype("<f8").tobytes())
        return digest.hexdigest()[:16]

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, timeframe: str, *, pair: str = "", source: Source = "archive"
    ) -> Candles:
        """Candles of a DataFrame with a UTC DatetimeIndex; a missing `trades` column counts 0.

        Raises `DataError` for missing columns or times without a zone, `BadCandle` for bad bars.
        """
        missing = [name for name in REQUIRED if name not in frame]
        if missing:
            have = ", ".join(map(str, frame))
            raise DataError(f"candles lack the column {', '.join(missing)}: the frame has {have}")
        index = frame.index
        if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
            raise DataError("candles need an index of UTC times, for example pd.to_datetime(…, utc=True)")
        if (index != index.floor("s")).any():
            raise DataError("candles need times of whole seconds: some are missing or have a fraction")
        columns: dict[str, Floats] = {"trades": np.zeros(len(frame))}
        for name in (*REQUIRED, *OPTIONAL):
            if name in frame:
                columns[name] = _floats(frame[name])
        time_s = index.as_unit("s").asi8
        return cls(time_s=time_s, timeframe=timeframe, pair=pair, source=source, **columns)

    def between(self, start_s: int, end_s: int) -> Candles:
        """The bars that lie wholly inside `[start_s, end_s)`, Unix seconds."""
        first = int(np.searchsorted(self.time_s, start_s, side="left"))
        last = self.ended_by(end_s)
        return self[first : max(first, last)]

    def __len__(self) -> int:
        return len(self.time_s)

    def __getitem__(self, bars: slice) -> Candles:
        arrays = {name: getattr(self, name)[bars] for name in ("time_s", *self.columns)}
        if bars.step not in (None, 1):
            return replace(self, **arrays)
        return self.made_of_good_bars(self.timeframe, arrays)

    def made_of_good_bars(self, timeframe: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Candles:
        """Candles of this market with other columns (n,), `time_s` among them, without a second look.

        For bars that cannot be bad, since they are some of these, or made of these. The hash is theirs alone.
        """
        made = object.__new__(Candles)
        kept = {name: value for name, value in vars(self).items() if name != "data_hash"}
        vars(made).update(kept, timeframe=timeframe, **arrays)
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Candles):
            return NotImplemented
        return (self.pair, self.source, self.data_hash) == (other.pair, other.source, other.data_hash)

    def __hash__(self) -> int:
        return hash((self.pair, self.source, self.data_hash))

    def __repr__(self) -> str:
        span = f", {self.timestamp[0]:%Y-%m-%d} to {self.timestamp[-1]:%Y-%m-%d}" if len(self) else ""
        return (
            f"<Candles {self.pair or 'unnamed pair'} {self.timeframe}, {len(self)} bars{span}, {self.source}>"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the fields alone, without the cached hash."""
        return (type(self), tuple(getattr(self, item.name) for item in fields(self)))


def _floats(column: pd.Series) -> Floats:
    try:
        return column.to_numpy(np.float64)
    except (TypeError, ValueError):
        raise DataError(f"column {column.name} holds {column.dtype}: candles need numbers") from None


def without_trades(columns: Mapping[str, Floats]) -> npt.NDArray[np.bool_]:
    """(n,) whether nothing was traded in a bar; a market that does not count trades has volume alone."""
    return np.asarray((columns["volume"] == 0) & (columns["trades"] == 0))


def find_bad_bars(
    time_s: npt.NDArray[np.int64], columns: Mapping[str, Floats], timeframe: str
) -> list[tuple[int, str]]:
    """Every bar that breaks the contract, as (index, what is wrong), in order; one complaint a bar.

    Times must rise, and as few bars as can be are refused for that: one that goes back or jumps ahead costs
    itself alone, and the time of a bar that is bad anyway accuses nobody.
    """
    open_, high, low, close = (columns[name] for name in ("open", "high", "low", "close"))
    found: dict[int, str] = {}

    def complain(bad: npt.NDArray[np.bool_], text: str, *shown: str) -> None:
        for bar in np.flatnonzero(bad):
            values = (columns[name][bar] for name in shown)
            found.setdefault(int(bar), text.format(*values))

    for name, values in columns.items():
        complain(~np.isfinite(values), f"{name} is {{}}, not a finite number", name)
    for name, values in (("open", open_), ("high", high), ("low", low), ("close", close)):
        complain(~(values > 0), f"{name} {{}} is not above 0", name)
    complain(high < low, "high {} is below low {}", "high", "low")
    complain(high < np.maximum(open_, close), "high {} is below open {} or close {}", "high", "open", "close")
    complain(low > np.minimum(open_, close), "low {} is above open {} or close {}", "low", "open", "close")
    complain(columns["volume"] < 0, "volume {} is below 0", "volume")
    complain(columns["trades"] < 0, "trades {} is below 0", "trades")
    complain((time_s < 0) | (time_s >= LATEST_S), "its time is outside 1970 to 2199")
    complain(time_s != bar_start_s(time_s, timeframe), f"it does not start on a UTC boundary of {timeframe}")

    good = np.delete(np.arange(len(time_s)), list(found))
    rising = good[_longest_rise(time_s[good])]
    strays = np.setdiff1d(good, rising, assume_unique=True)
    same = np.isin(time_s[strays], time_s[rising])
    found |= {int(bar): SAME_TIME if twin else OUT_OF_ORDER for bar, twin in zip(strays, same, strict=True)}
    return sorted(found.items())


def _longest_rise(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Places of as many strictly rising times as there can be, of equal choices the earlier ones.

    Patience sorting, from the last time to the first: `heads[k]` is the latest time from which k + 1 rise.
    """
    if (np.diff(times) > 0).all():
        return np.arange(len(times))
    heads: list[int] = []
    places: list[int] = []
    following = np.full(len(times), -1)
    for place in range(len(times) - 1, -1, -1):
        time = -int(times[place])
        rank = bisect_left(heads, time)
        heads[rank : rank + 1] = [time]
        places[rank : rank + 1] = [place]
        following[place] = places[rank - 1] if rank else -1
    rise = [places[-1]]
    while following[rise[-1]] >= 0:
        rise.append(int(following[rise[-1]]))
    return np.array(rise)
