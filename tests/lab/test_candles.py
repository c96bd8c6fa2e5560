from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evotrade.errors import BadCandleFile, DataError, ExchangeError, NotFound, SettingsError
from evotrade.lab.candles import (
    candle_file,
    fetch_candles,
    import_candles,
    import_file,
    keep_candles,
    latest_series,
    load_candles,
    read_candle_file,
)
from evotrade.market import CandleFile, Candles, gaps, synthetic_candles
from evotrade.store import Store, open_store
from tests.kraken_server import Kraken, recorded, serve
from tests.paths import shared

HOURS = synthetic_candles(48, "1h", seed=5, pair="BTC/USD")


class Ended(Exception):
    """What a person's Stop raises in the midst of the work."""


def end(*_: float) -> None:
    raise Ended


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "lab.duckdb")


@pytest.fixture
def kraken() -> Iterator[Kraken]:
    with serve(Kraken()) as server:
        yield server


def written(folder: Path, name: str, candles: Candles = HOURS) -> Path:
    """A file as Kraken's archive has them: seconds, no header."""
    frame = candles.frame.reset_index(drop=True)
    frame.insert(0, "timestamp", candles.time_s)
    frame.to_csv(folder / name, index=False, header=False)
    return folder / name


def test_a_name_of_the_archive_says_pair_and_timeframe(tmp_path: Path) -> None:
    candles = read_candle_file(written(tmp_path, "XBTUSD_60.csv")).candles
    assert (candles.pair, candles.timeframe, candles.source) == ("BTC/USD", "1h", "archive")
    assert candles.data_hash == HOURS.data_hash


def test_what_is_said_comes_before_what_the_name_says(tmp_path: Path) -> None:
    candles = read_candle_file(written(tmp_path, "XBTUSD_240.csv"), "1h", "ETH/EUR", "sandbox").candles
    assert (candles.pair, candles.timeframe, candles.source) == ("ETH/EUR", "1h", "sandbox")


def test_a_file_whose_name_is_wrong_about_its_bars_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCandleFile, match=r"XBTUSD_240\.csv holds bars of 1h, not of 4h"):
        load_candles(written(tmp_path, "XBTUSD_240.csv"))


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadCandleFile, match=r"cannot be read \(.*\): check the path"):
        load_candles(tmp_path / name)


def test_the_rows_that_a_file_lost_can_be_told(tmp_path: Path, store: Store) -> None:
    file = written(tmp_path, "XBTUSD_60.csv")
    file.write_text(file.read_text() + "nonsense\n")
    told: list[CandleFile] = []
    load_candles(file, on_file=told.append)
    assert told == [read_candle_file(file)]
    assert [row.line for row in told[0].refused] == [49]
    store.save_candles(HOURS)
    load_candles("BTC/USD", store=store, on_file=told.append)
    assert len(told) == 1


def test_an_import_says_that_the_file_ran_backwards(tmp_path: Path, store: Store) -> None:
    file = written(tmp_path, "XBTUSD_60.csv")
    assert not import_candles(file, store=store).file.newest_first
    file.write_text("\n".join(file.read_text().splitlines()[::-1]))
    brought = import_candles(file, store=store)
    assert (brought.file.newest_first, brought.new_bars, brought.file.candles.data_hash) == (
        True,
        0,
        HOURS.data_hash,
    )


def test_a_shuffled_file_leaves_the_store_as_it_was(tmp_path: Path, store: Store) -> None:
    file = written(tmp_path, "XBTUSD_60.csv")
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[::2] + lines[1::2]))
    with pytest.raises(BadCandleFile, match="is not in order of time in 23 of its 48 rows"):
        import_candles(file, store=store)
    assert store.coverage().empty


def test_a_file_in_another_folder_is_no_pair() -> None:
    with pytest.raises(BadCandleFile, match=r"data/missing\.csv cannot be read"):
        load_candles("data/missing.csv")


def test_real_files_are_loaded_by_their_path() -> None:
    candles = load_candles(shared("data/XBTUSD_60.csv"))
    assert repr(candles) == "<Candles BTC/USD 1h, 70253 bars, 2013-10-06 to 2023-01-07, archive>"


def test_gaps_are_filled_only_when_asked(tmp_path: Path) -> None:
    file = written(tmp_path, "hours.csv", Candles.from_frame(HOURS.frame.drop(HOURS.timestamp[7]), "1h"))
    assert len(gaps(load_candles(file))) == 1
    assert gaps(load_candles(file, fill_gaps="flat")).empty


