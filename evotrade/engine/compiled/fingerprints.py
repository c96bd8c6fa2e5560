"""Fingerprints of many genomes, as `engine/fingerprints.py` defines them."""

from __future__ import annotations

import numpy as np

from evotrade.engine import fingerprints
from evotrade.engine.compiled.jit import kernel

_GLANCE = 128
_scramble = kernel(fingerprints.scramble)


@kernel
def sum_changes(decisions, first, bars, sums):
    """Write the sum over the changes in `bars` columns of each row of `decisions`, from `first` on."""
    for genome in range(len(decisions)):
        chosen = decisions[genome, first : first + bars]
        total = np.uint64(0)
        if bars:
            total += _change(0, chosen[0])
        for begin in range(1, bars, _GLANCE):
            later, earlier = chosen[begin : begin + _GLANCE], chosen[begin - 1 : begin - 1 + _GLANCE]
            some = np.uint8(0)
            for j in range(later.size):
                some |= np.uint8(later[j] != earlier[j])
            if some:
                for j in range(later.size):
                    if later[j] != earlier[j]:
                        total += _change(begin + j, later[j])
        sums[genome] = total


@kernel
def _change(bar, decision):
    return _scramble(np.uint64(3 * bar + decision + 1))
