"""Cells: what goes in comes out to the last bit; found by number, filter and text."""

import dataclasses
import math
import struct
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.cells import Cell
from evotrade.errors import NotFound, StoreError
from evotrade.store import Store
from tests.store.samples import NOW, cell, cells, phenotype


def bits(number: float | None) -> bytes | None:
    """The number as bits; every NaN is the same one, and differs from None."""
    if number is None:
        return None
    return b"nan" if math.isnan(number) else struct.pack(">d", number)


def exact(one: Cell) -> tuple[object, ...]:
    """All of a cell, its numbers as bits."""
    plain = dataclasses.replace(one, fitness=0.0, phenotypes=())
    kept = [
        dataclasses.replace(p, metrics={n: bits(v) for n, v in p.metrics.items()}) for p in one.phenotypes
    ]
    return plain, bits(one.fitness), kept


@given(st.lists(cells(), min_size=1, max_size=4))
def test_a_cell_comes_back_to_the_last_bit(shared_store: Store, brood: list[Cell]) -> None:
    ids = shared_store.add_cells(brood)
    for number, born in zip(ids, brood, strict=True):
        assert exact(shared_store.cell(number)) == exact(dataclasses.replace(born, cell_id=number))


def test_metrics_survive_compacting_to_the_last_bit(store: Store) -> None:
    odd = {
        "sharpe": math.nan,
        "omega": math.inf,
        "sqn": -math.inf,
        "kelly": -0.0,
        "calmar": 5e-324,
        "trades": 0.1 + 0.2,
    }
    store.add_cells([cell(phenotypes=(phenotype(metrics=odd),))] * 3_000)
    store.compact()
    assert exact(store.cell(1_500)) == exact(cell(cell_id=1_500, phenotypes=(phenotype(metrics=odd),)))


def test_a_metric_without_a_value_is_not_one_that_was_never_computed(store: Store) -> None:
    store.add_cells([cell(phenotypes=(phenotype(metrics={"sharpe": math.nan}),))])
    row = store.query(
        "SELECT sharpe IS NULL AS absent, isnan(sharpe) AS nan, omega IS NULL AS other FROM phenotypes"
    )
    assert row.to_dict("records") == [{"absent": False, "nan": True, "other": True}]


def test_numbers_are_given_in_order(store: Store) -> None:
    assert store.add_cells([cell(), cell()]) == [1, 2]
    assert store.add_cells([]) == []
    assert store.add_cells([cell()]) == [3]


def test_an_import_keeps_its_numbers(store: Store) -> None:
    assert store.add_cells([cell(cell_id=29), cell(), cell(cell_id=7, parent_id=29)]) == [29, 30, 7]
    assert store.cell(7).parent_id == 29


def test_a_number_that_is_taken_is_refused_and_nothing_is_kept(store: Store) -> None:
    store.add_cells([cell(cell_id=29)])
    with pytest.raises(StoreError, match="cell 29 exists already: give its copy cell_id 0"):
        store.add_cells([cell(), cell(cell_id=29)])
    with pytest.raises(StoreError, match="cell 5 exists already"):
        store.add_cells([cell(cell_id=5), cell(cell_id=5)])
    assert store.count_cells() == 1


def test_placeholders_name_parents_born_together(store: Store) -> None:
    store.add_cells([cell()])
    brood = [
        cell(cell_id=-1, parent_id=1),
        cell(cell_id=-2, parent_id=-1, second_parent_id=1),
        cell(parent_id=-2),
    ]
    assert store.add_cells(brood) == [2, 3, 4]
    parents = [(one.parent_id, one.second_parent_id) for one in map(store.cell, (2, 3, 4))]
    assert parents == [(1, None), (2, 1), (3, None)]


def test_a_placeholder_of_nobody_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="parent -3 is not among"):
        store.add_cells([cell(parent_id=-3)])


def test_a_birth_without_a_time_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="has no time zone: give it one"):
        store.add_cells([cell(created_at=datetime(2024, 5, 1))])


