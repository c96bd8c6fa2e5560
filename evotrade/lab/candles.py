"""Candles of files, of the store and of Kraken: the services that read, import and fetch them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evotrade.cells import Phenotype
from evotrade.errors import BadCandleFile, DataError, NotFound, SettingsError
from evotrade.exchange import fetch_candles as fetch_pieces
from evotrade.market.candles import Candles, Source
from evotrade.market.files import CandleFile, parse_candles
from evotrade.market.gaps import fill_gaps as filled
from evotrade.market.pairs import archive_name, pair_name
from evotrade.store import Store

FilePath = str | os.PathLike[str]
Progress = Callable[[float, int], None]
"""Takes the part that is done, 0 to 1, and the bars stored so far; what it raises ends the work."""

_PIECE_BARS = 50_000  # stored at a time: 0.1 s, for which everyone else waits
_NAME_PAIR = "name it with --pair BTC/USD (make run: PAIR=BTC/USD; Python: pair='BTC/USD')"


@dataclass(frozen=True)
class ImportedCandles:
    """What an import brought: what the file held, and how many of its bars the store did not have."""

    file: CandleFile
    new_bars: int

    @property
    def known_bars(self) -> int:
        """How many the store had already, just as they are in the file."""
        return len(self.file.candles) - self.new_bars


def read_candle_file(
    path: FilePath, timeframe: str | None = None, pair: str | None = None, source: Source = "archive"
) -> CandleFile:
    """The candles in a CSV, Parquet or Kraken archive file, the rows refused, and whether it ran backwards.

    What is not given is taken from a name like XBTUSD_60.csv, the timeframe otherwise from the rows; the
    pair is "" where nothing says it. Raises `BadCandleFile`, and `SettingsError` for a pair in place of a
    path.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        if _names_pair(path):
            raise SettingsError(
                f"there is no file {file}: give the path of one, or name a pair that the store holds with "
                f"--pair {pair_name(os.fspath(path))} (Python: with store=…)"
            ) from None
        raise BadCandleFile(f"{file} cannot be read ({error.strerror}): check the path") from None
    return candle_file(content, file.name, timeframe, pair, source)


def candle_file(
    content: bytes,
    name: str,
    timeframe: str | None = None,
    pair: str | None = None,
    source: Source = "archive",
) -> CandleFile:
    """What the bytes of a candle file hold, see `read_candle_file`; `name` is the file's, without folder."""
    named_pair, named_timeframe = archive_name(name) or ("", None)
    return parse_candles(
        content,
        timeframe=timeframe or named_timeframe,
        pair=named_pair if pair is None else pair_name(pair),
        source=source,
        name=name,
    )


def load_candles(
    source: FilePath,
    interval: str | None = None,
    store: Store | Callable[[], Store] | None = None,
    *,
    pair: str | None = None,
    fill_gaps: str | None = None,
    on_file: Callable[[CandleFile], None] | None = None,
) -> Candles:
    """The candles of a file, or of a pair like BTC/USD that the store holds.

    `store` may be what opens it, called only when `source` is a pair; a pair's interval may be left out
    where the store holds one alone. `pair` is that of a file whose name does not say it. `fill_gaps="flat"`
    fills gaps, see `market.gaps`. `on_file` takes what a file held, so that the rows it lost can be told.
    Raises `BadCandleFile`, `NotFound`, and `SettingsError` for a pair without a store.
    """
    if store is None or Path(source).is_file() or not _names_pair(source):
        file = read_candle_file(source, interval, pair)
        if on_file is not None:
            on_file(file)
        candles = file.candles
    else:
        candles = _stored(store if isinstance(store, Store) else store(), pair_name(str(source)), interval)
    return candles if fill_gaps is None else filled(candles, fill_gaps)


def import_candles(
    path: FilePath,
    pair: str | None = None,
    interval: str | None = None,
    *,
    store: Store,
    source: Source = "archive",
) -> ImportedCandles:
    """Bring a file's candles into the store.

    Raises `BadCandleFile`, and `SettingsError` where neither `pair` nor the file's name says the pair.
    """
    return import_file(read_candle_file(path, interval, pair, source), Path(path).name, store=store)


