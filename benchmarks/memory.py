"""One evaluation in a process of its own, for its time and peak memory; prints JSON.

python benchmarks/memory.py BARS GENOMES
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from peers.population import population

from evotrade.engine.backends import compiled_backend
from evotrade.engine.backtest import Span
from evotrade.engine.columns import Columns
from evotrade.engine.execution import Execution
from evotrade.engine.population import evaluate_population
from evotrade.market.synthetic import synthetic_candles

_SIEVED_ON = 20_000  # bars: that many show whether a genome trades


def peak_mb() -> float:
    """Peak memory of this process so far; `getrusage` would tell that of the one which started it."""
    (line,) = (row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Evaluate so many genomes on so many bars, all metrics."""
    bars, count = map(int, sys.argv[1:])
    candles = synthetic_candles(bars, "1h", seed=1)
    genomes = population(synthetic_candles(_SIEVED_ON, "1h", seed=1), count, seed=7)
    backend, before_mb = compiled_backend(), peak_mb()
    began = time.process_time()
    evaluate_population(
        genomes, Columns(candles), [Span.whole(candles)], Execution(fee_bps=25), backend=backend
    )
    taken = time.process_time() - began
    found = {"bars": bars, "genomes": count, "seconds": taken, "before_mb": before_mb, "peak_mb": peak_mb()}
    json.dump(found | {"ns": 1e9 * taken / bars / count}, sys.stdout)


if __name__ == "__main__":
    main()
