"""Decisions of the present: the programs of the past, on the last bars alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evotrade.engine.backends import Backend, Bars, best_backend
from evotrade.engine.columns import Columns
from evotrade.engine.program import compile_population
from evotrade.engine.simulation import Decisions
from evotrade.engine.tables import Room, Tables
from evotrade.errors import SettingsError
from evotrade.genome import Genome
from evotrade.market.candles import Candles


def _may_be_flat(_symbol: str, _bars: int) -> bool:
    """Of bars that are yet to come nothing is known."""
    return False


class Watch:
    """Genomes that are asked bar by bar, all those of one pair and timeframe at once.

    What they share is computed once a bar: one program, one set of tables over the last bars. Nothing is
    carried from one bar to the next, so there is no state that could drift away from the backtest's.
    """

    def __init__(
        self, watched: Sequence[tuple[Genome, str]], timeframe: str, backend: Backend | None = None
    ) -> None:
        """Watch genomes, each with the way in which its rules are combined.

        Raises `GenomeError` for one that cannot run on the timeframe, `SettingsError` for an unknown way.
        """
        self.timeframe = timeframe
        self._watched, self._backend, self._room = list(watched), backend, Room()
        self._lookbacks = np.array([genome.lookback(timeframe) for genome, _ in watched], dtype=np.int64)
        self.lookback = int(self._lookbacks.max(initial=0))
        genomes, combines = [genome for genome, _ in watched], [combine for _, combine in watched]
        self._program = compile_population(genomes, self._lookbacks, timeframe, _may_be_flat, combines)

    def decide(self, candles: Candles) -> Decisions:
        """(genomes,) 1 to buy, -1 to sell, 0 to hold, at the close of the last of these bars.

        The last `lookback` + 1 of them are all that counts; a genome that needs more bars than there are
        holds. Raises `SettingsError` for bars of another timeframe.
        """
        if candles.timeframe != self.timeframe:
            raise SettingsError(f"bars of {candles.timeframe} cannot be watched at {self.timeframe}")
        bars = self.lookback + 1
        if len(candles) < bars:
            return self._decide_short(candles)
        decided = np.zeros((len(self._program), 1), np.int8)
        columns = Columns(candles[len(candles) - bars :])
        rows = columns.own(Tables).rows(self._program, slice(0, bars), self._room)
        backend = self._backend or best_backend(work=0)
        backend.decide(self._program, rows, decided, Bars(self.lookback, 0, 1))
        return decided[:, 0]

    def _decide_short(self, candles: Candles) -> Decisions:
        """While there are too few bars for all: those for which there are enough, watched apart."""
        decided = np.zeros(len(self._program), np.int8)
        able = np.flatnonzero(self._lookbacks < len(candles))
        if len(able):
            watched = [self._watched[number] for number in able]
            decided[able] = Watch(watched, self.timeframe, self._backend).decide(candles)
        return decided
