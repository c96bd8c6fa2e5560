"""The doctor: silent on a healthy store, and one row for each kind of damage."""

import pytest

from evotrade.store import Store
from tests.store.samples import NOW, cell, phenotype


@pytest.fixture
def healthy(store: Store) -> Store:
    store.save_dish("d", {}, NOW)
    store.start_run("d", NOW)
    store.add_cells(
        [cell(dish="d", phenotypes=(phenotype(),)), cell(dish="d", parent_id=1, second_parent_id=1)]
    )
    store.set_statuses([(1, "dead", ["why"])], NOW)
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
    ],
)
def test_each_damage_is_found_and_named(healthy: Store, damage: str, finding: str, example: str) -> None:
    with healthy.write() as con:
        con.execute(damage)
    (row,) = healthy.doctor().to_dict("records")
    assert (row["finding"], row["rows"], row["example"]) == (finding, 1, example)
    assert row["repair"]
