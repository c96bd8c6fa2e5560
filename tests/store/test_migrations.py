"""The schema: numbered, applied once, in order, in one transaction each, with a copy of the file before."""

import shutil
from pathlib import Path

import pytest

from evotrade.engine.metrics import METRICS
from evotrade.errors import StoreError
from evotrade.store import Store, migrations
from evotrade.store.cells import COLUMNS
from evotrade.store.records import RECORD_ID, TABLES, Table
from tests.store.samples import cell

NEXT = f"{len(migrations.known()) + 1:03d}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the migrations, for a test to add its own."""
    return Path(shutil.copytree(migrations.FOLDER, tmp_path / "migrations"))


def test_a_new_store_has_every_migration_recorded_with_its_hash(store: Store) -> None:
    recorded = store.query("SELECT version, sha256 FROM schema_version ORDER BY version")
    steps = migrations.known()
    assert recorded["version"].tolist() == [step.version for step in steps]
    assert recorded["sha256"].tolist() == [step.sha256 for step in steps]


def test_every_table_and_column_says_what_it_means(store: Store) -> None:
    silent = store.query(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL "
        "UNION ALL SELECT table_name, '' FROM duckdb_tables() WHERE NOT internal AND comment IS NULL"
    )
    assert silent.to_dict("records") == []


def test_every_moment_has_a_zone_and_all_money_of_the_desk_is_exact(store: Store) -> None:
    types = store.query("SELECT DISTINCT data_type FROM duckdb_columns() WHERE NOT internal")["data_type"]
    assert "TIMESTAMP" not in set(types)
    desk = store.query(
        "SELECT data_type FROM duckdb_columns() WHERE table_name IN ('orders', 'fills', 'trades')"
    )
    assert "DOUBLE" not in set(desk["data_type"])
    assert "DECIMAL(28,10)" in set(desk["data_type"])


def test_phenotypes_have_a_column_for_each_metric_in_order(store: Store) -> None:
    with store.read() as con:
        columns = [name for name, *_ in con.execute("DESCRIBE phenotypes").fetchall()]
    assert [name for name in columns if name in METRICS] == list(METRICS)


def test_cells_have_the_columns_that_are_public(store: Store) -> None:
    with store.read() as con:
        columns = {name for name, *_ in con.execute("DESCRIBE cells").fetchall()}
    assert columns == set(COLUMNS)


def test_an_older_store_is_brought_up_to_date_and_its_copy_kept(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "lab.duckdb"
    Store(path, migrations_folder=folder).add_cells([cell()])
    (folder / f"{NEXT}_colour.sql").write_text("ALTER TABLE cells ADD COLUMN colour VARCHAR;")
    with Store(path, migrations_folder=folder).read() as con:
        assert con.execute("SELECT colour FROM cells").fetchall() == [(None,)]
    (folder / f"{NEXT}_colour.sql").unlink()
    assert Store(tmp_path / f"lab.duckdb.before-{NEXT}", migrations_folder=folder).count_cells() == 1


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "lab.duckdb"
    store = Store(path, migrations_folder=folder)
    (folder / f"{NEXT}_wrong.sql").write_text("CREATE TABLE a (b INTEGER); CREATE TABLE cells (c INTEGER);")
    with pytest.raises(StoreError, match=rf"{NEXT}_wrong failed and was undone: .*already exists"):
        Store(path, migrations_folder=folder)
    assert store.query("SELECT table_name FROM duckdb_tables() WHERE table_name = 'a'").empty
    assert store.query("SELECT max(version) AS v FROM schema_version")["v"].tolist() == [int(NEXT) - 1]


def test_fills_and_trades_of_before_the_third_step_stay(tmp_path: Path, folder: Path) -> None:
    for later in sorted(folder.glob("*.sql"))[2:]:
        later.unlink()
    with Store(tmp_path / "lab.duckdb", migrations_folder=folder).write() as con:
        con.execute("INSERT INTO fills VALUES ('f', 'o', 1, now(), 'buy', 1, 2, 3, NULL, 1)")
        con.execute("INSERT INTO trades VALUES (9, 1, now(), NULL, 1, 2, NULL, 3, NULL, NULL)")
        con.execute(
            "INSERT INTO sessions VALUES (1, 1, 'g', 'BTC/USD', 'kraken', '1h', true, 'running', '', "
            "1000, 1000, 0, 0, '{}', '1', now(), NULL)"
        )
    store = Store(tmp_path / "lab.duckdb")
    assert [(fill.fill_id, fill.fee, fill.market) for fill in store.fills(1)] == [("f", 3, None)]
    assert [(trade.trade_id, trade.fees) for trade in store.trades(1)] == [(9, 3)]
    assert (store.session(1).owner, store.session(1).trade_count) == ("", 0)


def test_the_archive_has_the_columns_of_the_main_tables(store: Store) -> None:
    columns = store.query(
        "SELECT replace(table_name, 'archived_', '') AS name, column_name, data_type, is_nullable, "
        "count(*) AS n FROM duckdb_columns() WHERE replace(table_name, 'archived_', '') IN "
        "(SELECT replace(table_name, 'archived_', '') FROM duckdb_tables() "
        "WHERE starts_with(table_name, 'archived_')) GROUP BY ALL"
    )
    assert set(columns["name"]) == {table.name for table in TABLES if table.archived}
    assert set(columns["n"]) == {2}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_of_records_has_their_fields_as_columns(store: Store, table: Table) -> None:
    with store.read() as con:
        columns = {name for name, *_ in con.execute(f"DESCRIBE {table.name}").fetchall()}
    assert columns - {RECORD_ID} == set(table.row._fields)


def test_migrating_twice_does_nothing(store: Store) -> None:
    assert store.migrate() == []
    assert not list(store.path.parent.glob("*.before-*"))


def test_a_new_store_whose_migration_fails_is_not_made(tmp_path: Path, folder: Path) -> None:
    (folder / f"{NEXT}_wrong.sql").write_text("CREATE TABLE cells (c INTEGER);")
    with pytest.raises(StoreError, match=f"{NEXT}_wrong failed"):
        Store(tmp_path / "lab.duckdb", migrations_folder=folder)
    assert not (tmp_path / "lab.duckdb").exists()


def test_a_gap_in_the_numbers_is_refused(tmp_path: Path, folder: Path) -> None:
    (folder / f"{int(NEXT) + 1:03d}_late.sql").write_text("SELECT 1;")
    with pytest.raises(StoreError, match="without a gap"):
        Store(tmp_path / "lab.duckdb", migrations_folder=folder)


def test_the_doctor_sees_a_migration_that_was_changed_later(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "lab.duckdb"
    Store(path, migrations_folder=folder)
    with (folder / "002_desk.sql").open("a") as sql:
        sql.write("-- a later thought\n")
    findings = Store(path, migrations_folder=folder).doctor()
    assert findings["example"].tolist() == ["002_desk"]
