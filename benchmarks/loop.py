"""Where the time of an evolution goes: 100 generations of 1,000 genomes on 70,000 bars; writes loop.md.

python benchmarks/loop.py [--data ../shared/data/XBTUSD_60.csv] [--generations 100] [--population 1000]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from evotrade.engine.backends import compiled_backend
from evotrade.evolution.search import Search
from evotrade.lab import evolution
from evotrade.lab.candles import load_candles
from evotrade.market.synthetic import synthetic_candles
from evotrade.store import Store, open_store

_RESULTS = Path(__file__).with_name("loop.md")
PARTS = {
    "evaluate": (evolution, "evaluate_all"),
    "ask: select, mutate, cross, name": (Search, "ask"),
    "judge births and write trials": (evolution, "deliver"),
    "tell: who stays": (Search, "tell"),
    "store, in a thread of its own": (Store, "save_generation"),
}


@contextmanager
def clocked(parts: dict[str, tuple[Any, str]], taken: Counter[str]) -> Iterator[None]:
    """Add the wall time of every call of each part to `taken`."""
    with ExitStack() as stack:
        for name, (owner, attribute) in parts.items():
            timed = _timed(getattr(owner, attribute), name, taken)
            stack.enter_context(patch.object(owner, attribute, timed))
        yield


def _timed(function: Callable[..., Any], name: str, taken: Counter[str]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            taken[name] += time.perf_counter() - began  # type: ignore[assignment]

    return run


def main() -> None:
    """Evolve, and say where the time went."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, default=Path("../shared/data/XBTUSD_60.csv"))
    options.add_argument("--generations", type=int, default=100)
    options.add_argument("--population", type=int, default=1_000)
    asked = options.parse_args()
    candles = load_candles(asked.data) if asked.data.exists() else synthetic_candles(70_000, "1h", seed=1)
    compiled_backend()
    lines = [
        "# Where the time of an evolution goes",
        "",
        f"Written by `make bench` (benchmarks/loop.py); wall time, {os.cpu_count()} cores.",
        "",
        f"| {asked.generations} × {asked.population:,} on {len(candles):,} bars, wall time | s | share |",
        "|---|---|---|",
    ]
    for workers in (1, 2):
        taken: Counter[str] = Counter()
        with tempfile.TemporaryDirectory() as folder, clocked(PARTS, taken):
            store = open_store(Path(folder) / "loop.duckdb")
            began = time.perf_counter()
            evolution.evolve(
                "loop",
                candles,
                store=store,
                generations=asked.generations,
                population=asked.population,
                executor="threads",
                workers=workers,
            )
            whole = time.perf_counter() - began
        lines.append(f"| **{workers} thread{'s' * (workers > 1)}, all** | {whole:.1f} | |")
        for name, seconds in taken.most_common():
            lines.append(f"| {name} | {seconds:.1f} | {100 * seconds / whole:.0f} % |")
    text = "\n".join(lines) + "\n"
    _RESULTS.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