def test_a_birth_elsewhere_is_kept_in_utc(store: Store) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    store.add_cells([cell(created_at=there)])
    assert store.cell(1).created_at == NOW
    assert store.cell(1).created_at.utcoffset() == timedelta(0)


def test_a_number_too_large_for_its_column_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"cells\.generation cannot hold"):
        store.add_cells([cell(generation=2**40)])


def test_an_unknown_cell_says_what_there_is(store: Store) -> None:
    with pytest.raises(NotFound, match="no cell 7 in the store: it holds no cells yet"):
        store.cell(7)
    store.add_cells([cell()])
    with pytest.raises(NotFound, match="it holds 1 cells, the last is 1"):
        store.cell(7)


@pytest.fixture
def five(store: Store) -> Store:
    """Cells 1 to 5, of fitness 3, 1, NaN, 2 and -1."""
    store.add_cells(
        [
            cell(fitness=3.0, dish="a", name="Night Owl", generation=0),
            cell(fitness=1.0, dish="a", status="dead", generation=1, category="trend"),
            cell(fitness=math.nan, dish="b", origin="llm", llm_name="100% sure", llm_category="trend"),
            cell(fitness=2.0, dish="b", hypothesis="an owl sees more", generation=3),
            cell(fitness=-1.0, genome="IF ALPHA(0) > 1 THEN BUY"),
        ]
    )
    return store


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [1, 4, 2, 5, 3]),
        ({"status": "dead"}, [2]),
        ({"dish": "b", "status": None}, [4, 3]),
        ({"origin": "llm"}, [3]),
        ({"category": "trend"}, [2, 3]),
        ({"min_generation": 1, "max_generation": 2}, [2]),
        ({"min_fitness": 1.0}, [1, 4, 2]),
        ({"max_fitness": 1.0}, [2, 5]),
        ({"text": "OWL"}, [1, 4]),
        ({"text": "100%"}, [3]),
        ({"text": "alpha(0)"}, [5]),
        ({"text": "'; DROP TABLE cells"}, []),
    ],
)
def test_filters_find_what_they_say_best_first_and_cells_without_a_value_last(
    five: Store, filters: dict[str, object], expected: list[int]
) -> None:
    assert five.cells(**filters)["cell_id"].tolist() == expected
    assert five.count_cells(**filters) == len(expected)


def test_cells_come_in_any_order_and_in_pages(five: Store) -> None:
    assert five.cells(descending=False)["cell_id"].tolist() == [5, 2, 4, 1, 3]
    assert five.cells(order_by="cell_id", limit=2, offset=1)["cell_id"].tolist() == [4, 3]


def test_metrics_of_the_first_phenotype_that_ran_stand_beside_the_cells(store: Store) -> None:
    skipped = phenotype(skipped="too long", metrics={})
    later = phenotype(split="validation", metrics={"sharpe": 9.0})
    store.add_cells(
        [
            cell(phenotypes=[phenotype(metrics={"sharpe": 0.5, "trades": 3.0}), later]),
            cell(phenotypes=[skipped, phenotype(timeframe="4h", metrics={"sharpe": math.nan})]),
            cell(),
            cell(phenotypes=[phenotype(metrics={"sharpe": 1.5})]),
        ]
    )
    found = store.cells(order_by="sharpe", metrics=("sharpe", "trades"))
    assert list(found["cell_id"]) == [4, 1, 2, 3]
    assert list(found["sharpe"])[:2] == [1.5, 0.5]
    assert list(found["trades"].fillna(-1)) == [-1, 3, -1, -1]


def test_what_was_evaluated_here_is_shown_before_what_was_told(store: Store) -> None:
    told = phenotype(recorded=True, metrics={"sharpe": 99.0})
    store.add_cells([cell(phenotypes=[told]), cell(phenotypes=[told, phenotype(metrics={"sharpe": 0.5})])])
    store.add_phenotypes(1, [phenotype(metrics={"sharpe": 0.7}), phenotype(split="vault", metrics={})])
    found = store.cells(order_by="sharpe", metrics=("sharpe",))
    assert found["sharpe"].tolist() == [0.7, 0.5]


