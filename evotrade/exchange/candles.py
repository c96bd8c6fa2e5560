"""Kraken's public candles: the latest from OHLC, older ones made of its trades."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from evotrade import timeframes
from evotrade.errors import ExchangeError
from evotrade.exchange.public import PublicApi, Sleep
from evotrade.exchange.venue import KRAKEN, Venue
from evotrade.market.candles import Candles, Floats, bar_start_s, without_trades
from evotrade.market.pairs import kraken_name, pair_name
from evotrade.market.resample import resample

Progress = Callable[[float], None]
"""Takes the part that is done, 0 to 1."""

# Kraken has no 12 hours, and its weeks start on Thursday where ours start on Monday.
_MADE_OF = {"12h": "4h", "1w": "1d"}
_PAUSE_S = 1.0  # Kraken takes about one public call a second
_PRICE, _VOLUME, _TIME = 0, 1, 2  # of a trade


def fetch_candles(
    pair: str,
    timeframe: str,
    since_s: int | None = None,
    *,
    url: str | None = None,
    progress: Progress | None = None,
    sleep: Sleep = time.sleep,
    venue: Venue = KRAKEN,
) -> Iterator[Candles]:
    """Finished candles in pieces, oldest first: the latest 720, or all that start at `since_s` or later.

    A piece may be stored as it comes, so that an interrupted fetch keeps what it had. Bars without trades
    are left out, and so is the running one. `url` is another address than Kraken's, `venue` what
    errors call it. Raises
    `ExchangeError`, and `SettingsError` for a pair or timeframe that is none.
    """
    api = PublicApi(url, sleep, venue)
    recent = _recent(api, pair, timeframe.lower())
    if since_s is not None:
        start_s = int(bar_start_s(since_s - 1, timeframe)) + timeframes.length_s(timeframe)
        if not len(recent) or start_s < recent.time_s[0]:
            yield from _older(api, recent, start_s, progress or (lambda _: None), sleep)
        recent = recent[int(np.searchsorted(recent.time_s, start_s)) :]
    if len(recent):
        yield recent


def _recent(api: PublicApi, pair: str, timeframe: str) -> Candles:
    """What OHLC has: up to 720 bars, whatever one asks for."""
    asked = _MADE_OF.get(timeframe, timeframe)
    minutes = timeframes.length_s(asked) // 60
    rows = _rows(api.ask("OHLC", pair=kraken_name(pair), interval=minutes), 8)
    finished = _numbers(rows[:-1], 8)  # the last bar still runs
    time_s, open_, high, low, close, _vwap, volume, trades = finished.T
    columns = {"open": open_, "high": high, "low": low, "close": close, "volume": volume, "trades": trades}
    traded = ~without_trades(columns)
    values: dict[str, Any] = {name: column[traded] for name, column in columns.items()}
    times = time_s[traded].astype(np.int64)
    return resample(
        Candles(times, timeframe=asked, pair=pair_name(pair), source="kraken", **values), timeframe
    )


def _older(
    api: PublicApi, recent: Candles, start_s: int, progress: Progress, sleep: Sleep
) -> Iterator[Candles]:
    """Candles from `start_s` to where the recent ones begin, each once its last trade is known."""
    stop_s = int(recent.time_s[0]) if len(recent) else None
    pending = np.empty((0, 3))
    for page in _trade_pages(api, recent.pair, start_s, sleep):
        if not len(page):
            continue
        pending = np.concatenate([pending, page])
        starts = bar_start_s(pending[:, _TIME].astype(np.int64), recent.timeframe)
        known = starts < (starts[-1] if stop_s is None else min(starts[-1], stop_s))
        if known.any():
            yield _candles_of(pending[known], starts[known], recent)
        pending = pending[~known]
        if stop_s is not None:
            progress(min(1.0, (page[-1, _TIME] - start_s) / (stop_s - start_s)))
            if starts[-1] >= stop_s:
                return
    if stop_s is not None and len(pending):  # later bars exist, so this one is finished
        yield _candles_of(pending, bar_start_s(pending[:, _TIME].astype(np.int64), recent.timeframe), recent)


def _trade_pages(api: PublicApi, pair: str, start_s: int, sleep: Sleep) -> Iterator[Floats]:
    """(m, 3) price, volume and whole seconds of the trades from `start_s` on, oldest first, each once.

    `since` excludes trades at that very nanosecond, and `last` is the time of the page's last trade: the
    next page is asked from a nanosecond earlier, or trades of the same time beyond the page would be lost,
    and what the page before had already is taken out.
    """
    cursor = max(0, start_s * 10**9 - 1)
    before: set[tuple[Any, ...]] = set()
    while True:
        result = api.ask("Trades", pair=kraken_name(pair), since=cursor)
        rows = [tuple(row) for row in _rows(result, 3)]
        new = [row for row in rows if row not in before]
        if not new:
            return
        trades = _numbers([(price, volume, str(at).split(".")[0]) for price, volume, at, *_ in new], 3)
        yield trades[trades[:, _TIME] >= start_s]
        before = set(rows)
        cursor = _last(result) - 1
        sleep(_PAUSE_S)


def _candles_of(trades: Floats, starts: npt.NDArray[np.int64], like: Candles) -> Candles:
    """The bars that begin at `starts`, one start a trade, in order."""
    first = np.flatnonzero(np.diff(starts, prepend=-1))
    last = np.append(first[1:], len(starts)) - 1
    price, volume = trades[:, _PRICE], trades[:, _VOLUME]
    return Candles(
        time_s=starts[first],
        open=price[first],
        high=np.maximum.reduceat(price, first),
        low=np.minimum.reduceat(price, first),
        close=price[last],
        volume=np.add.reduceat(volume, first).round(8),  # Kraken counts in 8 decimals
        trades=(last - first + 1).astype(np.float64),
        timeframe=like.timeframe,
        pair=like.pair,
        source="kraken",
    )


def _rows(result: dict[str, Any], width: int) -> list[list[Any]]:
    """The rows of an answer, under whatever name it gives the pair (XXBTZUSD, BTC/USD)."""
    rows = next((value for key, value in result.items() if key != "last"), None)
    if not isinstance(rows, list) or any(not isinstance(row, list) or len(row) < width for row in rows):
        raise ExchangeError("the answer has no rows of the kind asked for: check the address")
    return rows


def _numbers(rows: list[Any], width: int) -> Floats:
    try:
        return np.array([row[:width] for row in rows], dtype=np.float64).reshape(len(rows), width)
    except (TypeError, ValueError):
        raise ExchangeError("the answer has text where numbers belong: check the address") from None


def _last(result: dict[str, Any]) -> int:
    try:
        return int(result["last"])
    except (KeyError, TypeError, ValueError):
        raise ExchangeError("the answer to Trades does not say where it ended: check the address") from None
