"""Where relatives stand: everyone has a place, ancestors on the left, inside the box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.ui.lineage.layout import Size, arrange

BOX, MARK = Size(560.0, 440.0), Size(40.0, 34.0)


@st.composite
def families(draw):
    """Depths of some cells, cell 0 the chosen one, and parents one layer to the left of their children."""
    depths = {0: 0, **{n: draw(st.integers(-4, 4)) or 1 for n in range(1, draw(st.integers(1, 40)))}}
    parents = {}
    for child, depth in depths.items():
        older = [cell for cell in depths if depths[cell] == depth - 1]
        parents[child] = draw(st.lists(st.sampled_from(older), max_size=2, unique=True)) if older else []
    return depths, parents


@given(families())
def test_everyone_has_a_place_of_their_own_inside_the_box(family):
    places, shrunk = arrange(*family, BOX, MARK)
    assert places.keys() == family[0].keys()
    assert len(set(places.values())) == len(places)
    assert 0 < shrunk <= 1
    for x, y in places.values():
        assert abs(x) <= BOX.width / 2
        assert abs(y) <= BOX.height / 2


@given(families())
def test_a_layer_stands_right_of_those_with_less_depth(family):
    depths, _ = family
    places = arrange(*family, BOX, MARK).places
    for one, (x, _) in places.items():
        assert all(x < other for cell, (other, _) in places.items() if depths[one] < depths[cell])


def test_a_cell_alone_stands_in_the_middle():
    for mark in (MARK, Size(200.0, 90.0), Size(10.0, 10.0)):
        assert arrange({5: 0}, {5: []}, BOX, mark) == ({5: (0.0, 0.0)}, 1.0)


def test_children_stand_in_the_order_of_their_parents():
    depths = {0: 0, 1: 1, 2: 1, 3: 2, 4: 2}
    places = arrange(depths, {1: [0], 2: [0], 3: [2], 4: [1]}, BOX, MARK).places
    assert places[1][1] < places[2][1]
    assert places[4][1] < places[3][1]


def test_a_crowded_layer_takes_several_columns():
    depths = {0: 0, **dict.fromkeys(range(1, 41), 1)}
    places, shrunk = arrange(depths, {n: [0] for n in range(1, 41)}, BOX, MARK)
    assert len({x for cell, (x, _) in places.items() if cell}) > 1
    assert shrunk == pytest.approx(1.0)


@given(
    st.dictionaries(st.integers(1, 20), st.lists(st.integers(0, 19), max_size=2, unique=True), max_size=20)
)
def test_parents_stand_left_of_their_children_also_where_a_shorter_way_leads_to_them(wanted):
    parents = {cell: [one for one in both if one < cell] for cell, both in wanted.items()}
    parents = {cell: both or [0] for cell, both in parents.items()} | {0: []}
    parents = {cell: [one for one in both if one in parents] or [0] for cell, both in parents.items() if cell}
    depths = {0: 0}
    for cell in sorted(parents):
        depths[cell] = 1 + min(depths[one] for one in parents[cell])
    places = arrange(depths, parents, BOX, MARK).places
    assert all(places[parent][0] < places[cell][0] for cell, both in parents.items() for parent in both)
