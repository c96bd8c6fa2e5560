"""One store, used by all at once: how long do they wait, and does anyone ever see half a write?

    python benchmarks/store_mix.py --seconds 60

Five viewers (three threads of one process, as in Streamlit, and two processes of their own) read at 1 Hz,
100 sessions tick at 1 Hz through one flush a second, one bulk writer stores generations without a pause.
Aim: flush p99 < 250 ms, read p99 < 500 ms, 0 errors, 0 torn reads.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np

from evotrade.cells import Cell, Phenotype
from evotrade.engine.metrics import METRICS
from evotrade.store import Store
from evotrade.store.ticks import Tick

# role, threads of one process (as in Streamlit), seconds between two turns
CAST = (
    ("viewer", 3, 1.0),
    ("viewer", 1, 1.0),
    ("viewer", 1, 1.0),
    ("ticker", 1, 1.0),
    ("bulk writer", 1, 0.0),
)
SESSIONS = 100
BATCH = 200
TIMEFRAMES = ("1h", "4h", "1d")
_TORN = {  # a row for each law that is broken
    "cells": f"SELECT count(*) AS n FROM cells HAVING n % {BATCH} <> 0",
    "phenotypes": "SELECT count(*) AS n FROM phenotypes HAVING n <> 3 * (SELECT count(*) FROM cells)",
    "metrics": "SELECT sum(sharpe) AS total FROM phenotypes HAVING total <> 1.5 * count(*)",
    "owners": "SELECT max(cell_id) AS last FROM phenotypes HAVING last <> (SELECT max(cell_id) FROM cells)",
    "ticks": f"SELECT count(*) AS n FROM ticks HAVING n % {SESSIONS} <> 0",
    "values": "SELECT price FROM ticks WHERE pnl <> 2 * price",
}


@dataclass
class Findings:
    """What one participant saw: durations in seconds, errors as text, torn reads by name."""

    role: str
    durations_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    rows: int = 0

    def p(self, percent: float) -> float:
        """That percentile of the durations, milliseconds."""
        return float(np.percentile(self.durations_s, percent)) * 1_000 if self.durations_s else float("nan")


def newborn(dish: str, now: datetime) -> list[Cell]:
    """A generation: BATCH cells with three phenotypes each."""
    metrics = dict.fromkeys(METRICS, 1.5)
    phenotypes = tuple(
        Phenotype("BTC/USD", "archive", timeframe, "train", 0, 3_600_000, 1_000, metrics)
        for timeframe in TIMEFRAMES
    )
    genome = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"
    return [
        Cell(genome, f"{n:08x}", n / 7, now, dish=dish, origin="evolution", phenotypes=phenotypes)
        for n in range(BATCH)
    ]


def view(store: Store, findings: Findings) -> None:
    """What a page reads, then a look for half a write."""
    began = time.perf_counter()
    store.cells(status="alive", min_fitness=1.0, limit=50)
    findings.durations_s.append(time.perf_counter() - began)
    count = store.count_cells()
    if count:
        store.cell(count)
    findings.torn += [name for name, rows in store.query_many(_TORN).items() if len(rows)]


def tick(store: Store, findings: Findings) -> None:
    """One flush of all sessions."""
    now = datetime.now(UTC)
    ticks = [Tick(session, now, price := session + 0.1, 2 * price) for session in range(SESSIONS)]
    began = time.perf_counter()
    store.append_ticks(ticks)
    findings.durations_s.append(time.perf_counter() - began)
    findings.rows += SESSIONS


def breed(store: Store, findings: Findings) -> None:
    """One generation, made outside of the lock."""
    now = datetime.now(UTC)
    cells = newborn(f"dish of {now}", now)
    began = time.perf_counter()
    store.add_cells(cells)
    findings.durations_s.append(time.perf_counter() - began)
    findings.rows += len(cells) * (1 + len(TIMEFRAMES))


def participate(path: Path, role: str, every_s: float, seconds: float, start: Barrier) -> Findings:
    """Act at that pace until the time is up; an error is noted and the next turn taken."""
    act = {"viewer": view, "ticker": tick, "bulk writer": breed}[role]
    findings = Findings(role)
    store = Store(path)
    start.wait()
    until = time.monotonic() + seconds
    while (turn := time.monotonic()) < until:
        try:
            act(store, findings)
        except Exception as error:  # noqa: BLE001  counting whatever happens is the purpose
            findings.errors.append(f"{type(error).__name__}: {error}")
        time.sleep(max(0.0, turn + every_s - time.monotonic()))
    return findings


def _process(threads: int, out: multiprocessing.Queue, *task: Any) -> None:
    workers = [threading.Thread(target=lambda: out.put(participate(*task))) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def run(path: Path, seconds: float) -> dict[str, Findings]:
    """The mix on a new store at `path`; what each role found, its participants taken together."""
    Store(path)
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    start = context.Barrier(sum(threads for _, threads, _ in CAST))
    processes = [
        context.Process(target=_process, args=(threads, out, path, role, every_s, seconds, start))
        for role, threads, every_s in CAST
    ]
    for process in processes:
        process.start()
    together: dict[str, Findings] = {}
    for _ in range(start.parties):
        part = out.get(timeout=seconds + 120)
        whole = together.setdefault(part.role, Findings(part.role))
        for name in ("durations_s", "errors", "torn"):
            getattr(whole, name).extend(getattr(part, name))
        whole.rows += part.rows
    for process in processes:
        process.join()
    return together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mix.duckdb"
        found = run(path, seconds)
        size = path.stat().st_size / 1e6
    print(
        f"{'role':12}{'times':>7}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'rows/s':>9}{'errors':>8}{'torn':>6}"
    )
    for role, one in sorted(found.items()):
        times = f"{len(one.durations_s):7}{one.p(50):9.1f}{one.p(99):9.1f}{one.p(100):9.1f}"
        print(f"{role:12}{times}{one.rows / seconds:9.0f}{len(one.errors):8}{len(one.torn):6}")
    for error in sorted({error for one in found.values() for error in one.errors}):
        print(error)
    print(f"{size:.1f} MB after {seconds:.0f} s")
    print("aim: ticker p99 < 250 ms, viewer p99 < 500 ms, no errors, nothing torn")


if __name__ == "__main__":
    main()