def import_file(
    file: CandleFile, name: str, *, store: Store, progress: Progress | None = None
) -> ImportedCandles:
    """Bring what a file held into the store; errors call it `name`. `SettingsError` without a pair.

    It is stored in pieces, so that nobody else waits for the whole of it; one that was interrupted is
    finished by importing the file again.
    """
    candles = file.candles
    if not candles.pair:
        raise SettingsError(f"{name} does not say its pair: {_NAME_PAIR}")
    new_bars = 0
    for first in range(0, len(candles), _PIECE_BARS):
        piece = candles[first : first + _PIECE_BARS]
        new_bars += store.save_candles(piece)
        if progress is not None:
            progress((first + len(piece)) / len(candles), first + len(piece))
    return ImportedCandles(file, new_bars)


def fetch_candles(
    pair: str,
    interval: str,
    store: Store,
    *,
    since: datetime | None = None,
    url: str | None = None,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Candles:
    """Bring Kraken's candles into the store, and return those fetched: the latest 720, or all from `since`.

    `since` without a zone is UTC; candles older than the latest 720 are made of trades, 1 000 a second.
    Each piece is stored as it comes, so that an interrupted fetch loses little. `sleep` waits between
    calls; what it or `progress` raises ends the fetch. Raises `ExchangeError`, and `NotFound` where Kraken
    has no such candles.
    """
    since_s = (
        None if since is None else int((since if since.tzinfo else since.replace(tzinfo=UTC)).timestamp())
    )
    first_s: int | None = None
    bars = 0

    def tell(part: float) -> None:
        if progress is not None:
            progress(part, bars)

    for piece in fetch_pieces(pair, interval, since_s, url=url, progress=tell, sleep=sleep):
        store.save_candles(piece)
        bars += len(piece)
        first_s = int(piece.time_s[0]) if first_s is None else first_s
    if first_s is None:
        raise NotFound(
            f"Kraken has no finished {interval} bars of {pair} yet: try an earlier day or a shorter bar"
        )
    tell(1.0)
    return store.load_candles(pair_name(pair), interval.lower(), "kraken", first_s)


def keep_candles(candles: Candles, store: Store) -> None:
    """Store the candles that a result stands on, so that it can be computed again; nothing stored changes.

    Raises `DataError` for candles without a pair, and where the store has other bars, or further ones
    between theirs, or other columns: results that stand on those could never be computed again.
    """
    if not candles.pair:
        raise DataError(f"these candles name no pair: {_NAME_PAIR}")
    with store.write():
        try:
            kept = store.load_candles(candles.pair, candles.timeframe, candles.source)
        except NotFound:
            store.save_candles(candles)
            return
        there = kept.between(int(candles.time_s[0]), int(candles.end_s[-1]))
        if there.data_hash == candles.data_hash:
            return
        known = np.isin(candles.time_s, there.time_s)
        if kept.columns != candles.columns or _chosen(candles, known).data_hash != there.data_hash:
            raise DataError(
                f"the store holds other bars or columns of {candles.pair} {candles.timeframe} from "
                f"{candles.source} than these: use its candles, or a store of its own"
            )
        store.save_candles(_chosen(candles, ~known))


def _chosen(candles: Candles, bars: npt.NDArray[np.bool_]) -> Candles:
    return replace(candles, **{name: getattr(candles, name)[bars] for name in ("time_s", *candles.columns)})


def phenotype_candles(store: Store, phenotype: Phenotype) -> Candles:
    """The stored series that a phenotype was made on."""
    return store.load_candles(
        phenotype.pair,
        phenotype.base_timeframe,
        source=phenotype.source,
        start_s=phenotype.series_start_s,
        end_s=phenotype.series_end_s,
    )


def latest_series(store: Store) -> Candles | None:
    """The stored series with the latest bar, the longest of several; None in an empty store."""
    held = store.coverage()
    if held.empty:
        return None
    row = held.sort_values(["last", "bars"]).iloc[-1]
    return store.load_candles(row["pair"], row["timeframe"], row["source"])


def _names_pair(source: FilePath) -> bool:
    try:
        pair_name(os.fspath(source))
    except SettingsError:
        return False
    return True


def _stored(store: Store, pair: str, interval: str | None) -> Candles:
    if interval is not None:
        return store.load_candles(pair, interval.lower())
    held = store.coverage()
    intervals = sorted(set(held.loc[held["pair"] == pair, "timeframe"]))
    if not intervals:
        raise NotFound(f"the store holds no candles of {pair}: fetch them, or import a file")
    if len(intervals) > 1:
        raise SettingsError(f"the store holds {pair} at {', '.join(intervals)}: say which")
    return store.load_candles(pair, str(intervals[0]))
