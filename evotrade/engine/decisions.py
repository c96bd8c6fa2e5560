"""What many genomes decide, as one program: as `evaluator.decide` for each of them, to the last bit.

Genomes are taken in groups whose decisions fit into `DECISIONS_BYTES`, and bars in stretches whose rows fit
into the columns' budget: a stretch begins a lookback earlier, and by prefix invariance that is all it needs.
So memory grows with bars, not with genomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from evotrade.engine.backends import Backend, Bars
from evotrade.engine.columns import Columns
from evotrade.engine.program import Ints, Program, bind, compile_population
from evotrade.engine.simulation import Decisions
from evotrade.engine.tables import Tables, rows_for
from evotrade.errors import EvotradeError
from evotrade.genome import Genome

DECISIONS_BYTES = 64 * 2**20
_COMPARED = 64  # bars; the cost is that of the lookback, not of these


class Group(NamedTuple):
    """Some genomes, by number, their program, and their decisions (genomes, bars)."""

    numbers: Ints
    program: Program
    decisions: Decisions


def decide_many(
    genomes: Sequence[Genome],
    columns: Columns,
    bars: slice,
    combine: str,
    backend: Backend,
    decisions_bytes: int = DECISIONS_BYTES,
) -> Iterator[Group]:
    """Groups of `genomes` in order, with what they decide at the given bars.

    All suffixes must fit the columns' timeframe; a genome that looks back over all bars is in no group, since
    it never decides. The decisions are the iterator's own: the next group overwrites them.
    """
    lookbacks = np.array([genome.lookback(columns.timeframe) for genome in genomes], dtype=np.int64)
    able = np.flatnonzero(lookbacks < len(columns))
    count = bars.stop - bars.start
    size = max(1, decisions_bytes // max(1, count))
    room = np.empty((min(size, len(able)), count), np.int8)
    for first in range(0, len(able), size):
        numbers = able[first : first + size]
        group = [genomes[number] for number in numbers]
        program = compile_population(group, columns.timeframe, columns.own(Tables).flat_bars, combine)
        chosen = room[: len(group)]
        _fill(program, columns, backend, chosen, bars)
        yield Group(numbers, program, chosen)


def check_group(group: Group, columns: Columns, bars: slice, bar: int, backend: Backend) -> None:
    """Decide the 64 bars up to `bar` again, on a history that begins the longest lookback before them and
    ends with `bar`: no bar before it, none after it.

    The group's decisions are those of the given bars. Raises `EvotradeError` where one differs.
    """
    first = max(bars.start, bar - _COMPARED + 1)
    lookback = int(group.program.lookbacks.max())
    begin = max(0, first - lookback)
    if not bars.start <= bar < bars.stop or bar - begin < lookback:
        return  # nothing to compare, or bars that not all genomes can decide
    alone = np.empty((len(group.numbers), bar + 1 - first), np.int8)
    cut = Columns(columns.candles[begin : bar + 1], columns.cache_bytes)
    _run(group.program, cut.own(Tables), backend, alone, Bars(first - begin, 0, bar + 1 - first))
    differing = np.argwhere(alone != group.decisions[:, first - bars.start : bar + 1 - bars.start])
    if len(differing):
        genome, late = differing[0]
        raise EvotradeError(
            f"genome {group.numbers[genome]} of the population decides otherwise at "
            f"{columns.candles.timestamp[first + late]} when it sees its lookback alone: this is a fault of "
            "the engine, please report it with the genome"
        )


def _fill(program: Program, columns: Columns, backend: Backend, decisions: Decisions, bars: slice) -> None:
    """Fill `decisions` (genomes, bars), stretch by stretch where the rows of all bars are too many."""
    tables = columns.own(Tables)
    stretch = tables.budget_bytes // (8 * max(1, rows_for(program.rows)))
    if stretch >= len(columns):
        _run(program, tables, backend, decisions, Bars(bars.start, 0, bars.stop - bars.start))
        return
    lookback = int(program.lookbacks.max())
    stretch = max(stretch - lookback, lookback, 1)
    for first in range(bars.start, bars.stop, stretch):
        begin, end = max(0, first - lookback), min(bars.stop, first + stretch)
        # a program reads up to a lookback before a row's bars: the cut has to be longer than that
        cut = Columns(columns.candles[begin : max(end, begin + lookback + 1)], columns.cache_bytes)
        _run(
            program, cut.own(Tables), backend, decisions, Bars(first - begin, first - bars.start, end - first)
        )


def _run(program: Program, tables: Tables, backend: Backend, decisions: Decisions, bars: Bars) -> None:
    rows = tables.fetch(program)
    backend.decide(bind(program, rows.numbers, len(tables.columns)), rows, decisions, bars)
