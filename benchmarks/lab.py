"""What the lab costs, measured side by side in one run; prints Markdown.

python benchmarks/lab.py [--data ../shared/data/XBTUSD_60.csv]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from evotrade.cells import Cell, Phenotype
from evotrade.engine.metrics import METRICS
from evotrade.genome import parse
from evotrade.lab.candles import load_candles
from evotrade.lab.evolution import evolve
from evotrade.market.synthetic import synthetic_candles
from evotrade.store import Store, open_store

REPEATS = 5
GENOME = parse("IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL")


def seconds(task: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def import_seconds(module: str) -> float:
    """Median wall time that a fresh interpreter spends importing a module."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    runs = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(REPEATS)]
    return statistics.median(runs)


def population(count: int) -> list[Cell]:
    """`count` cells with three phenotypes each."""
    metrics = {name: float(index) for index, name in enumerate(METRICS)}
    phenotypes = tuple(
        Phenotype("BTC/USD", "archive", timeframe, "train", 0, 3600, 1000, metrics)
        for timeframe in ("1h", "4h", "1d")
    )
    born = datetime(2026, 1, 1, tzinfo=UTC)
    cell = Cell(str(GENOME), GENOME.id, 1.0, born, dish="bench", origin="evolution", phenotypes=phenotypes)
    return [replace(cell, fitness=float(number % 997), generation=number // 200) for number in range(count)]


def store_rows(folder: Path) -> list[tuple[str, str]]:
    """Insertion of 10 000 cells with 30 000 phenotypes, and what a page then reads."""
    store = open_store(folder / "bench.duckdb")
    cells = population(10_000)
    inserted = seconds(lambda: store.add_cells(cells))
    reads: dict[str, Callable[[Store], object]] = {
        "first 100 of 10 000 cells, best first": lambda lab: lab.cells(limit=100),
        "the same, filtered by status and text": lambda lab: lab.cells(status="alive", text="AVG", limit=100),
        "one cell with its phenotypes": lambda lab: lab.cell(5_000),
    }
    rows = [("insert 10 000 cells with 30 000 phenotypes", f"{inserted:.2f} s")]
    for name, read in reads.items():
        taken = statistics.median(seconds(lambda read=read: read(store)) for _ in range(REPEATS))
        rows.append((name, f"{taken * 1000:.0f} ms"))
    return rows


def evolution_rows(folder: Path, data: Path | None) -> list[tuple[str, str]]:
    """A 5 × 200 evolution, in this thread and in two processes."""
    candles = load_candles(data) if data else synthetic_candles(70_000, "1h", seed=1)
    rows = []
    for executor, workers in (("serial", 1), ("processes", 2)):
        store = open_store(folder / f"{executor}.duckdb")
        taken = seconds(
            lambda store=store, executor=executor, workers=workers: evolve(
                "bench",
                candles,
                store=store,
                generations=5,
                population=200,
                executor=executor,
                workers=workers,
            )
        )
        label = f"evolve 5 × 200 on {len(candles):,} bars, {executor}, {workers} worker{'s' * (workers > 1)}"
        rows.append((label, f"{taken:.1f} s, {1_000 / taken:.0f} genomes/s with all that is stored"))
    return rows


def main() -> None:
    """Run all of it and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=Path("../shared/data/XBTUSD_60.csv"))
    data = options.parse_args().data
    bare, pandas = import_seconds("evotrade"), import_seconds("pandas")
    rows = [
        ("import evotrade", f"{bare * 1000:.0f} ms ({pandas / bare:.0f} times quicker than import pandas)")
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows += store_rows(Path(folder))
        rows += evolution_rows(Path(folder), data if data.exists() else None)
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores\n")
    print("| what | measured |\n|---|---|")
    for name, measured in rows:
        print(f"| {name} | {measured} |")


if __name__ == "__main__":
    main()
