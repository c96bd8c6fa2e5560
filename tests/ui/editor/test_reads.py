"""What the editor reads is read again when it changes, and only then."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evotrade.errors import NotEnoughCandles, NotFound
from evotrade.evolution.dish import Dish
from evotrade.lab.bench import bench_on
from evotrade.lab.cells import create_on
from evotrade.market import synthetic_candles
from evotrade.ui import reads as ui_reads
from evotrade.ui.editor import reads
from tests.ui.stores import a_cell, a_store

CANDLES = synthetic_candles(600, "1h", seed=1)
MARKET = reads.Market(CANDLES.pair, CANDLES.source, CANDLES.timeframe)
TERMS = reads.Terms((), 10.0, 0.0, "votes", "return_pct")
GENOME = "IF DELTA(0) > AVG(DELTA, 3) THEN BUY ELSE SELL"


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The store of the settings in force, with a synthetic market."""
    made = a_store(tmp_path)
    made.save_candles(CANDLES)
    monkeypatch.setenv("EVOTRADE_STORE", str(made.path))
    return made


@pytest.fixture
def parent(store):
    return create_on(bench_on(CANDLES, store=store), GENOME, store)


def write_a_cell(store):
    before = store.version()
    store.add_cells([a_cell()])
    assert store.version() != before


def test_a_cell_that_is_born_meanwhile_leaves_benches_and_replays_as_they_are(store, parent):
    def read():
        replayed = ui_reads.replayed(parent, parent.phenotypes[0])
        return [reads.fresh_bench(MARKET, TERMS), reads.parent_bench(parent), replayed]

    known = read()
    write_a_cell(store)
    assert all(again is before for again, before in zip(read(), known, strict=True))


def test_a_bar_that_was_corrected_is_on_the_next_bench(store):
    known = reads.fresh_bench(MARKET, TERMS)
    corrected = replace(CANDLES, volume=CANDLES.volume + 1)
    store.save_candles(corrected)
    assert known.candles.data_hash == CANDLES.data_hash
    assert reads.fresh_bench(MARKET, TERMS).candles.data_hash == corrected.data_hash


def test_a_new_dish_closes_its_vault_on_the_next_bench(store):
    known = reads.fresh_bench(MARKET, TERMS)
    dish = Dish.of("mine", CANDLES, shares=(0.5, 0.2, 0.3))
    store.save_dish("mine", dish.to_dict(), datetime(2025, 1, 1, tzinfo=UTC))
    assert reads.fresh_bench(MARKET, TERMS).end_s == dish.borders_s[2] < known.end_s


def test_what_is_wrong_is_said_again_until_the_candles_change(tmp_path, monkeypatch):
    store = a_store(tmp_path)
    monkeypatch.setenv("EVOTRADE_STORE", str(store.path))
    with pytest.raises(NotFound, match="no such candles"):
        reads.fresh_bench(MARKET, TERMS)
    store.save_candles(CANDLES[:20])
    for _ in range(2):
        with pytest.raises(NotEnoughCandles, match="20 bars of 1h leave 10 to train on"):
            reads.fresh_bench(MARKET, TERMS)
    store.save_candles(CANDLES)
    assert reads.fresh_bench(MARKET, TERMS).candles.data_hash == CANDLES.data_hash
