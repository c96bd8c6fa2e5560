"""Prefix invariance of one genome, seen on real bars: the proof that it does not look ahead.

The law, which is also that a live session decides as a backtest does, is tested for random genomes. Here it
is looked at for each genome that is evaluated, so that no number stands without it.
"""

from __future__ import annotations

import numpy as np

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import Decisions, decide
from evotrade.errors import EvotradeError
from evotrade.genome import Genome

_COMPARED = 64  # bars; the cost is that of the lookback, not of these


def check_prefix_invariance(
    genome: Genome, columns: Columns, combine: str, decisions: Decisions, bar: int
) -> None:
    """Decide the 64 bars up to `bar` again from their lookback alone: no bar before it, none after `bar`.

    `decisions` (n,) are those of the whole series. Raises `EvotradeError` where one differs; a bar without
    its lookback before it has no decision to compare.
    """
    lookback = genome.lookback(columns.timeframe)
    first = max(lookback, bar - _COMPARED + 1)
    if first > bar:
        return
    alone = decide(genome, Columns(columns.candles[first - lookback : bar + 1]), combine)[lookback:]
    differing = first + np.flatnonzero(alone != decisions[first : bar + 1])
    if differing.size:
        raise EvotradeError(
            f"genome {genome.id} decides otherwise at {columns.candles.timestamp[differing[0]]} when it sees "
            "its lookback alone: this is a fault of the engine, please report it with the genome"
        )
