"""Phenotypes: added to a cell, replaced when measured again, listed as a frame."""

import pytest

from evotrade.engine.metrics import METRICS
from evotrade.errors import StoreError
from evotrade.store import Store
from tests.store.samples import cell, phenotype


def test_a_result_is_added_behind_the_others(store: Store) -> None:
    first, later = phenotype(timeframe="1d"), phenotype(timeframe="1h", split="validation")
    store.add_cells([cell(phenotypes=(first,))])
    store.add_phenotypes(1, [later])
    assert store.cell(1).phenotypes == (first, later)


def test_the_same_measured_again_replaces_the_old(store: Store) -> None:
    store.add_cells(
        [cell(phenotypes=(phenotype(), phenotype(recorded=True))), cell(phenotypes=(phenotype(),))]
    )
    again = phenotype(metrics={"return_pct": 9.0})
    store.add_phenotypes(1, [again])
    assert store.cell(1).phenotypes == (phenotype(recorded=True), again)
    assert store.cell(2).phenotypes == (phenotype(),)


def test_a_metric_without_a_column_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="no metric 'luck': use one of net_profit"):
        store.add_cells([cell(phenotypes=(phenotype(metrics={"luck": 1.0}),))])


def test_the_frame_has_a_row_a_result_and_a_column_a_metric(store: Store) -> None:
    store.add_cells([cell(phenotypes=(phenotype(), phenotype(timeframe="4h", skipped="lookback")))])
    frame = store.phenotypes(1)
    assert frame["timeframe"].tolist() == ["1h", "4h"]
    assert frame["return_pct"].tolist() == [1.5, 1.5]
    assert set(METRICS) <= set(frame)
    assert str(frame["span_start"].iloc[0]) == "1970-01-01 01:00:00+00:00"
