"""What the trial ledger keeps of a run's returns: enough to judge significance without running it again."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from evotrade.engine.fills import Floats, Ints

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


def slice_sums(returns: Floats, time_s: Ints, start_s: int, end_s: int) -> SliceSums:
    """Sums of (n,) `returns` of bars that start at `time_s`, over 16 slices of `[start_s, end_s)`."""
    borders = start_s + (end_s - start_s) * np.arange(1, SLICES) // SLICES
    parts = np.split(returns, np.searchsorted(time_s, borders))
    skew, kurtosis = _shape(returns)
    return SliceSums(
        n=tuple(len(part) for part in parts),
        sum=tuple(float(part.sum()) for part in parts),
        sum_sq=tuple(float((part * part).sum()) for part in parts),
        skew=skew,
        kurtosis=kurtosis,
    )


def _shape(returns: Floats) -> tuple[float, float]:
    """Skewness and kurtosis."""
    if not len(returns):
        return math.nan, math.nan
    apart = returns - returns.mean()
    squares = apart * apart
    m2, m3, m4 = (float(power.mean()) for power in (squares, squares * apart, squares * squares))
    # a variance so small that its square underflows is none
    return (m3 / m2**1.5, m4 / m2**2) if m2**2 else (math.nan, math.nan)
