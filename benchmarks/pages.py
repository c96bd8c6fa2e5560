"""How long a person waits for the Cells page of a store with 100 000 cells, in Chromium; prints Markdown.

    python benchmarks/pages.py [--cells 100000] [--store FILE] [--repeats 5]

Aims: first content < 5 s, filter < 1 s, selection to detail < 1 s.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from playwright.sync_api import Page, sync_playwright

from evotrade.cells import CATEGORIES, Cell, Phenotype
from evotrade.engine import ENGINE_VERSION
from evotrade.engine.execution import Execution
from evotrade.engine.metrics import METRICS
from evotrade.evolution.records import GenerationRecord, GenerationStats
from evotrade.genome import Genome, random_genome
from evotrade.market.candles import Candles
from evotrade.market.synthetic import synthetic_candles
from evotrade.store import Store, open_store

ROOT = Path(__file__).parents[1]
DISHES = ("hourly breakouts", "quiet nights", "wide search")
BROOD = 200
GENOMES = 2_000
TIMEFRAMES = ("1h", "4h", "1d")
BORN = datetime(2026, 1, 1, tzinfo=UTC)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
ROW_PX = 35


def many_cells(store: Store, n: int = 100_000, seed: int = 0) -> None:
    """Fill `store` with `n` evolved cells of three phenotypes each, in dishes of `BROOD` a generation.

    Genomes and candles are real, and lines are those of a search that selects; the metrics are drawn.
    """
    rng = np.random.default_rng(seed)
    candles = synthetic_candles(20_000, "1h", seed=seed)
    store.save_candles(candles)
    genomes = [random_genome(rng) for _ in range(min(n, GENOMES))]
    shares = [n // len(DISHES)] * (len(DISHES) - 1)
    for dish, share in zip(DISHES, [*shares, n - sum(shares)], strict=True):
        store.save_dish(dish, {"made_for": "a benchmark"}, BORN)
        run_id = store.start_run(dish, BORN)
        with store.write():
            _evolve(store, dish, run_id, share, genomes, candles, rng)
        store.finish_run(run_id, "finished", BORN + timedelta(days=1))


def _evolve(
    store: Store,
    dish: str,
    run_id: int,
    n: int,
    genomes: list[Genome],
    candles: Candles,
    rng: np.random.Generator,
) -> None:
    """`n` cells in generations; the parents of each are among the best before."""
    best: list[tuple[float, int]] = []  # (fitness, number)
    for generation, first in enumerate(range(0, n, BROOD)):
        count = min(BROOD, n - first)
        parents = [best[int(k)] for k in rng.integers(len(best), size=count)] if best else [None] * count
        cells = [
            _cell(-k - 1, dish, generation, parent, genomes[int(rng.integers(len(genomes)))], candles, rng)
            for k, parent in enumerate(parents)
        ]
        fitness = [cell.fitness for cell in cells]
        top, middle = max([*fitness, *(value for value, _ in best)]), float(np.median(fitness))
        stats = GenerationStats(generation, 2 * count, count, top, middle, 0.5, 80.0, 2.5)
        numbers = store.save_generation(GenerationRecord(run_id, stats, cells, (), {}, finished_at=BORN))
        best += [(cell.fitness, numbers[cell.cell_id]) for cell in cells]
        best = sorted(best, reverse=True)[:BROOD]


def _cell(
    number: int,
    dish: str,
    generation: int,
    parent: tuple[float, int] | None,
    genome: Genome,
    candles: Candles,
    rng: np.random.Generator,
) -> Cell:
    fitness = float((parent[0] if parent else 0.0) + rng.normal(0.5, 3.0))
    named = rng.random() < 0.1
    cell = Cell(
        str(genome),
        genome.id,
        fitness,
        BORN + timedelta(minutes=generation),
        cell_id=number,
        name=f"Strategy {rng.integers(10_000)}" if named else "",
        dish=dish,
        generation=generation,
        parent_id=parent[1] if parent else None,
        origin="evolution" if parent else "founder",
        operator="point" if parent else "founder",
        status="alive" if fitness > -10 else "dead",
        reasons=() if fitness > -10 else (f"return_pct {fitness:.2f} is below -10",),
        category=str(rng.choice(CATEGORIES)) if named else "",
        hypothesis="Volume leads price into a breakout." if named else "",
    )
    return replace(cell, phenotypes=tuple(_phenotype(name, fitness, candles, rng) for name in TIMEFRAMES))


def _phenotype(timeframe: str, fitness: float, candles: Candles, rng: np.random.Generator) -> Phenotype:
    drawn = dict(zip(METRICS, rng.normal(5.0, 20.0, len(METRICS)).tolist(), strict=True))
    trades = float(rng.integers(0, 400))
    drawn |= {"return_pct": fitness, "trades": trades, "sharpe": fitness / 20, "max_drawdown_pct": 30.0}
    start_s, end_s = int(candles.time_s[5_000]), int(candles.time_s[15_000])
    return Phenotype(
        candles.pair,
        candles.source,
        timeframe,
        "train",
        start_s,
        end_s,
        10_000,
        drawn,
        base_timeframe=candles.timeframe,
        data_hash=candles.data_hash,
        series_start_s=int(candles.time_s[0]),
        series_end_s=int(candles.end_s[-1]),
        execution=Execution().to_dict(),
        engine_version=ENGINE_VERSION,
        seed=0,
    )


@contextmanager
def serving(store: Store) -> Iterator[str]:
    """The app on `store`; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            f"--server.port={port}",
            "--server.headless=true",
        ],
        cwd=ROOT,
        env={**os.environ, "EVOTRADE_STORE": str(store.path)},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(url: str) -> None:
    for _ in range(150):
        try:
            urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"nothing answers at {url}: is port {url} free?")


