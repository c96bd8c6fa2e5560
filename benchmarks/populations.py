"""The population that an evolution ends with: what the engine spends its days on."""

from __future__ import annotations

import tempfile
from pathlib import Path

from evotrade.engine.execution import Execution
from evotrade.genome import Genome, parse
from evotrade.lab.evolution import evolve
from evotrade.market.candles import Candles
from evotrade.store import open_store

_GENERATIONS = 20


def evolved_population(candles: Candles, count: int, terms: Execution) -> list[Genome]:
    """`count` living genomes with at least 10 trades each, after 20 generations of more than that many."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "bench.duckdb")
        evolve(
            "bench",
            candles,
            store=store,
            generations=_GENERATIONS,
            population=count * 6 // 5,
            execution=terms,
            shares=(1.0, 0.0, 0.0),
            finalists=0,
            min_trades=10,
        )
        run = store.last_run("bench")
        members = run.checkpoint["members"] if run else []
    traded = [parse(member["genome"]) for member in members if member["trades"] >= 10]
    if len(traded) < count:
        raise SystemExit(f"only {len(traded)} of {count} genomes trade: evolve more of them")
    return traded[:count]
