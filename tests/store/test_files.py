"""The file among other files: copied, compacted, missing, cut short, of something else or somebody newer."""

import os
import struct
from pathlib import Path

import duckdb
import pytest

from evotrade.errors import StoreDamaged, StoreError, StoreTooNew
from evotrade.store import Store
from tests.store.samples import cell


def test_a_snapshot_is_a_store_of_its_own(store: Store, tmp_path: Path) -> None:
    store.add_cells([cell()])
    copy = Store(store.snapshot(tmp_path / "copy.duckdb"))
    store.add_cells([cell()])
    assert (copy.count_cells(), store.count_cells()) == (1, 2)
    assert not list(tmp_path.glob("*.part"))


def test_a_snapshot_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "copy.duckdb").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        store.snapshot(tmp_path / "copy.duckdb")
    with pytest.raises(StoreError, match="cannot copy"):
        store.snapshot(tmp_path / "nowhere" / "copy.duckdb")


def test_compacting_gives_space_back_and_keeps_all(store: Store) -> None:
    store.add_cells([cell(genome=f"IF DELTA(0) > {n} THEN BUY", genome_id=f"{n}") for n in range(20_000)])
    with store.write() as con:
        con.execute("DELETE FROM cells WHERE cell_id > 10")
        con.execute("DELETE FROM status_history WHERE cell_id > 10")
    kept = store.cells()
    before, after = store.compact()
    assert after < before
    assert store.cells().equals(kept)
    with pytest.raises(StoreError, match="Duplicate key"), store.write() as con:
        con.execute("INSERT INTO cells SELECT * FROM cells")


def test_compacting_keeps_what_columns_mean(store: Store) -> None:
    store.compact()
    assert (
        "unit of the objective"
        in store.query(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'cells' AND column_name = 'fitness'"
        ).iat[0, 0]
    )


@pytest.fixture
def unfolded(store: Store) -> Store:
    """A store with a dish that is in the log only, as if the disk were too full to fold it in."""
    with store.write() as con:
        con.execute("SET GLOBAL checkpoint_on_detach = 'DISABLED'")
        con.execute("INSERT INTO dishes VALUES ('a', '{}', now())")
    return store


def test_a_copy_forgets_nothing_that_is_only_in_the_log(unfolded: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not take in its write-ahead log: free some disk space"):
        unfolded.snapshot(tmp_path / "copy.duckdb")
    assert unfolded.dishes()["name"].tolist() == ["a"]


def test_compacting_forgets_nothing_that_is_only_in_the_log(unfolded: Store) -> None:
    unfolded.compact()
    assert unfolded.dishes()["name"].tolist() == ["a"]


def test_a_store_is_not_made_beside_the_log_of_another(unfolded: Store) -> None:
    unfolded.path.unlink()
    with pytest.raises(StoreError, match=r"duckdb\.wal is the log of a store that is not there any more"):
        Store(unfolded.path)
    assert not unfolded.path.exists()


def test_a_missing_store_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .*: make it with evotrade init"):
        Store(tmp_path / "lab.duckdb", create=False)
    assert not list(tmp_path.iterdir())


def test_the_folder_of_a_new_store_is_made(tmp_path: Path) -> None:
    assert Store(tmp_path / "db" / "lab.duckdb").count_cells() == 0


def test_a_longer_path_of_missing_folders_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"there is no folder {tmp_path / 'no' / 'where'} .*make it"):
        Store(tmp_path / "no" / "where" / "lab.duckdb")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "db").mkdir()
    monkeypatch.chdir(tmp_path)
    for path, named in (("db", tmp_path / "db"), ("", tmp_path)):
        with pytest.raises(StoreError, match=rf"{named} is a folder: name a file in it"):
            Store(path)
    assert [file.name for file in tmp_path.iterdir()] == ["db"]


@pytest.mark.parametrize("length", [100, 4_096, 8_000, 20_000])
def test_a_file_that_ends_too_early_says_so(store: Store, length: int) -> None:
    os.truncate(store.path, length)
    with pytest.raises(StoreDamaged, match="ends too early, a part of it is missing: restore a snapshot"):
        Store(store.path)


@pytest.mark.parametrize("content", ["", "not a database" * 1_000])
def test_a_file_that_is_no_database_stays_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lab.duckdb"
    path.write_text(content)
    with pytest.raises(StoreDamaged, match="is not a DuckDB database: restore a snapshot, or move"):
        Store(path)
    assert path.read_text() == content


@pytest.mark.parametrize(
    ("name", "content"),
    [("candles.csv", b"timestamp,open\n1,2\n"), ("cells.db", b"SQLite format 3\0" + bytes(4_096))],
)
def test_a_file_that_duckdb_could_read_as_something_else_is_no_store(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="is not a DuckDB database: restore a snapshot, or move"):
        Store(path)
    assert path.read_bytes() == content


def test_a_database_of_something_else_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "lab.duckdb"
    with duckdb.connect(path) as con:
        con.execute("CREATE TABLE mine (a INTEGER)")
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="a DuckDB file of something else"):
        Store(path)
    assert path.read_bytes() == before


def test_a_store_of_a_newer_evotrade_stays_as_it_is(store: Store) -> None:
    with store.write() as con:
        con.execute("INSERT INTO schema_version VALUES (999, '', now())")
    before = store.path.read_bytes()
    with pytest.raises(StoreTooNew, match=r"schema 999.*update evotrade, nothing was changed"):
        Store(store.path)
    assert store.path.read_bytes() == before


def test_a_file_of_a_newer_duckdb_is_too_new(store: Store) -> None:
    content = bytearray(store.path.read_bytes())
    # The main header: a checksum, the letters DUCK, the version of the format. The checksum is the
    # exclusive or of all words times a constant, so one word's share of it can be exchanged.
    checksum, word = struct.unpack_from("<QQ", content)
    newer = word & 0xFFFF_FFFF | 250 << 32
    share = (word * 0xBF58476D1CE4E5B9 ^ newer * 0xBF58476D1CE4E5B9) & 0xFFFF_FFFF_FFFF_FFFF
    struct.pack_into("<QQ", content, 0, checksum ^ share, newer)
    store.path.write_bytes(content)
    with pytest.raises(StoreTooNew, match="newer DuckDB: update"):
        Store(store.path)


def test_a_damaged_file_says_so(store: Store) -> None:
    store.add_cells([cell(genome_id=f"{n}") for n in range(5_000)])
    content = bytearray(store.path.read_bytes())
    content[12_288:] = bytes(255 - byte for byte in content[12_288:])
    store.path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="restore a snapshot"):
        Store(store.path).cells()
