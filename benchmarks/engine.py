"""The engine against its peers, in one interleaved run; writes benchmarks/results.md and the README's plot.

python benchmarks/engine.py [--genomes 500] [--bars 100000] [--repeats 3]

All times are CPU seconds of one thread but where it says wall; ratios are of medians over the repeats, each
of which measures everything once. Peers get evotrade's candles and genomes; what they agree on is counted.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import report
from peers import plain_numpy, sma, vectorbt_peer
from peers.backtesting_peer import run_sma
from peers.population import population
from populations import evolved_population

from evotrade.engine.backends import CORE, Backend, NumpyBackend, compiled_backend
from evotrade.engine.backtest import Span
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.engine.execution import Execution
from evotrade.engine.live import Watch
from evotrade.engine.population import evaluate_population, screen_population
from evotrade.evolution.evaluation import Plan, evaluate_all, series_columns
from evotrade.genome import Genome, parse
from evotrade.market.candles import Candles
from evotrade.market.synthetic import synthetic_candles

FEE_BPS = 25.0
TERMS = Execution(fee_bps=FEE_BPS)
MANY_NODES = parse(
    "IF DELTA > 1.02 * AVG(DELTA, 20) AND EPSILON > AVG(EPSILON, 48) + STD(EPSILON, 300) THEN BUY\n"
    "IF DELTA < MIN_4H(GAMMA, 12) OR RSI(DELTA_1D, 14) > 70 OR EMA(THETA, 9) / DELTA > 0.02 THEN SELL"
)
TURN_S = 0.5
"""How long each engine runs one backtest again and again before the next one's turn."""

_MEMORY = Path(__file__).with_name("memory.py")


