"""The doctor: silent on a healthy store, and one row for each kind of damage."""

import pytest

from evotrade.store import Store
from tests.store.records import numbered, session, whole
from tests.store.samples import NOW, cell, phenotype


@pytest.fixture
def healthy(store: Store) -> Store:
    store.save_dish("d", {}, NOW)
    store.start_run("d", NOW)
    store.add_cells(
        [cell(dish="d", phenotypes=(phenotype(),)), cell(dish="d", parent_id=1, second_parent_id=1)]
    )
    store.set_statuses([(1, "dead", ["why"])], NOW)
    over = session(1, status="stopped", ended_at=NOW)
    store.deliver(numbered([*whole(1)[1:6], over], 11))
    store.archive_sessions(keep=0)
    store.deliver(numbered([*whole(2)[1:], whole(2)[0]]))
    return store


def test_a_healthy_store_has_no_findings(healthy: Store) -> None:
    assert healthy.doctor().empty
    assert list(healthy.doctor()) == ["finding", "rows", "example", "repair"]


@pytest.mark.parametrize(
    ("damage", "finding", "example"),
    [
        (
            "DELETE FROM status_history WHERE cell_id = 2",
            "cells whose status is not the last of their history",
            "2",
        ),
        ("UPDATE cells SET parent_id = 99 WHERE cell_id = 2", "cells whose parent is missing", "2"),
        (
            "UPDATE cells SET second_parent_id = 9 WHERE cell_id = 2",
            "cells whose second_parent is missing",
            "2",
        ),
        ("UPDATE phenotypes SET cell_id = 99", "phenotypes whose cell is missing", "99"),
        ("UPDATE cells SET dish = 'x' WHERE cell_id = 2", "cells whose dish is missing", "2"),
        ("UPDATE runs SET dish = 'x'", "runs whose dish is missing", "1"),
        ("INSERT INTO failures VALUES (7, 0, 'worse', 1)", "failures whose run is missing", "7"),
        ("INSERT INTO ticks VALUES (7, now(), 1, 1)", "ticks whose session is missing", "7"),
        (
            "INSERT INTO tick_minutes VALUES (7, now(), 1, 1, 1, 1, 1)",
            "tick_minutes whose session is missing",
            "7",
        ),
        ("UPDATE alerts SET session_id = 7", "alerts whose session is missing", "6"),
        ("UPDATE transitions SET session_id = 7", "transitions whose session is missing", "1"),
        ("UPDATE fills SET order_id = 'x'", "fills whose order is missing", "f1"),
        ("UPDATE archived_trades SET session_id = 7", "archived_trades whose session is missing", "1"),
        ("UPDATE archived_fills SET order_id = 'x'", "archived_fills whose order is missing", "f1"),
        ("UPDATE sessions SET cell_id = 99", "sessions whose cell is missing", "2"),
        (
            "INSERT INTO archived_sessions BY NAME SELECT * FROM sessions",
            "sessions that are in the archive, too",
            "2",
        ),
    ],
)
def test_each_damage_is_found_and_named(healthy: Store, damage: str, finding: str, example: str) -> None:
    with healthy.write() as con:
        con.execute(damage)
    (row,) = healthy.doctor().to_dict("records")
    assert (row["finding"], row["rows"], row["example"]) == (finding, 1, example)
    assert row["repair"]
