"""Sums in a fixed order, so that they are the same to the last bit however they are computed.

NumPy's own `sum` promises no order, nor does a compiler. Here a sum over bars runs in 128 lanes: lane j adds
the values j, j + 128, j + 256 … in order, and then the lanes are added in halves: 64 onto 64, 32 onto 32,
and so on. That is quick in both worlds, and far more accurate than one running sum.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LANES = 128


def in_order(values: Floats) -> float:
    """0 + the first + the second + …"""
    return float(np.add.accumulate(np.append(0.0, values))[-1])


class SlicedSums:
    """Sums of (n,) series over stretches `[borders[k], borders[k + 1])` of their bars, in lanes."""

    def __init__(self, borders: Ints) -> None:
        longest = int(np.diff(borders).max(initial=0))
        self._stretches = list(pairwise(borders.tolist()))
        self._padded = np.zeros((len(self._stretches), -(-longest // LANES) * LANES))

    def of(self, values: Floats) -> list[float]:
        """The sum of (n,) `values` over each stretch."""
        for row, (begin, end) in zip(self._padded, self._stretches, strict=True):
            row[: end - begin] = values[begin:end]
        lanes = np.zeros((len(self._padded), LANES))
        for part in range(0, self._padded.shape[1], LANES):
            lanes += self._padded[:, part : part + LANES]
        width = LANES
        while width > 1:
            width //= 2
            lanes = lanes[:, :width] + lanes[:, width:]
        return [float(total) for total in lanes[:, 0]]
