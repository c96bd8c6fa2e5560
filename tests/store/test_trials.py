"""The ledger: nothing is lost, and N counts what overlaps and traded."""

from datetime import timedelta

import pytest

from evotrade.errors import StoreError
from evotrade.store import Store
from tests.store.samples import NOW, trial


def test_a_trial_keeps_all_its_slices(store: Store) -> None:
    sums = tuple(n / 7 for n in range(16))
    store.add_trials([trial(slice_sum=sums, slice_n=tuple(range(16)), run_id=4)])
    (row,) = store.trials().to_dict("records")
    assert tuple(row["slice_sum"]) == sums
    assert tuple(row["slice_n"]) == tuple(range(16))
    assert (row["run_id"], str(row["span_end"])) == (4, "1970-01-01 10:00:00+00:00")


def test_trials_of_one_moment_come_in_the_order_in_which_they_were_entered(store: Store) -> None:
    entered = [f"{n * 37 % 100}" for n in range(100)]
    store.add_trials([trial(genome_id=genome_id) for genome_id in entered[:60]])
    store.add_trials([trial(genome_id=genome_id) for genome_id in entered[60:]])
    found = store.trials()
    assert found["genome_id"].tolist() == entered
    assert found["trial_id"].tolist() == list(range(1, 101))


def test_trials_of_an_earlier_time_come_first_whenever_they_were_entered(store: Store) -> None:
    store.add_trials([trial(genome_id="late"), trial(genome_id="early", created_at=NOW - timedelta(1))])
    assert store.trials()["genome_id"].tolist() == ["early", "late"]


@pytest.fixture
def ledger(store: Store) -> Store:
    """BTC on hours 1 to 10 three times (twice the same decisions), on hours 10 to 20 by day; idle; ETH."""
    later = {"start_s": 36_000, "end_s": 72_000, "timeframe": "1d", "fingerprint": "h"}
    store.add_trials(
        [
            trial(),
            trial(dish="d"),
            trial(fingerprint="g"),
            trial(**later),
            trial(trades=0),
            trial(pair="ETH/USD"),
        ]
    )
    return store


def test_trials_on_any_overlapping_span_count_at_any_interval(ledger: Store) -> None:
    assert ledger.count_trials("BTC/USD") == 4
    assert ledger.count_trials("BTC/USD", 0, 3_601) == 3
    assert ledger.count_trials("BTC/USD", 35_999, 36_001) == 4
    assert ledger.count_trials("BTC/USD", 36_000, 36_001) == 1
    assert ledger.count_trials("BTC/USD", 0, 3_600) == 0


def test_the_same_decisions_count_once_in_the_effective_number(ledger: Store) -> None:
    assert ledger.count_trials("BTC/USD", 0, 36_000, effective=True) == 2


def test_a_timeframe_can_be_asked_for(ledger: Store) -> None:
    assert ledger.count_trials("BTC/USD", timeframe="1d") == 1


def test_trials_are_listed_by_dish_pair_and_span_idle_ones_too(ledger: Store) -> None:
    assert len(ledger.trials()) == 6
    assert len(ledger.trials(dish="d")) == 1
    assert len(ledger.trials(pair="BTC/USD", end_s=36_000)) == 4


def test_the_genomes_that_a_dish_tried_are_known(store: Store) -> None:
    store.add_trials([trial(dish="d", genome_id="a"), trial(dish="d", genome_id="a"), trial(genome_id="b")])
    assert store.tried("d") == {"a"}
    assert store.tried("nowhere") == set()


def test_a_trial_without_a_time_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="has no time zone"):
        store.add_trials([trial(created_at=trial().created_at.replace(tzinfo=None))])


def test_the_same_trial_is_entered_once_and_found_again(store: Store) -> None:
    store.add_trials([trial(genome_id="other"), trial()])
    assert store.enter_once([trial(outcome="test"), trial(split="all")]) == [(2, False), (2, False)]
    assert len(store.trials()) == 2


def test_a_test_that_became_a_cell_counts_as_born(store: Store) -> None:
    store.enter_once([trial(outcome="test"), trial(genome_id="b", outcome="test")])
    store.enter_once([trial(outcome="born")])
    assert store.trials()["outcome"].tolist() == ["born", "test"]


def test_a_trial_with_other_settings_or_on_another_span_is_another_trial(store: Store) -> None:
    store.add_trials([trial()])
    others = [trial(settings_key="l"), trial(end_s=39_600), trial(source="kraken"), trial(pair="ETH/USD")]
    assert store.enter_once(others) == [(2, True), (3, True), (4, True), (5, True)]


def test_genomes_that_do_not_parse_are_told_apart_by_their_texts(store: Store) -> None:
    alpha, beta = (trial(genome_id="", genome=text) for text in ("ALPHA", "BETA"))
    assert store.enter_once([alpha, beta]) == [(1, True), (2, True)]
    assert store.enter_once([beta, alpha]) == [(2, False), (1, False)]


def test_a_genome_is_known_by_its_id_however_it_is_written(store: Store) -> None:
    store.enter_once([trial(genome="IF DELTA > 1 THEN BUY")])
    assert store.enter_once([trial(genome="IF DELTA(0) > 1 THEN BUY")]) == [(1, False)]


def test_a_trial_that_is_named_twice_at_once_is_entered_once(store: Store) -> None:
    assert store.enter_once([trial(), trial(), trial(genome_id="b")]) == [(1, True), (1, True), (2, True)]
    assert store.enter_once([]) == []
    assert store.trials()["genome_id"].tolist() == ["abc", "b"]
