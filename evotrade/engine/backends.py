"""Who runs programs: NumPy, which is always there, or kernels that numba compiles; both give the same bits.

Compiling takes some seconds, so nobody waits for it: `best_backend` is NumPy's until a thread has compiled
the kernels, or loaded what another process left in the cache.
"""

from __future__ import annotations

import threading
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import numpy as np

from evotrade.engine import fingerprints, interpreter
from evotrade.engine.columns import Columns
from evotrade.engine.execution import Execution
from evotrade.engine.facts import Facts, Ground, MarkFacts, TradeFacts
from evotrade.engine.program import GUARD, Ints, Program, bind, compile_population
from evotrade.engine.reckoning import core_of, facts_of
from evotrade.engine.simulation import Decisions, simulate
from evotrade.engine.tables import Room, Rows, Tables
from evotrade.engine.terms import Market, Terms
from evotrade.engine.windows import Floats
from evotrade.errors import EvotradeError
from evotrade.genome import parse
from evotrade.market.candles import Candles
from evotrade.market.synthetic import synthetic_candles

CORE = ("trades", "fees_paid", "final_equity", "max_drawdown_pct")
"""What is known of a run without looking at every bar."""

_WORTH_COMPILING = 20_000_000  # genomes · bars: a second of NumPy's
_BLOCKS_A_ROW = 2  # with all that they look back on: then a row moves on


class Bars(NamedTuple):
    """`width` bars: from `first` on in the rows, from `at` on in the decisions."""

    first: int
    at: int
    width: int


class Stage(NamedTuple):
    """Candles, the terms on which decisions are traded there, and what all runs there share."""

    candles: Candles
    execution: Execution
    ground: Ground

    @classmethod
    def of(cls, candles: Candles, execution: Execution, start_s: int, end_s: int) -> Stage:
        """The stage of runs whose slices divide `[start_s, end_s)`, Unix seconds."""
        return cls(candles, execution, Ground(candles, execution, start_s, end_s))


class Backend(Protocol):
    """Runs programs and judges decisions."""

    name: str

    @property
    def room(self) -> Room:
        """The calling thread's memory."""

    def rows_held(self, program: Program) -> int:
        """How many rows of a program it holds for all the bars that it is given at a time."""

    def decide(self, program: Program, rows: Rows, decisions: Decisions, bars: Bars) -> None:
        """Make the program's rows of those from outside, and fill columns of `decisions` (genomes, …).

        They are 0 before a lookback, counted from the rows' start.
        """

    def judge(self, decisions: Decisions, first: int, stage: Stage) -> Facts:
        """The facts of each row of `decisions` (genomes, …) traded on the stage's bars, from `first` on."""

    def screen(self, decisions: Decisions, first: int, stage: Stage) -> Floats:
        """(genomes, metrics) the metrics of `CORE` alone, the same as those of `judge`, and sooner there."""

    def fingerprints(self, decisions: Decisions, first: int, bars: int) -> list[str]:
        """The fingerprint of `bars` columns of each row of `decisions`, from `first` on."""


class _WithRoom(threading.local):
    """What a thread finds of its own in a backend that all of them share."""

    def __init__(self) -> None:
        self.room = Room()


class NumpyBackend:
    """Columns and blocks of NumPy, simulations one by one."""

    name = "numpy"

    def __init__(self, block: int = 4_096) -> None:
        self._block, self._own = block, _WithRoom()

    @property
    def room(self) -> Room:
        """See `Backend`."""
        return self._own.room

    def rows_held(self, program: Program) -> int:
        """See `Backend`: every one."""
        return GUARD + len(program.rows)

    def decide(self, program: Program, rows: Rows, decisions: Decisions, bars: Bars) -> None:
        """See `Backend`."""
        base = self.room.take("rows", (GUARD + len(program.rows), rows.bars))
        interpreter.make_rows(program.steps, rows, base)
        columns = decisions[:, bars.at : bars.at + bars.width]
        interpreter.run_program(program, rows, base, bars.first, self._block, columns)

    def judge(self, decisions: Decisions, first: int, stage: Stage) -> Facts:
        """See `Backend`."""
        candles, execution, ground = stage
        rows = decisions[:, first : first + len(candles)]
        runs = [simulate(row, candles, execution) for row in rows]
        return facts_of(runs, execution, ground, candles.close)

    def screen(self, decisions: Decisions, first: int, stage: Stage) -> Floats:
        """See `Backend`."""
        candles, execution, ground = stage
        rows = decisions[:, first : first + len(candles)]
        found = [core_of(simulate(row, candles, execution), ground) for row in rows]
        return _in_percent(np.array(found, dtype=np.float64).reshape(-1, len(CORE)), len(candles))

    def fingerprints(self, decisions: Decisions, first: int, bars: int) -> list[str]:
        """See `Backend`."""
        return [fingerprints.fingerprint(row) for row in decisions[:, first : first + bars]]


