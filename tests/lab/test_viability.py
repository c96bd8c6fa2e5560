"""The sweep judges cells again by the rules in force."""

from dataclasses import replace

import pytest

from evotrade.cells import ViabilityRules
from evotrade.lab.viability import sweep, sweep_file
from evotrade.store import Store
from tests.store.samples import cell, phenotype

FEW = phenotype(metrics={"trades": 3.0, "return_pct": 1.5})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "lab.duckdb")


def test_cells_die_of_rules_that_became_strict_and_live_again_when_they_are_not(store):
    (number,) = store.add_cells([cell(phenotypes=(FEW,), status="alive")])
    assert sweep(store, ViabilityRules(strict=True)) == 1
    assert store.cell(number).status == "dead"
    assert sweep(store, ViabilityRules()) == 1
    assert store.cell(number).status == "alive"


def test_a_sweep_of_what_is_judged_already_changes_nothing(store):
    store.add_cells([replace(cell(phenotypes=(FEW,)), name=str(number)) for number in range(3)])
    sweep(store, ViabilityRules())
    assert sweep(store, ViabilityRules()) == 0


def test_a_process_of_its_own_can_sweep_a_file(store):
    store.add_cells([cell(phenotypes=(FEW,))])
    assert sweep_file(store.path, ViabilityRules(strict=True)) == 1