def test_an_import_says_what_was_new_refused_and_without_trades(tmp_path: Path, store: Store) -> None:
    file = written(tmp_path, "XBTUSD_60.csv")
    text = file.read_text() + "nonsense\n" + f"{HOURS.time_s[-1] + 3_600},1,1,1,1,0,0\n"
    file.write_text(text)
    first, again = import_candles(file, store=store), import_candles(file, store=store)
    assert (first.new_bars, again.new_bars, first.file.without_trades) == (48, 0, 1)
    assert [row.line for row in first.file.refused] == [49]
    assert load_candles("BTC/USD", "1h", store) == first.file.candles


def test_bytes_with_a_name_are_what_the_file_of_that_name_is(tmp_path: Path) -> None:
    path = written(tmp_path, "XBTUSD_60.csv")
    assert candle_file(path.read_bytes(), path.name) == read_candle_file(path)
    with pytest.raises(BadCandleFile, match=r"XBTUSD_240\.csv holds bars of 1h, not of 4h"):
        candle_file(path.read_bytes(), "XBTUSD_240.csv")


def test_a_long_file_is_stored_in_pieces_that_are_told(store: Store) -> None:
    file = CandleFile(synthetic_candles(60_000, "1m", seed=1, pair="BTC/USD"))
    told: list[tuple[float, int]] = []
    brought = import_file(file, "minutes.csv", store=store, progress=lambda *done: told.append(done))
    assert (brought.new_bars, brought.known_bars) == (60_000, 0)
    assert told == [(50_000 / 60_000, 50_000), (1.0, 60_000)]
    assert store.load_candles("BTC/USD", "1m") == file.candles


def test_an_import_that_was_ended_keeps_what_it_had_and_is_finished_by_another(store: Store) -> None:
    file = CandleFile(synthetic_candles(60_000, "1m", seed=1, pair="BTC/USD"))
    with pytest.raises(Ended):
        import_file(file, "minutes.csv", store=store, progress=end)
    assert store.coverage()["bars"].tolist() == [50_000]
    brought = import_file(file, "minutes.csv", store=store)
    assert (brought.new_bars, brought.known_bars) == (10_000, 50_000)


def test_a_file_without_a_pair_cannot_be_imported(tmp_path: Path, store: Store) -> None:
    file = written(tmp_path, "hours.csv")
    with pytest.raises(SettingsError, match=r"hours\.csv does not say its pair: name it with --pair"):
        import_candles(file, store=store)
    assert store.coverage().empty
    assert import_candles(file, "xbt/usd", store=store).file.candles.pair == "BTC/USD"


@pytest.mark.parametrize("name", ["BTC/USD", "XBTUSD", "btc/usd"])
def test_a_stored_pair_is_found_by_any_of_its_names(store: Store, name: str) -> None:
    store.save_candles(HOURS)
    assert load_candles(name, "1H", store) == load_candles(name, store=lambda: store) == HOURS


def test_a_pair_needs_a_store() -> None:
    with pytest.raises(SettingsError, match="no file BTC/USD: .* with --pair BTC/USD"):
        load_candles("BTC/USD", "1h")
    with pytest.raises(SettingsError, match="no file XBTUSD: .* with --pair BTC/USD"):
        read_candle_file(Path("XBTUSD"))


def test_a_file_needs_no_store(tmp_path: Path) -> None:
    def never() -> Store:
        raise AssertionError("opened")

    assert len(load_candles(written(tmp_path, "hours.csv"), store=never)) == 48


def test_a_pair_at_several_intervals_asks_which(store: Store) -> None:
    store.save_candles(HOURS)
    store.save_candles(synthetic_candles(10, "4h", pair="BTC/USD"))
    with pytest.raises(SettingsError, match="holds BTC/USD at 1h, 4h: say which"):
        load_candles("BTC/USD", store=store)


@pytest.mark.parametrize("interval", [None, "1h"])
def test_a_pair_that_the_store_lacks_is_not_found(store: Store, interval: str | None) -> None:
    with pytest.raises(NotFound, match="candles of ETH/USD"):
        load_candles("ETH/USD", interval, store)


def test_what_a_result_stands_on_is_kept_with_what_is_there(store: Store) -> None:
    keep_candles(HOURS[10:20], store)
    keep_candles(HOURS[15:30], store)
    keep_candles(HOURS[:5], store)
    assert store.load_candles("BTC/USD", "1h").time_s.tolist() == [*HOURS.time_s[:5], *HOURS.time_s[10:30]]


def test_what_is_there_already_is_not_written_again(store: Store) -> None:
    keep_candles(HOURS, store)
    before = store.version()
    keep_candles(HOURS[3:40], store)
    assert store.version() == before


