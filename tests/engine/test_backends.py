"""One meaning on every path: programs on NumPy, programs compiled, the reference path, any block, any cut."""

import sqlite3
import subprocess
import sys
import threading
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.engine import backends as backends_module
from evotrade.engine.backends import (
    CORE,
    NumbaBackend,
    NumpyBackend,
    Stage,
    best_backend,
    compiled_backend,
)
from evotrade.engine.backtest import Span, backtest
from evotrade.engine.columns import Columns
from evotrade.engine.compiled.jit import source_hash
from evotrade.engine.decisions import decide_many
from evotrade.engine.evaluator import COMBINES, decide
from evotrade.engine.execution import Execution
from evotrade.engine.fingerprints import fingerprint
from evotrade.engine.metrics import measure
from evotrade.engine.population import evaluate_population, screen_population
from evotrade.engine.reckoning import facts_of
from evotrade.engine.simulation import simulate
from evotrade.genome import parse
from tests.engine.bar_by_bar import decisions, executions, markets
from tests.engine.test_laws import REAL, read
from tests.engine.worlds import SUFFIXES, candles, worlds
from tests.paths import shared
from tests.strategies import genomes

BACKENDS = [NumpyBackend(), NumpyBackend(block=64), NumbaBackend(), NumbaBackend(block=96)]
backends = st.sampled_from(BACKENDS)
ways = st.sampled_from(COMBINES)


def decided(population, columns, combine, backend, bars=None, **limits):
    """(genomes, bars) of what all decide, those of no group silent."""
    bars = bars or slice(0, len(columns))
    found = np.zeros((len(population), bars.stop - bars.start), np.int8)
    reaching = [(genome, genome.lookback(columns.timeframe)) for genome in population]
    for group in decide_many(reaching, columns, bars, combine, backend, **limits):
        found[group.numbers] = group.decisions
    return found


def same_facts(found, expected):
    for name in ("sums", "squares", "marks", "trades"):
        np.testing.assert_equal(getattr(found, name), getattr(expected, name), name)


@given(worlds(), ways, backends)
def test_a_program_decides_as_the_reference_path_does(world, combine, backend):
    genome, series = world
    expected = decide(genome, Columns(series), combine)
    assert decided([genome], Columns(series), combine, backend)[0].tolist() == expected.tolist()


@given(st.data(), st.integers(0, 2**16), ways, backends)
@settings(max_examples=40)
def test_genomes_in_one_program_decide_as_each_does_alone(data, seed, combine, backend):
    population = data.draw(st.lists(genomes(max_bars=9, timeframes=SUFFIXES["1h"]), min_size=2, max_size=6))
    series = candles(500, "1h", seed)
    expected = [decide(genome, Columns(series), combine).tolist() for genome in population]
    assert decided(population, Columns(series), combine, backend).tolist() == expected


@given(st.data(), st.integers(0, 2**16), backends)
@settings(max_examples=25)
def test_groups_stretches_and_the_bars_asked_for_change_nothing(data, seed, backend):
    population = data.draw(st.lists(genomes(max_bars=9, timeframes=SUFFIXES["1h"]), min_size=2, max_size=6))
    series = candles(700, "1h", seed)
    first = data.draw(st.integers(0, 690))
    bars = slice(first, data.draw(st.integers(first + 1, 700)))
    whole = decided(population, Columns(series), "votes", backend)
    little = Columns(series, cache_bytes=data.draw(st.sampled_from([1, 20_000, 200_000])))
    part = decided(
        population, little, "votes", backend, bars, decisions_bytes=data.draw(st.integers(1, 3_000))
    )
    assert part.tolist() == whole[:, bars].tolist()


@given(markets(), executions, st.data())
@settings(max_examples=150)
def test_compiled_facts_are_those_of_the_simulator_to_the_last_bit(market, execution, data):
    series = market[0]
    rows = np.array([data.draw(decisions(len(series))) for _ in range(3)])
    shift = data.draw(st.integers(0, 5))
    wide = np.pad(rows, ((0, 0), (shift, 2)), constant_values=1)
    stage = Stage.of(series, execution, int(series.time_s[0]), int(series.end_s[-1]))
    runs = [simulate(row, series, execution) for row in rows]
    same_facts(
        compiled_backend().judge(wide, shift, stage), facts_of(runs, execution, stage.ground, series.close)
    )


@given(markets(max_bars=900), executions, st.integers(1, 200), st.integers(0, 2**32))
@settings(max_examples=60)
def test_compiled_facts_of_long_trades_are_those_of_the_simulator(market, execution, pace, seed):
    series, rng = market[0], np.random.default_rng(seed)
    row = np.repeat(rng.choice([-1, 0, 1], len(series)), rng.integers(1, pace + 1, len(series)))
    stage = Stage.of(series, execution, int(series.time_s[0]), int(series.end_s[-1]))
    wide = row[None, : len(series)].astype(np.int8)
    expected = facts_of([simulate(wide[0], series, execution)], execution, stage.ground, series.close)
    same_facts(compiled_backend().judge(wide, 0, stage), expected)


