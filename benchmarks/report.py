"""What the engine benchmark found, as Markdown and as a plot."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path

_HERE = Path(__file__).parent
_RESULTS = _HERE / "results.md"
_PLOT = _HERE.parent / "docs" / "images" / "engine-{theme}.png"
_MINE = ("evotrade", "evotrade on NumPy")
_PEERS = ("vectorbt", "plain pandas", "plain numpy")
_POPULATIONS = """\
*Core* metrics are trades, fees paid, final equity and deepest drawdown; *all* are evotrade's thirty with the
sums for its ledger, and whatever of them a peer has. *Evolved* is what an evolution of 20 generations ends
with, *random* are random genomes; all make at least 10 trades. Plain pandas is one column at a time with
`rolling`; plain numpy is the same with cumulative sums, tuned; vectorbt gets the signals of the latter, 50
genomes at a time."""
_PACKAGES = ("numpy", "numba", "pandas", "vectorbt", "backtesting")


@dataclass(frozen=True)
class Measured:
    """Everything that one run measured; see `engine.py`."""

    bars: int
    populations: Mapping[str, Mapping[str, float]]
    agreement: Mapping[str, Mapping[str, int]]
    genomes: Mapping[str, int]
    one: Mapping[str, float]
    threads: Mapping[str, float]
    differing: Mapping[str, int]
    live: Mapping[str, tuple[float, float]]
    first_result_s: float
    scaling: Sequence[Mapping[str, float]]
    sizes: Sequence[tuple[str, int, float]]


def write(measured: Measured) -> None:
    """Print the report, write it to results.md, draw the plot."""
    text = "\n".join(_lines(measured)) + "\n"
    _RESULTS.write_text(text)
    print(text)
    for theme in ("light", "dark"):
        _draw(measured, theme)


def _lines(found: Measured) -> Iterator[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()}"
    yield "# The engine against its peers"
    yield ""
    yield "Written by `make bench`; every figure comes from one run."
    yield ""
    yield f"{datetime.now(UTC):%Y-%m-%d}; {machine}; Python {platform.python_version()}, {packages}."
    yield ""
    yield from _population_lines(found)
    yield from _one_lines(found)
    yield from _path_lines(found)
    yield from _scaling_lines(found)


def _population_lines(found: Measured) -> Iterator[str]:
    yield "## Populations"
    yield ""
    yield f"CPU nanoseconds a genome and bar on {found.bars:,} bars, one thread, genomes to metrics."
    yield _POPULATIONS
    yield ""
    yield "| | " + " | ".join(f"{name} ({count})" for name, count in found.genomes.items()) + " |"
    yield "|---|" + "---|" * len(found.genomes)
    for name in next(iter(found.populations.values())):
        yield f"| {name} | " + " | ".join(f"{rows[name]:.1f}" for rows in found.populations.values()) + " |"
    yield ""
    yield "| times as fast | " + " | ".join(found.genomes) + " |"
    yield "|---|" + "---|" * len(found.genomes)
    for mine, metrics, peer in product(_MINE, ("core", "all"), _PEERS):
        rows = found.populations.values()
        ratios = (row[f"{peer}, {metrics}"] / row[f"{mine}, {metrics}"] for row in rows)
        shown = " | ".join(f"{ratio:.1f}" for ratio in ratios)
        yield f"| {mine} against {peer}, {metrics} metrics | {shown} |"
    yield ""
    for name, counts in found.agreement.items():
        yield (
            f"Of {counts['genomes']} {name} genomes {counts['not ruined']} are not ruined; of these, "
            f"{counts['vectorbt']} have the same trades and, to 1e-9, the same final equity in vectorbt, and "
            f"{counts['plain numpy']} in plain numpy, whose means round otherwise (ties differ)."
        )
        yield ""


def _one_lines(found: Measured) -> Iterator[str]:
    yield "## One backtest"
    yield ""
    yield f"SMA 10/50 on {found.bars:,} bars. All engines make the same trades."
    yield ""
    yield "| | CPU ms | evotrade (core) is faster by | final equity differs by |"
    yield "|---|---|---|---|"
    for name in ("evotrade, core", "evotrade, all", "vectorbt, final value", "backtesting.py"):
        differs = found.one.get(f"difference, {name.split(',')[0]}")
        shown = "" if differs is None else f"{differs:.1e}"
        ratio = found.one[name] / found.one["evotrade, core"]
        yield f"| {name} | {found.one[name]:.2f} | {ratio:.1f} | {shown} |"
    yield ""


def _path_lines(found: Measured) -> Iterator[str]:
    counts, walls = found.differing, found.threads
    yield "## One meaning on every path"
    yield ""
    yield (
        f"Of {counts['compared']:,} decisions of the reference path, {counts['numba']} differ in compiled "
        f"programs and {counts['numpy']} in those run by NumPy (two block sizes); of "
        f"{counts['live compared']:,} live decisions, {counts['live']}."
    )
    yield ""
    yield "| live decision | median µs | 99th percentile µs |"
    yield "|---|---|---|"
    for name, (median, late) in found.live.items():
        yield f"| {name} | {median:.0f} | {late:.0f} |"
    yield ""
    yield (
        f"A fresh process has its first backtest of 100,000 bars after {found.first_result_s:.2f} s. Two "
        f"threads are {walls['1'] / walls['2']:.2f} times as fast as one ({walls['2']:.2f} s of wall time "
        f"against {walls['1']:.2f} s); hashing, which shares nothing between threads, is made "
        f"{walls['hashing, 1'] / walls['hashing, 2']:.2f} times as fast by the second one here."
    )
    yield ""


def _scaling_lines(found: Measured) -> Iterator[str]:
    yield "## Scaling"
    yield ""
    yield "Random genomes, all metrics, each row a process of its own, candles and libraries included."
    yield ""
    yield "| bars | genomes | CPU s | ns a genome and bar | genomes a second | peak memory MB | before MB |"
    yield "|---|---|---|---|---|---|---|"
    for row in found.scaling:
        yield (
            f"| {row['bars']:,} | {row['genomes']:,} | {row['seconds']:.2f} | {row['ns']:.1f} | "
            f"{row['genomes'] / row['seconds']:,.0f} | {row['peak_mb']:,.0f} | {row['before_mb']:,.0f} |"
        )
    yield ""
    yield "| nodes of a genome | genomes | ns a genome and bar, core metrics |"
    yield "|---|---|---|"
    for nodes, count, taken in found.sizes:
        yield f"| {nodes} | {count} | {taken:.1f} |"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _draw(found: Measured, theme: str) -> None:
    """Bars of CPU time a genome and bar, logarithmic, for the evolved population and all metrics."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    ink, paper, mine, theirs = (
        ("#1f2328", "#ffffff", "#1a7f5a", "#8b949e")
        if theme == "light"
        else ("#e6edf3", "#0d1117", "#3fb950", "#6e7681")
    )
    rows = found.populations["evolved"]
    names = ["vectorbt", "plain pandas", "plain numpy", "evotrade on NumPy", "evotrade"]
    values = [rows[f"{name}, all"] for name in names]
    figure, axes = pyplot.subplots(figsize=(8, 2.8), facecolor=paper)
    axes.set_facecolor(paper)
    colours = [mine if name.startswith("evotrade") else theirs for name in names]
    bars = axes.barh(names, values, color=colours)
    axes.bar_label(bars, [f"{value:.1f} ns" for value in values], padding=4, color=ink)
    axes.set_xscale("log")
    axes.set_xlim(1, max(values) * 3)
    axes.invert_yaxis()
    axes.set_xlabel("CPU time a genome and bar, all metrics, one thread (logarithmic)", color=ink)
    axes.tick_params(colors=ink)
    for side in axes.spines.values():
        side.set_visible(False)
    figure.tight_layout()
    figure.savefig(str(_PLOT).format(theme=theme), dpi=140, facecolor=paper)
    pyplot.close(figure)
