"""Lineage: all relatives once, by the shortest way, whatever the shape of the family."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import NotFound
from evotrade.store import Store
from evotrade.store.population import Labels, Population
from tests.store.samples import cell


def family(store: Store, *parents: tuple[int | None, int | None]) -> None:
    """Cells 1, 2, 3 … with those parents."""
    store.add_cells(
        [cell(cell_id=n, parent_id=a, second_parent_id=b) for n, (a, b) in enumerate(parents, start=1)]
    )


def ages(store: Store, *fitness: float) -> Population:
    """A chain of cells, each the parent of the next, with those values."""
    store.add_cells(
        [cell(cell_id=n, parent_id=n - 1 or None, fitness=value) for n, value in enumerate(fitness, start=1)]
    )
    return store.population()


@st.composite
def families(draw: st.DrawFn) -> list[tuple[int | None, int | None]]:
    """Parents of some cells: any numbers at all, also missing ones, their own and later ones."""
    count = draw(st.integers(1, 12))
    parent = st.none() | st.integers(1, count + 2)
    return draw(st.lists(st.tuples(parent, parent), min_size=count, max_size=count))


def steps_up(parents: list[tuple[int | None, int | None]], start: int) -> dict[int, int]:
    """Steps to each ancestor, by trying every number of steps in turn."""
    reached, ring = {start: 0}, {start}
    for steps in range(1, len(parents) + 1):
        ring = {one for child in ring for one in parents[child - 1] if one and one <= len(parents)}
        reached = {**dict.fromkeys(ring, steps), **reached}
    return reached


def tree(parents: list[tuple[int | None, int | None]]) -> Population:
    """Those cells without a store: numbers from 1, at positions from 0."""
    count = len(parents)
    first, second = (
        np.array([row[which] - 1 if row[which] and row[which] <= count else -1 for row in parents])
        for which in (0, 1)
    )
    nothing, same = np.zeros(count), Labels(np.zeros(count, dtype=np.uint8), ("same",))
    return Population(np.arange(1, count + 1), first, second, nothing, nothing, same, same, same, nothing)


@given(families())
def test_ancestors_and_descendants_are_two_views_of_one_tree(parents) -> None:
    cells = tree(parents)
    for number in range(1, len(parents) + 1):
        up = {cell + 1: steps for cell, steps in cells.ancestors(number - 1).steps.items()}
        assert up == steps_up(parents, number)
        for ancestor, steps in up.items():
            assert cells.descendants(ancestor - 1).steps[number - 1] == steps


@given(families())
def test_a_line_goes_from_first_parent_to_first_parent_and_ends(parents) -> None:
    cells = tree(parents)
    for position in range(len(cells)):
        line = cells.line(position)
        assert line[-1] == position
        assert len(set(line)) == len(line)
        assert [cells.first_parent[child] for child in line[1:]] == line[:-1]


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


def test_the_nearest_relatives_are_those_with_the_fewest_steps(store: Store) -> None:
    family(store, (None, None), *((n, None) for n in range(1, 9)))
    assert store.lineage(5, nearest=4)["cell_id"].tolist() == [3, 4, 5, 6]
    assert store.lineage(5, nearest=1)["cell_id"].tolist() == [5]


def test_certificates_come_in_the_order_asked_for(store: Store) -> None:
    store.add_cells([cell(name="one", operator="hoist"), cell(name="", llm_name="two"), cell()])
    found = store.certificates([2, 77, 1])
    assert found["cell_id"].tolist() == [2, 1]
    assert found["name"].tolist() == ["two", "one"]
    assert found["operator"].tolist() == ["", "hoist"]
    assert store.certificates([]).empty


def test_children_have_the_cell_as_either_parent(store: Store) -> None:
    family(store, (None, None), (None, None), (1, 2), (2, None), (3, None))
    assert store.children(1) == [3]
    assert store.children(2) == [3, 4]
    assert store.children(5) == []


def test_a_population_has_its_cells_in_order_of_birth_with_parents_by_position(store: Store) -> None:
    store.add_cells([cell(cell_id=7), cell(cell_id=9, parent_id=7, second_parent_id=8), cell(cell_id=5)])
    cells = store.population()
    assert cells.cell_id.tolist() == [5, 7, 9]
    assert cells.first_parent.tolist() == [-1, -1, 1]
    assert cells.second_parent.tolist() == [-1, -1, -1]
    assert (cells.position(9), cells.position(8), cells.position(10)) == (2, None, None)


def test_a_population_knows_status_origin_objective_and_a_short_name(store: Store) -> None:
    store.add_cells([cell(status="dead", origin="llm", name="n" * 200), cell(llm_name="by a model")])
    cells = store.population()
    assert [cells.status.names[code] for code in cells.status.codes] == ["dead", "alive"]
    assert [cells.origin.names[code] for code in cells.origin.codes] == ["llm", "person"]
    assert cells.objective.names == ("return_pct",)
    assert cells.name.tolist() == ["n" * 80, "by a model"]


def test_a_population_may_be_that_of_one_dish(store: Store) -> None:
    store.add_cells([cell(dish="mine"), cell(dish="other"), cell(dish="mine", parent_id=2)])
    mine = store.population("mine")
    assert mine.cell_id.tolist() == [1, 3]
    assert mine.first_parent.tolist() == [-1, -1]
    assert len(store.population("nobody's")) == 0


def test_an_empty_population_has_no_best(store: Store) -> None:
    cells = store.population()
    assert (len(cells), cells.best(), cells.position(1)) == (0, None, None)


def test_the_best_has_a_value_and_is_the_oldest_of_several(store: Store) -> None:
    assert ages(store, math.nan, 3.0, 8.0, 8.0).best() == 2


def test_a_population_without_any_value_has_no_best(store: Store) -> None:
    assert ages(store, math.nan, math.nan).best() is None


def test_the_line_to_the_best_descendant_ends_there(store: Store) -> None:
    cells = ages(store, 9.0, 1.0, 5.0, 2.0, math.nan)
    assert cells.line_to_best_descendant(0) == [0, 1, 2]
    assert cells.line_to_best_descendant(3) == [3]
    assert cells.line_to_best_descendant(4) == [4]