class NumbaBackend:
    """The kernels of `compiled/`, as fast as the machine allows; raises `ImportError` without numba."""

    name = "numba"

    def __init__(self, block: int = 2_048) -> None:
        self._block, self._own = block, _WithRoom()
        names = ("blocks", "fingerprints", "judge", "trade")
        self._kernels: dict[str, Any] = {
            name: import_module(f"evotrade.engine.compiled.{name}") for name in names
        }

    @property
    def room(self) -> Room:
        """See `Backend`."""
        return self._own.room

    def rows_held(self, program: Program) -> int:
        """See `Backend`: those from outside alone, since the others move on with the blocks."""
        return 1 + len(program.outside) + len(program.frames)

    def decide(self, program: Program, rows: Rows, decisions: Decisions, bars: Bars) -> None:
        """See `Backend`."""
        block = min(self._block, bars.width)
        length = min(rows.bars, _BLOCKS_A_ROW * (program.reach + block))
        code, pieces = bind(program, length, rows.offsets)
        self._kernels["blocks"].run_program(
            (code, program.numbers, pieces),
            program.steps,
            program.lookbacks,
            program.reach,
            (rows.values, rows.places, rows.higher, rows.last),
            bars.first,
            block,
            (
                self.room.take("registers", (max(1, program.registers) * block,)),
                self.room.take("flags", (max(1, program.flags) * block,), np.uint8),
                self.room.take("levels", (program.memory.bit_length() + 1, program.memory + block)),
                self.room.take("rows", ((GUARD + len(program.rows)) * length,)),
                length,
            ),
            decisions,
            bars.at,
            bars.width,
        )

    def judge(self, decisions: Decisions, first: int, stage: Stage) -> Facts:
        """See `Backend`; an exchange rounds decimals, and so runs with an instrument are the simulator's."""
        candles, execution, ground = stage
        if execution.instrument is not None:
            return NumpyBackend().judge(decisions, first, stage)
        genomes, slices = len(decisions), len(ground.borders) - 1
        sums, squares = np.empty((genomes, slices)), np.empty((genomes, slices))
        marks = np.empty((genomes, len(MarkFacts._fields)))
        trades = np.empty((genomes, len(TradeFacts._fields)))
        turns, fills = self._room_to_trade(len(candles))
        self._kernels["judge"].judge(
            *(decisions, first, Market.of(candles, execution), Terms.of(execution), ground.borders),
            *(turns, fills, sums, squares, marks, trades),
        )
        return Facts.of(ground, sums, squares, marks, trades)

    def screen(self, decisions: Decisions, first: int, stage: Stage) -> Floats:
        """See `Backend`."""
        candles, execution, _ = stage
        if execution.instrument is not None:
            return NumpyBackend().screen(decisions, first, stage)
        found = np.empty((len(decisions), len(CORE)))
        turns, fills = self._room_to_trade(len(candles))
        market, terms = Market.of(candles, execution), Terms.of(execution)
        self._kernels["judge"].screen(decisions, first, market, terms, turns, fills, found)
        return _in_percent(found, len(candles))

    def fingerprints(self, decisions: Decisions, first: int, bars: int) -> list[str]:
        """See `Backend`."""
        sums = np.empty(len(decisions), np.uint64)
        self._kernels["fingerprints"].sum_changes(decisions, first, bars, sums)
        return [fingerprints.text(total, bars) for total in sums.tolist()]

    def _room_to_trade(self, bars: int) -> tuple[Ints, Floats]:
        """Room for the turns of one genome and for its fills: two a bar at most."""
        turns = self.room.take("turns", (bars + 1,), np.int64)
        return turns, self.room.take("fills", (2 * bars + 2, self._kernels["trade"].COLUMNS))


def _in_percent(core: Floats, bars: int) -> Floats:
    """The metrics of `CORE`, of drawdowns that are fractions; without bars there is none."""
    core[:, CORE.index("max_drawdown_pct")] *= 100 if bars else np.nan
    return core


class _Compilation:
    """The compiled backend on its way: at most one thread makes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._backend: Backend | None = None
        self._failure: Exception | None = None

    def start(self) -> None:
        """Begin to compile, unless that was begun."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._compile, name="evotrade-compile")
                self._thread.start()

    def ready(self) -> Backend | None:
        """The compiled backend, if there is one by now."""
        return self._backend

    def wait(self) -> Backend:
        """The compiled backend, as soon as there is one. Raises what prevented it."""
        self.start()
        assert self._thread is not None
        self._thread.join()
        if self._backend is None:
            assert self._failure is not None
            raise EvotradeError(
                f"numba cannot compile the kernels ({self._failure}): evaluation goes on with NumPy, slower"
            ) from self._failure
        return self._backend

    def _compile(self) -> None:
        try:
            backend = NumbaBackend()
            exercise(backend)
        except (ImportError, NotImplementedError, OSError, RuntimeError, TypeError, ValueError) as error:
            self._failure = error  # `wait` raises it; NumPy serves everybody else
        else:
            self._backend = backend


@cache
def _compilation() -> _Compilation:
    return _Compilation()


def best_backend(work: int) -> Backend:
    """The compiled backend if it is there, NumPy's until then; never waits.

    `work` is the number of genomes times that of bars. Where it is worth the effort, compilation begins in
    the background.
    """
    compilation = _compilation()
    if work >= _WORTH_COMPILING:
        compilation.start()
    return compilation.ready() or NumpyBackend()


def compiled_backend() -> Backend:
    """The compiled backend, waiting until it is there. Raises `EvotradeError` where it cannot be made."""
    return _compilation().wait()


def exercise(backend: Backend) -> None:
    """Call everything that a backend has to compile, on a few bars."""
    candles = synthetic_candles(40, "1h", seed=1)
    genome = parse("IF EMA(DELTA, 2) > AVG(DELTA, 3) THEN BUY ELSE SELL")
    tables = Tables(Columns(candles))
    program = compile_population(
        [genome], np.array([genome.lookback()]), "1h", tables.moves_within, ["votes"]
    )
    rows = tables.rows(program, slice(0, len(candles)), Room())
    decisions = np.zeros((1, len(candles)), np.int8)
    backend.decide(program, rows, decisions, Bars(0, 0, len(candles)))
    backend.fingerprints(decisions, 0, len(candles))
    stage = Stage.of(candles, Execution(), int(candles.time_s[0]), candles.stop_s)
    backend.judge(decisions, 0, stage)
    backend.screen(decisions, 0, stage)