def cpu_s(task: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    task()
    return time.process_time() - began


def interleaved(
    tasks: dict[str, Callable[[], object]], repeats: int, turn_s: float = 0.0
) -> dict[str, float]:
    """Median CPU seconds of each task; every round gives each of them a turn.

    A turn is one call, or as many as fill `turn_s`, of which it counts the mean: a task of a millisecond
    would otherwise be measured on what the one before it left in the caches.
    """
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            turn = [cpu_s(task)]
            while sum(turn) < turn_s:
                turn.append(cpu_s(task))
            taken[name].append(statistics.fmean(turn))
    return {name: statistics.median(times) for name, times in taken.items()}


def against_peers(
    genomes: Sequence[Genome], candles: Candles, compiled: Backend, repeats: int
) -> dict[str, float]:
    """CPU nanoseconds a genome and bar of each engine, from candles and genomes to metrics."""
    span = Span.whole(candles)

    def screen(backend: Backend) -> object:
        return screen_population(genomes, Columns(candles), span, TERMS, backend=backend)

    def judge(backend: Backend) -> object:
        return evaluate_population(genomes, Columns(candles), [span], TERMS, backend=backend)

    tasks: dict[str, Callable[[], object]] = {
        "evotrade, core": lambda: screen(compiled),
        "evotrade, all": lambda: judge(compiled),
        "evotrade on NumPy, core": lambda: screen(NumpyBackend()),
        "evotrade on NumPy, all": lambda: judge(NumpyBackend()),
    }
    for full, name in ((False, "core"), (True, "all")):
        tasks[f"vectorbt, {name}"] = lambda full=full: vectorbt_peer.run(genomes, candles, FEE_BPS, full)
        for means in ("pandas", "numpy"):
            tasks[f"plain {means}, {name}"] = lambda full=full, means=means: plain_numpy.run(
                genomes, candles, FEE_BPS, full, means
            )
    for name in ("evotrade, core", "evotrade, all"):  # a second run finds its memory ready, as peers' do
        tasks[name]()
    per_bar = 1e9 / len(genomes) / len(candles)
    return {name: taken * per_bar for name, taken in interleaved(tasks, repeats).items()}


def agreement_with_peers(genomes: Sequence[Genome], candles: Candles, compiled: Backend) -> dict[str, int]:
    """How many genomes that are not ruined have the same trades and final equity in each peer."""
    mine = screen_population(genomes, Columns(candles), Span.whole(candles), TERMS, backend=compiled)
    trades, final = mine[:, CORE.index("trades")], mine[:, CORE.index("final_equity")]
    sound = final > vectorbt_peer.SMALLEST
    counts = {"genomes": len(genomes), "not ruined": int(sound.sum())}
    theirs = {
        "plain numpy": plain_numpy.run(genomes, candles, FEE_BPS),
        "vectorbt": vectorbt_peer.run(genomes, candles, FEE_BPS).metrics,
    }
    for name, rows in theirs.items():
        same_trades = np.array([row["trades"] for row in rows]) == trades
        equity = np.array([row["final_equity"] for row in rows])
        counts[name] = int((sound & same_trades & (np.abs(equity / final - 1) < 1e-9)).sum())
    return counts


def one_backtest(candles: Candles, compiled: Backend, repeats: int) -> dict[str, float]:
    """CPU milliseconds of SMA 10/50, and how the engines agree on it (`agreement`: largest difference)."""
    span, genome = Span.whole(candles), sma.GENOME
    sma.by_vectorbt(candles, FEE_BPS)
    tasks: dict[str, Callable[[], object]] = {
        "evotrade, core": lambda: screen_population(
            [genome], Columns(candles), span, TERMS, backend=compiled
        ),
        "evotrade, all": lambda: evaluate_population(
            [genome], Columns(candles), [span], TERMS, backend=compiled
        ),
        "vectorbt, final value": lambda: sma.by_vectorbt(candles, FEE_BPS),
        "backtesting.py": lambda: run_sma(candles, sma.FAST, sma.SLOW, FEE_BPS),
    }
    for name in ("evotrade, core", "evotrade, all"):
        tasks[name]()
    taken = {name: 1e3 * seconds for name, seconds in interleaved(tasks, max(5, repeats), TURN_S).items()}
    results = sma.compare(candles, FEE_BPS)
    if len({trades for trades, _ in results.values()}) > 1:
        raise SystemExit(f"the engines disagree on the trades of SMA 10/50: {results}")
    equities = {name: equity for name, (_, equity) in results.items()}
    return taken | {
        f"difference, {name}": abs(equity / equities["evotrade"] - 1)
        for name, equity in equities.items()
        if name != "evotrade"
    }


def threads(genomes: Sequence[Genome], candles: Candles, repeats: int) -> dict[str, float]:
    """Wall seconds of one evaluation in one thread and in two, and of hashing, which shares nothing.

    What two threads give to hashing is what the machine has to give: a virtual core is not always a core.
    Threads and their memory live on from round to round, as in an evolution.
    """
    plan = Plan({candles.timeframe: (Span.whole(candles),)}, TERMS, "votes")
    series_columns(candles, candles.timeframe)
    memory, pools = bytes(2**25), {count: ThreadPoolExecutor(count) for count in (1, 2)}
    taken: dict[str, list[float]] = {"1": [], "2": [], "hashing, 1": [], "hashing, 2": []}
    gc.collect()
    gc.freeze()  # what the peers keep in memory would be gone through again and again
    for _ in range(max(9, repeats) + 1):
        for count, pool in pools.items():
            began = time.perf_counter()
            list(pool.map(lambda _: hashlib.sha256(memory), range(32)))
            taken[f"hashing, {count}"].append(time.perf_counter() - began)
            began = time.perf_counter()
            evaluate_all(genomes, candles, plan, pool, count)
            taken[f"{count}"].append(time.perf_counter() - began)
    gc.unfreeze()
    for pool in pools.values():
        pool.shutdown()
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def differing_decisions(
    genomes: Sequence[Genome], candles: Candles, compiled: Backend, backends: Sequence[Backend]
) -> dict[str, int]:
    """Decisions that differ from the reference path's: of programs on each backend, and live."""
    from evotrade.engine.decisions import decide_many

    columns, counts = Columns(candles), {"compared": len(genomes) * len(candles)}
    reference = [decide(genome, columns) for genome in genomes]
    reaching = [(genome, genome.lookback(candles.timeframe)) for genome in genomes]
    for backend in (compiled, *backends):
        differing = 0
        for group in decide_many(reaching, columns, slice(0, len(candles)), "votes", backend):
            differing += sum(
                int((row != reference[number]).sum())
                for number, row in zip(group.numbers, group.decisions, strict=True)
            )
        counts[f"{backend.name}"] = counts.get(backend.name, 0) + differing
    watch = Watch([(genome, "votes") for genome in genomes], candles.timeframe, compiled)
    bars = range(len(candles) // 2, len(candles), 499)
    counts["live compared"] = len(genomes) * len(bars)
    counts["live"] = sum(
        int((watch.decide(candles[: bar + 1]) != [row[bar] for row in reference]).sum()) for bar in bars
    )
    return counts


def live(candles: Candles, compiled: Backend) -> dict[str, tuple[float, float]]:
    """Wall microseconds of one live decision: median, and 99th percentile of 3 000."""
    found = {}
    for name, genomes in {
        "one genome, SMA 10/50": [sma.GENOME],
        "one genome of three timeframes and six kinds of window": [MANY_NODES],
        "100 sessions on one pair": [
            parse(f"IF AVG(DELTA, {fast}) > AVG(DELTA, {slow}) THEN BUY ELSE SELL")
            for fast in range(5, 15)
            for slow in range(30, 40)
        ],
    }.items():
        watch = Watch([(genome, "votes") for genome in genomes], candles.timeframe, compiled)
        taken = []
        for bar in range(len(candles) - 3_000, len(candles)):
            seen = candles[: bar + 1]
            began = time.perf_counter()
            watch.decide(seen)
            taken.append(1e6 * (time.perf_counter() - began))
        found[name] = (statistics.median(taken), float(np.percentile(taken, 99)))
    return found


def first_result_s(repeats: int) -> float:
    """Wall seconds of a fresh process, kernels compiled before, to the first backtest's number."""
    code = (
        "import evotrade as et; c = et.synthetic_candles(100_000, '1h', seed=1);"
        f"et.backtest({str(sma.GENOME)!r}, c).metrics['sharpe']"
    )
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def scaling(genomes: int) -> list[dict[str, float]]:
    """CPU ns a genome and bar and peak memory of evaluations in processes of their own."""
    sizes = [(10_000, genomes), (100_000, 10), (100_000, 100), (100_000, genomes), (1_000_000, genomes)]
    found = []
    for bars, count in sizes:
        ran = subprocess.check_output([sys.executable, str(_MEMORY), str(bars), str(count)])
        found.append(json.loads(ran))
    return found


def by_size(genomes: Sequence[Genome], candles: Candles, compiled: Backend) -> list[tuple[str, int, float]]:
    """CPU ns a genome and bar of small, middling and large genomes."""
    ranked = sorted(genomes, key=lambda genome: genome.size)
    third, found = len(ranked) // 3, []
    for part in (ranked[:third], ranked[third : 2 * third], ranked[2 * third :]):
        span = Span.whole(candles)
        taken = min(
            cpu_s(lambda: screen_population(part, Columns(candles), span, TERMS, backend=compiled))  # noqa: B023
            for _ in range(3)
        )
        nodes = f"{part[0].size} to {part[-1].size}"
        found.append((nodes, len(part), 1e9 * taken / len(part) / len(candles)))
    return found


def main() -> None:
    """Measure all of it, print it and write it down."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--genomes", type=int, default=500)
    options.add_argument("--bars", type=int, default=100_000)
    options.add_argument("--repeats", type=int, default=3)
    asked = options.parse_args()
    compiled, candles = compiled_backend(), synthetic_candles(asked.bars, "1h", seed=1)
    vectorbt_peer.warm_up()
    populations = {
        "evolved": evolved_population(candles, asked.genomes, TERMS),
        "random": population(candles, asked.genomes, seed=7),
    }
    measured = report.Measured(
        bars=asked.bars,
        populations={
            name: against_peers(genomes, candles, compiled, asked.repeats)
            for name, genomes in populations.items()
        },
        agreement={
            name: agreement_with_peers(genomes[:100], candles, compiled)
            for name, genomes in populations.items()
        },
        genomes={name: len(genomes) for name, genomes in populations.items()},
        one=one_backtest(candles, compiled, asked.repeats),
        threads=threads(populations["evolved"] + populations["random"], candles, asked.repeats),
        differing=differing_decisions(
            populations["evolved"][:50] + populations["random"][:50],
            candles,
            compiled,
            [NumpyBackend(), NumpyBackend(block=1_000)],
        ),
        live=live(candles, compiled),
        first_result_s=first_result_s(asked.repeats),
        scaling=scaling(1_000),
        sizes=by_size(populations["random"], candles, compiled),
    )
    report.write(measured)


if __name__ == "__main__":
    main()