FUNDED = replace(HOURS, funding_rate=np.full(48, 0.01))


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        (HOURS, replace(HOURS, volume=HOURS.volume + 1)),
        (HOURS, FUNDED),
        (FUNDED, HOURS),
        (FUNDED[:20], HOURS[20:]),
        (HOURS[:20], FUNDED[20:]),
    ],
)
def test_bars_that_results_stand_on_are_never_changed(store: Store, there: Candles, kept: Candles) -> None:
    store.save_candles(there)
    with pytest.raises(DataError, match="the store holds other bars or columns of BTC/USD 1h from synthetic"):
        keep_candles(kept, store)
    assert store.load_candles("BTC/USD", "1h") == there


def test_a_series_with_gaps_that_the_store_has_none_of_is_refused(store: Store) -> None:
    store.save_candles(HOURS)
    holed = Candles.from_frame(HOURS.frame.drop(HOURS.timestamp[7]), "1h", pair="BTC/USD", source="synthetic")
    with pytest.raises(DataError, match="holds other bars"):
        keep_candles(holed, store)


def test_the_latest_series_is_the_one_with_the_latest_bar(store: Store) -> None:
    assert latest_series(store) is None
    store.save_candles(HOURS)
    store.save_candles(synthetic_candles(500, "1h", pair="ETH/USD"))
    assert latest_series(store) == synthetic_candles(500, "1h", pair="ETH/USD")


def test_what_is_fetched_is_stored_beside_what_was_imported(store: Store, kraken: Kraken) -> None:
    store.save_candles(HOURS)
    kraken.answers.append((200, recorded("GetKlines")))
    candles = fetch_candles("BTC/USD", "1m", store, url=kraken.url)
    assert (len(candles), candles.source) == (3, "kraken")
    assert store.load_candles("BTC/USD", "1m", "kraken") == candles
    assert store.coverage()["source"].tolist() == ["kraken", "synthetic"]


def hourly_trades(hours: int) -> Kraken:
    """One trade an hour from 2023-11-15 00:00 UTC on; OHLC knows the last three hours."""
    first = int(pd.Timestamp("2023-11-15", tz="UTC").timestamp())
    trades = [(str(hour + 1), "1", (first + 3_600 * hour) * 10**9) for hour in range(hours)]
    return Kraken(trades, first + 3_600 * hours - 1, ohlc_bars=4, trades_page=30)


@pytest.mark.parametrize("since", [datetime(2023, 11, 15), datetime(2023, 11, 15, tzinfo=UTC)])
def test_a_day_without_a_zone_is_a_day_in_utc(store: Store, since: datetime) -> None:
    parts: list[float] = []
    with serve(hourly_trades(25)) as kraken:
        candles = fetch_candles(
            "BTC/USD", "1h", store, since=since, url=kraken.url, progress=lambda part, _: parts.append(part)
        )
    assert candles.close.tolist() == np.arange(1.0, 25).tolist()  # the 25th hour still runs
    assert parts[-1] == 1


def test_an_interrupted_fetch_keeps_what_it_had(store: Store, kraken: Kraken) -> None:
    busy = hourly_trades(25)
    for params in ({"interval": "60"}, {"since": str(busy.trades[0][2] - 1)}):
        kraken.answers.append(busy.answer("OHLC" if "interval" in params else "Trades", params))
    kraken.answers[1] = Kraken(busy.trades[:9]).answer("Trades", {"since": "0"})
    kraken.refuse("EGeneral:Permission denied")
    with pytest.raises(ExchangeError, match="Permission denied"):
        fetch_candles("BTC/USD", "1h", store, since=datetime(2023, 11, 15), url=kraken.url)
    assert store.load_candles("BTC/USD", "1h").close.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("by", ["progress", "sleep"])
def test_a_fetch_that_was_ended_keeps_what_it_had(store: Store, by: str) -> None:
    with serve(hourly_trades(60)) as kraken, pytest.raises(Ended):
        fetch_candles("BTC/USD", "1h", store, since=datetime(2023, 11, 15), url=kraken.url, **{by: end})
    assert store.coverage()["bars"].tolist() == [
        29
    ]  # of 30 trades on the first page, the last hour may go on


def test_a_fetch_tells_how_many_bars_it_has_stored(store: Store) -> None:
    told: list[tuple[float, int]] = []
    with serve(hourly_trades(25)) as kraken:
        fetch_candles("BTC/USD", "1h", store, url=kraken.url, progress=lambda *done: told.append(done))
    assert told == [(1.0, 3)]


def test_a_market_without_finished_bars_is_not_found(store: Store, kraken: Kraken) -> None:
    kraken.answers.append((200, b'{"error": [], "result": {"XXBTZUSD": [], "last": 0}}'))
    with pytest.raises(NotFound, match="Kraken has no finished 1h bars of BTC/USD"):
        fetch_candles("BTC/USD", "1h", store, url=kraken.url)
