"""What many genomes decide, as one program: as `evaluator.decide` for each of them, to the last bit.

Genomes are taken in groups whose decisions fit into `DECISIONS_BYTES`, and bars in stretches whose rows fit
into `ROWS_BYTES`: they stay near the processor, and their memory is used again. A stretch begins a lookback
earlier, and by prefix invariance that is all it needs. So memory grows with bars, not with genomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from evotrade.engine.backends import Backend, Bars
from evotrade.engine.columns import Columns
from evotrade.engine.program import Ints, Program, compile_population
from evotrade.engine.simulation import Decisions
from evotrade.engine.tables import Room, Tables
from evotrade.errors import EvotradeError
from evotrade.genome import Genome

DECISIONS_BYTES = 64 * 2**20
ROWS_BYTES = 32 * 2**20
_LOOKBACKS_A_STRETCH = 4  # at least: what a stretch reads before itself is work that the one before it did
_COMPARED = 64  # bars at least


class Group(NamedTuple):
    """Some genomes, by number, their program, and their decisions (genomes, bars)."""

    numbers: Ints
    program: Program
    decisions: Decisions


def decide_many(
    genomes: Sequence[tuple[Genome, int]],
    columns: Columns,
    bars: slice,
    combine: str,
    backend: Backend,
    decisions_bytes: int = DECISIONS_BYTES,
    rows_bytes: int = ROWS_BYTES,
) -> Iterator[Group]:
    """Groups of `genomes`, each with its lookback, in order, with what they decide at the given bars.

    All suffixes must fit the columns' timeframe; a genome that looks back over all bars is in no group, since
    it never decides. Their array is the thread's: the next group, and the next call, overwrite it.
    """
    lookbacks = np.array([lookback for _, lookback in genomes], dtype=np.int64)
    able = np.flatnonzero(lookbacks < len(columns))
    count = bars.stop - bars.start
    size = max(1, decisions_bytes // max(1, count))
    room = backend.room
    chosen = room.take("decisions", (min(size, len(able)), count), np.int8)
    for first in range(0, len(able), size):
        numbers = able[first : first + size]
        group = [genomes[number][0] for number in numbers]
        moves_within, combines = columns.own(Tables).moves_within, [combine] * len(group)
        program = compile_population(group, lookbacks[numbers], columns.timeframe, moves_within, combines)
        decided = Group(numbers, program, chosen[: len(group)])
        _fill(decided, columns, bars, backend, rows_bytes, room)
        yield decided


def check_group(group: Group, columns: Columns, bars: slice, bar: int, backend: Backend) -> None:
    """Decide the bars up to `bar` again, on a history that begins the longest lookback and 64 bars before.

    Each genome decides there from its own lookback on: its first decision sees that lookback alone, no bar
    before it, and none after it sees a bar later than `bar`. The group's decisions are those of `bars`.
    Raises `EvotradeError` where one differs: a genome that looked ahead, or further back than it says.
    """
    if not bars.start <= bar < bars.stop:
        return
    lookbacks, reach = group.program.lookbacks, group.program.reach
    begin = max(0, bar + 1 - _COMPARED - reach)
    cut = Columns(columns.candles[begin : bar + 1], columns.cache_bytes)
    if len(cut) <= reach:
        return  # too few bars for all of the program
    alone = np.empty((len(group.numbers), len(cut)), np.int8)
    rows = cut.own(Tables).rows(group.program, slice(0, len(cut)), backend.room)
    backend.decide(group.program, rows, alone, Bars(0, 0, len(cut)))
    first = max(begin, bars.start)
    decided = np.arange(first - begin, len(cut)) >= lookbacks[:, None]
    again, before = alone[:, first - begin :], group.decisions[:, first - bars.start : bar + 1 - bars.start]
    differing = np.argwhere((again != before) & decided)
    if len(differing):
        genome, late = differing[0]
        raise EvotradeError(
            f"genome {group.numbers[genome]} of the population decides otherwise at "
            f"{columns.candles.timestamp[first + late]} when it sees its lookback alone: this is a fault of "
            "the engine, please report it with the genome"
        )


def _fill(group: Group, columns: Columns, bars: slice, backend: Backend, rows_bytes: int, room: Room) -> None:
    """Fill the group's decisions stretch by stretch."""
    program, tables = group.program, columns.own(Tables)
    lookback = program.reach
    stretch = max(1, rows_bytes // (8 * backend.rows_held(program)), _LOOKBACKS_A_STRETCH * lookback)
    for first in range(bars.start, bars.stop, stretch):
        end = min(bars.stop, first + stretch)
        begin = max(0, first - lookback)
        # a program reads up to a lookback before a row's bars: rows have to be longer than that
        rows = tables.rows(program, slice(begin, max(end, begin + lookback + 1)), room)
        backend.decide(program, rows, group.decisions, Bars(first - begin, first - bars.start, end - first))
