"""Lineage: all relatives once, by the shortest way, whatever the shape of the family."""

import pytest

from evotrade.errors import NotFound
from evotrade.store import Store
from tests.store.samples import cell


def family(store: Store, *parents: tuple[int | None, int | None]) -> None:
    """Cells 1, 2, 3 … with those parents."""
    store.add_cells(
        [cell(cell_id=n, parent_id=a, second_parent_id=b) for n, (a, b) in enumerate(parents, start=1)]
    )


def test_ancestors_come_before_the_cell_and_descendants_after(store: Store) -> None:
    family(store, (None, None), (1, None), (2, None), (3, None), (1, None), (None, None))
    frame = store.lineage(2)
    assert frame["cell_id"].tolist() == [1, 2, 3, 4]
    assert frame["depth"].tolist() == [-1, 0, 1, 2]
    assert frame["relation"].tolist() == ["ancestor", "self", "descendant", "descendant"]


def test_both_parents_count_and_a_shared_ancestor_comes_once(store: Store) -> None:
    family(store, (None, None), (1, None), (1, None), (2, 3))
    assert store.lineage(4)[["cell_id", "depth"]].values.tolist() == [[1, -2], [2, -1], [3, -1], [4, 0]]
    assert store.lineage(3)["cell_id"].tolist() == [1, 3, 4]


def test_many_ways_to_one_ancestor_take_no_longer(store: Store) -> None:
    family(store, (None, None), (1, None), *((n - 1, n - 2) for n in range(3, 200)))
    frame = store.lineage(199)
    assert len(frame) == 199
    assert frame["depth"].iloc[0] == -99


def test_a_circle_ends(store: Store) -> None:
    family(store, (2, None), (1, None), (3, None))
    assert store.lineage(1)["cell_id"].tolist() == [2, 1]
    assert store.lineage(3)["cell_id"].tolist() == [3]


def test_a_missing_parent_is_left_out(store: Store) -> None:
    family(store, (77, None))
    assert store.lineage(1)["cell_id"].tolist() == [1]


def test_an_unknown_cell_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match=r"no cell 5 in the store: it holds no cells yet$"):
        store.lineage(5)
