"""Sums in a fixed order, so that they are the same to the last bit however they are computed.

NumPy's own `sum` promises no order, nor does a compiler. Here a sum over bars is made of blocks of 128: a
block, filled up with zeros, is added in halves (64 onto 64, 32 onto 32, and so on), and then one block after
the other in order. That is quick in both worlds, and far more accurate than one running sum.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BLOCK_BARS = 128


def in_order(values: Floats) -> float:
    """0 + the first + the second + …"""
    return float(np.add.accumulate(np.append(0.0, values))[-1])


class Blocks:
    """The blocks of stretches `[borders[k], borders[k + 1])` of bars, each of which begins with a new one.

    `starts` and `widths` (stretches, blocks) are the first bar and the number of bars of each; a stretch that
    has fewer blocks than others is filled up with empty ones.
    """

    def __init__(self, borders: Ints) -> None:
        begins, ends = borders[:-1, None], borders[1:, None]
        count = -(-int(np.diff(borders).max(initial=0)) // BLOCK_BARS)
        firsts = begins + BLOCK_BARS * np.arange(count)
        self.starts = np.minimum(firsts, ends)
        self.widths = np.clip(ends - firsts, 0, BLOCK_BARS)
        self._stretches = list(zip(begins[:, 0].tolist(), ends[:, 0].tolist(), strict=True))

    def fold(self, values: Floats) -> Floats:
        """(stretches, blocks) the sum of (n,) `values` over each block."""
        padded = np.zeros((len(self.starts), self.starts.shape[1] * BLOCK_BARS))
        for row, (begin, end) in zip(padded, self._stretches, strict=True):
            row[: end - begin] = values[begin:end]
        lanes = padded.reshape(*self.starts.shape, BLOCK_BARS)
        width = BLOCK_BARS
        while width > 1:
            width //= 2
            lanes = lanes[..., :width] + lanes[..., width:]
        return lanes[..., 0]

    def sum(self, values: Floats) -> list[float]:
        """The sum of (n,) `values` over each stretch."""
        return self.add(self.fold(values))

    def add(self, folded: Floats) -> list[float]:
        """(stretches, blocks) sums of blocks, added in order."""
        zeros = np.zeros((len(folded), 1))
        return [float(total) for total in np.add.accumulate(np.hstack([zeros, folded]), axis=1)[:, -1]]