def seconds(act: Callable[[], object], then: Callable[[], object]) -> float:
    """From the moment of acting until what a person waits for is there."""
    began = time.perf_counter()
    act()
    then()
    return time.perf_counter() - began


def first_content(page: Page, url: str) -> float:
    """From the address to list and panel."""

    def there() -> None:
        page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
        page.locator("h3").first.wait_for()

    taken = seconds(lambda: page.goto(url), there)
    page.wait_for_selector(IDLE)
    return taken


_COUNT = """() => [...document.querySelectorAll('[data-testid=stCaptionContainer]')]
    .map(caption => caption.innerText.trim()).find(text => /^[\\d,]+ of [\\d,]+ cells$/.test(text))"""


def filtering(page: Page, text: str) -> float:
    """From the last letter of a search to the new count."""
    before = page.evaluate(_COUNT)
    search = page.get_by_placeholder("Name, category")
    changed = f"before => {{ const now = ({_COUNT})(); return now && now !== before; }}"
    taken = seconds(
        lambda: search.fill(text), lambda: page.wait_for_function(changed, arg=before, polling=20)
    )
    page.wait_for_selector(IDLE)
    return taken


def selecting(page: Page, row: int) -> tuple[float, float]:
    """From the click on a row to the panel of that cell, and to its equity."""
    page.wait_for_selector(IDLE)
    page.wait_for_timeout(500)
    before = page.inner_text("h3")
    chart = page.locator(".js-plotly-plot .main-svg").first
    box = page.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
    assert box
    changed = "before => document.querySelector('h3')?.innerText !== before"
    began = time.perf_counter()
    page.mouse.click(box["x"] + 15, box["y"] + ROW_PX * (row + 1.5))
    page.wait_for_function(changed, arg=before, polling=20)
    panel = time.perf_counter() - began
    page.wait_for_selector(IDLE)
    chart.wait_for()
    return panel, time.perf_counter() - began


def measure(page: Page, url: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of each repeat, by what was waited for."""
    found: dict[str, list[float]] = {
        "first visit to a fresh server: list and panel": [first_content(page, url)]
    }

    def note(name: str, taken: float) -> None:
        found.setdefault(name, []).append(taken)

    for repeat in range(repeats):
        note("visit: list and panel", first_content(page, url))
        note(
            "search, key to count (0.4 s of it waits for more keys)",
            filtering(page, f"strategy {repeat + 1}"),
        )
        note("search without results", filtering(page, f"nothing {repeat}"))
        note("back to all", filtering(page, ""))
        panel, equity = selecting(page, repeat + 1)
        note("selection to panel", panel)
        note("selection to panel with equity, page at rest", equity)
    return found


def main() -> None:
    """Make the store unless one is given, measure, and print a table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--cells", type=int, default=100_000)
    options.add_argument("--store", type=Path, help="kept, and used again if it exists")
    options.add_argument("--repeats", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = open_store(asked.store or Path(folder) / "many.duckdb")
        if not store.count_cells():
            many_cells(store, asked.cells)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        with serving(store) as url:
            found = measure(page, url, asked.repeats)
            page.close()
        browser.close()
        print(f"{store.count_cells():,} cells, {os.cpu_count()} cores, median (worst) of {asked.repeats}\n")
    print("| what | seconds |\n|---|---|")
    for name, taken in found.items():
        print(f"| {name} | {statistics.median(taken):.2f} ({max(taken):.2f}) |")


if __name__ == "__main__":
    main()