@given(markets(max_bars=600), executions, st.integers(1, 150), st.integers(0, 2**32))
@settings(max_examples=60)
def test_a_screen_shows_what_the_judge_does(market, execution, pace, seed):
    series, rng = market[0], np.random.default_rng(seed)
    rows = np.repeat(rng.choice([-1, 0, 1], (3, len(series))), rng.integers(1, pace + 1), axis=1)
    rows = np.ascontiguousarray(rows[:, : len(series)], np.int8)
    stage = Stage.of(series, execution, int(series.time_s[0]), int(series.end_s[-1]))
    expected = NumpyBackend().screen(rows, 0, stage)
    np.testing.assert_array_equal(compiled_backend().screen(rows, 0, stage), expected)
    assert expected.tolist() == [
        [metrics[name] for name in CORE] for metrics in measure(compiled_backend().judge(rows, 0, stage))
    ]


@given(st.lists(genomes(max_bars=9, timeframes=("4H", "5M")), min_size=1, max_size=4), backends)
@settings(max_examples=20)
def test_screening_a_population_leaves_out_what_cannot_run(population, backend):
    columns = Columns(candles(300, "1h", 5))
    span, terms = Span.whole(columns.candles), Execution()
    found = screen_population(population, columns, span, terms, backend=backend)
    evaluated = evaluate_population(population, columns, [span], terms, backend=backend)
    for row, one in zip(found, evaluated, strict=True):
        expected = [one.outcomes[0].metrics[name] for name in CORE] if one.outcomes else [np.nan] * len(CORE)
        np.testing.assert_array_equal(row, expected)


@given(st.integers(0, 400), st.integers(0, 5), st.floats(0, 1), st.integers(0, 2**32))
def test_compiled_fingerprints_are_those_of_each_row(bars, first, churn, seed):
    rng = np.random.default_rng(seed)
    fresh = rng.integers(-1, 2, (3, bars + 9))
    rows = np.where(rng.random(fresh.shape) < churn, fresh, 1).astype(np.int8)
    expected = [fingerprint(row[first : first + bars]) for row in rows]
    assert compiled_backend().fingerprints(rows, first, bars) == expected


def test_fingerprints_tell_decisions_apart_that_differ_at_one_bar_or_in_length():
    rows = np.zeros((400, 100), np.int8)
    for number in range(200):
        rows[number, number // 2] = (-1) ** number
        rows[number + 200, number // 2 :] = (-1) ** number
    kinds = {row.tobytes() for row in rows}
    assert len({fingerprint(row) for row in rows}) == len(kinds)
    assert len({fingerprint(np.zeros(bars, np.int8)) for bars in range(50)}) == 50


@pytest.mark.parametrize("backend", BACKENDS[::2], ids=lambda backend: backend.name)
def test_all_cells_of_the_earlier_system_get_the_numbers_of_single_backtests(backend):
    series = read("origin/PURR_60.csv", "1h")
    with sqlite3.connect(shared("data/origin/cells.db")) as cells:
        population = [parse(text) for (text,) in cells.execute("SELECT dsl_genome FROM cells")]
    columns, span = Columns(series), Span.whole(series)
    terms = Execution(fee_bps=4.5, fill="close")
    found = evaluate_population(population, columns, [span], terms, "majority", backend=backend)
    for genome, evaluated in zip(population, found, strict=True):
        alone = backtest(genome, columns, terms, "majority")
        np.testing.assert_equal(evaluated.outcomes[0].metrics, alone.metrics)
        np.testing.assert_equal(evaluated.outcomes[0].slices, alone.slices)


@pytest.mark.parametrize("backend", BACKENDS[::2], ids=lambda backend: backend.name)
def test_years_of_hourly_bars_are_decided_alike(backend):
    columns = Columns(read("XBTUSD_60.csv", "1h"))
    expected = decide(REAL, columns)
    assert np.array_equal(decided([REAL], columns, "votes", backend)[0], expected)
    assert np.array_equal(decided([REAL], Columns(columns.candles, 10**7), "votes", backend)[0], expected)


def test_a_kernel_is_compiled_anew_when_any_source_of_the_engine_changes(tmp_path):
    (tmp_path / "deep").mkdir()
    source = tmp_path / "deep" / "callee.py"
    source.write_text("one")
    before = source_hash(tmp_path)
    assert source_hash(tmp_path) == before
    source.write_text("two")
    assert source_hash(tmp_path) != before


FIRST_CALL = """
import time
from evotrade.engine.backends import best_backend, compiled_backend
begun = time.perf_counter()
first = best_backend(work=10**9).name
waited = time.perf_counter() - begun
print(first, waited < 1, compiled_backend().name, best_backend(work=0).name)
"""


def test_nobody_waits_while_kernels_are_compiled(monkeypatch):
    compiled = threading.Event()

    class Slow(NumbaBackend):
        def __init__(self):
            compiled.wait(60)
            super().__init__()

    monkeypatch.setattr(backends_module, "NumbaBackend", Slow)
    monkeypatch.setattr(backends_module, "_compilation", cache(backends_module._Compilation))
    assert best_backend(work=10**9).name == best_backend(work=10**9).name == "numpy"
    compiled.set()
    assert compiled_backend().name == best_backend(work=0).name == "numba"


@pytest.mark.soak
@pytest.mark.process
def test_the_first_call_never_waits_for_the_compiler(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    ran = subprocess.run([sys.executable, "-c", FIRST_CALL], capture_output=True, text=True, timeout=300)
    assert ran.stdout.split() == ["numpy", "True", "numba", "numba"], ran.stderr
    assert list(tmp_path.glob("kernels-*/**/*.nbi"))


def test_little_work_starts_no_compiler():
    code = (
        "import threading; from evotrade.engine.backends import best_backend; best_backend(1000);"
        "print(threading.active_count())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == "1", ran.stderr
