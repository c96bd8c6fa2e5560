"""How flat a series is: where it moves, a mean needs no clamp, and a deviation is not 0."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MOVES = 2e-11
"""Of the largest magnitude. A mean over n bars lies at least (max - min)/n inside its window's extremes and
misses the exact one by less than 26·2^-53 of the largest magnitude: each value takes part in at most 24
additions, and there is one division. For n up to 5 000 the first is larger if max - min is over 1.5e-11 of
that magnitude, and so the clamp of dsl.md changes nothing."""

_SMALLEST, _LARGEST = 1e-280, 1e300  # magnitudes between which sums and means neither overflow nor vanish
_CHUNK_BARS = 8_192  # whose differences stay near the processor
_STRIDE = 4


class Flatness:
    """How long (n,) values stay nearly the same, found out only as far as somebody asks."""

    def __init__(self, values: Floats) -> None:
        self._values = values

    def moves_within(self, bars: int) -> bool:
        """Whether the values move within every window of so many bars.

        Then no window of finite values is flat, and its rounded mean lies inside its extremes. A window that
        holds a NaN is NaN anyway.
        """
        return (bars >= 2 * _STRIDE and self._moves_by_samples) or bars > self.longest

    @cached_property
    def longest(self) -> int:
        """Bars of the longest stretch on which consecutive values stay nearly the same; a NaN ends it."""
        values, least = self._values, self._least_step
        if least is None:
            return len(values)
        still = np.empty(len(values) - 1, dtype=np.bool_)
        for first in range(0, len(still), _CHUNK_BARS):
            part = values[first : first + _CHUNK_BARS + 1]
            steps = part[1:] - part[:-1]
            np.less_equal(np.abs(steps, out=steps), least, out=still[first : first + len(steps)])
        return _longest_run(still) + 1

    @cached_property
    def _moves_by_samples(self) -> bool:
        """Whether every fourth value differs from the one before: it is quickly seen, and mostly enough.

        A stretch of eight bars holds two samples, four steps apart; one more step is for their rounding.
        """
        least = self._least_step
        if least is None:
            return False
        samples = self._values[::_STRIDE]
        steps = samples[1:] - samples[:-1]
        return not (np.abs(steps, out=steps) <= (_STRIDE + 1) * least).any()

    @cached_property
    def _least_step(self) -> float | None:
        """The largest step that counts as none; None where the values are too small or large to tell."""
        values = self._values
        if not len(values):
            return None
        largest = max(values.max(), -values.min())
        if np.isnan(largest):
            largest = np.max(np.abs(values), initial=0.0, where=~np.isnan(values))
        return float(_MOVES * largest) if _SMALLEST < largest < _LARGEST else None


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    """The length of the longest run of true flags, found by doubling: most runs are short."""
    runs = [flags]  # runs[k] is true where a run of 2^k begins
    while runs[-1].any():
        half = 1 << (len(runs) - 1)
        runs.append(runs[-1][half:] & runs[-1][: max(0, len(runs[-1]) - half)])
    length, begun = 0, np.ones(len(flags) + 1, dtype=np.bool_)
    for level in range(len(runs) - 2, -1, -1):
        ahead = runs[level][length:]
        longer = begun[: len(ahead)] & ahead
        if longer.any():
            begun, length = longer, length + (1 << level)
    return length