def test_only_metrics_can_be_asked_for_beside_cells(five: Store) -> None:
    with pytest.raises(StoreError, match="no metric 'genome; DROP TABLE cells'"):
        five.cells(metrics=("genome; DROP TABLE cells",))
    with pytest.raises(StoreError, match="cannot be ordered by 'sharpe'"):
        five.cells(order_by="sharpe")


def test_categories_of_people_and_models_come_most_frequent_first(store: Store) -> None:
    store.add_cells([cell(category="trend"), cell(category="odd", llm_category="trend"), cell(category="")])
    assert store.categories() == ["trend", "odd"]
    assert store.categories(limit=1) == ["trend"]


def test_cells_are_found_by_the_model_that_wrote_or_named_them(store: Store) -> None:
    a, b = cell(llm_model="a", llm_name="x"), cell(llm_model="b")
    store.add_cells([a, b, b, cell(llm_model=None, llm_name=None, llm_hypothesis=None, llm_category=None)])
    assert store.models() == ["b", "a"]
    assert store.models(limit=1) == ["b"]
    assert store.cells(model="a")["cell_id"].tolist() == [1]
    assert [store.count_cells(by_model=told) for told in (True, False, None)] == [3, 1, 4]


def test_unknown_columns_and_filters_are_refused(five: Store) -> None:
    with pytest.raises(StoreError, match="cannot be ordered by 'fitness; DROP'"):
        five.cells(order_by="fitness; DROP")
    with pytest.raises(StoreError, match="cannot be filtered by 'colour'"):
        five.count_cells(colour="red")


def test_a_cell_has_its_status_from_birth_and_keeps_its_history(store: Store) -> None:
    store.add_cells([cell(), cell()])
    later = NOW + timedelta(days=1)
    assert store.set_statuses([(1, "dead", ["never entered"]), (2, "alive", [])], later) == 1
    assert store.set_statuses([(1, "dead", ["never entered"])], later + timedelta(days=1)) == 0
    history = store.status_history(1)
    assert history["status"].tolist() == ["alive", "dead"]
    assert history["changed_at"].tolist() == [NOW, later]
    assert [list(reasons) for reasons in history["reasons"]] == [[], ["never entered"]]
    assert (store.cell(1).status, store.cell(1).reasons) == ("dead", ("never entered",))


def test_a_verdict_on_nobody_changes_nothing(store: Store) -> None:
    store.add_cells([cell()])
    with pytest.raises(NotFound, match="no cell 9"):
        store.set_statuses([(1, "dead", []), (9, "dead", [])], NOW)
    assert store.cell(1).status == "alive"
    assert store.set_statuses([], NOW) == 0


def test_ancestors_come_once_and_whole_but_for_their_phenotypes(store: Store) -> None:
    family = ((None, None), (1, None), (1, 77), (2, 3), (4, None))
    store.add_cells(
        [
            cell(cell_id=n, parent_id=one, second_parent_id=other, phenotypes=(phenotype(),))
            for n, (one, other) in enumerate(family, start=1)
        ]
    )
    assert store.ancestors(4) == tuple(dataclasses.replace(store.cell(n), phenotypes=()) for n in (1, 2, 3))
    assert store.ancestors(1) == ()


def test_a_circle_of_ancestors_ends(store: Store) -> None:
    store.add_cells([cell(cell_id=1, parent_id=2), cell(cell_id=2, parent_id=1)])
    assert [one.cell_id for one in store.ancestors(1)] == [2]


def test_a_cell_is_known_by_its_genome_and_its_birth(store: Store) -> None:
    store.add_cells([cell(cell_id=5), cell(cell_id=6, genome="IF DELTA(0) > 1 THEN BUY")])
    later = NOW + timedelta(microseconds=1)
    others = [cell(created_at=later), cell(genome="IF DELTA(0) > 2 THEN BUY")]
    assert store.numbers_of([cell(cell_id=77), *others]) == [5, None, None]
    assert store.numbers_of([]) == []


def test_text_that_is_no_unicode_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"cells\.name cannot hold a value given to it"):
        store.add_cells([cell(name="half of a pair: \ud800")])
    assert store.count_cells() == 0
