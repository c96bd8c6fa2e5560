"""Stores for tests of the app: made-up cells, and one that was really evaluated."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evotrade.cells import Cell, Phenotype
from evotrade.genome import as_genome
from evotrade.lab.cells import create_cell
from evotrade.market.synthetic import synthetic_candles
from evotrade.store import Store

GENOME = "IF DELTA(0) > AVG(DELTA, 3) THEN BUY ELSE SELL"
HOSTILE = '<img src=x onerror="window.hacked=1"> :material/home: [a](javascript:b) **c** `d` $e$ # f'


def a_cell(**changes: Any) -> Cell:
    """A living cell of a dish; `changes` replace what it has."""
    genome = changes.pop("genome", GENOME)
    facts = {
        "genome": genome,
        "genome_id": as_genome(GENOME).id,
        "fitness": 12.5,
        "created_at": datetime(2025, 3, 1, 12, 30, tzinfo=UTC),
        "name": "Quiet breakout",
        "dish": "first dish",
        "generation": 4,
        "origin": "evolution",
    }
    return Cell(**{**facts, **changes})


def a_phenotype(**changes: Any) -> Phenotype:
    """Numbers on train, of hourly candles of an archive."""
    facts = {
        "pair": "BTC/USD",
        "source": "archive",
        "timeframe": "1h",
        "split": "train",
        "start_s": 1_735_689_600,  # 2025-01-01
        "end_s": 1_735_776_000,  # 2025-01-02
        "bars": 24,
        "metrics": {"return_pct": 12.5, "trades": 7.0, "sharpe": float("nan")},
    }
    return Phenotype(**{**facts, **changes})


def a_store(folder: Path, *cells: Cell) -> Store:
    """A new store with those cells, numbered from 1."""
    store = Store(folder / "evotrade.duckdb")
    store.add_cells(cells)
    return store


def an_evaluated_cell(store: Store) -> Cell:
    """A cell with an equity to draw: its synthetic candles are in the store."""
    candles = synthetic_candles(400, "1h", seed=1)
    store.save_candles(candles)
    return create_cell(GENOME, candles, store=store, name="Evaluated here")
