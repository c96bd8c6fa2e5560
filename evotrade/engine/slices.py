"""What the trial ledger keeps of a run's returns: enough to judge significance without running it again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evotrade.engine.fills import Ints

SLICES = 16


class SliceSums(NamedTuple):
    """For 16 slices of equal time: number, sum and sum of squares of the per-bar returns; moments of all.

    Combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado, Zhu 2017) needs the sums,
    the deflated Sharpe ratio (Bailey, López de Prado 2014) `skew` and `kurtosis`: m3 / m2^1.5 and
    m4 / m2² of the central moments with divisor n, the kurtosis not excess; NaN when nothing moves.
    """

    n: tuple[int, ...]
    sum: tuple[float, ...]
    sum_sq: tuple[float, ...]
    skew: float
    kurtosis: float


def slice_borders(time_s: Ints, start_s: int, end_s: int) -> Ints:
    """(17,) the first bar of each of 16 slices of `[start_s, end_s)`, and the number of bars."""
    inner = start_s + (end_s - start_s) * np.arange(1, SLICES) // SLICES
    return np.concatenate(([0], np.searchsorted(time_s, inner), [len(time_s)]))
