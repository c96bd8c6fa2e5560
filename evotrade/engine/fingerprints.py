"""The name of a behaviour: the same decisions on the same bars have the same one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Decisions = npt.NDArray[np.int8]


def fingerprint(decisions: Decisions) -> str:
    """16 hexadecimal digits that name (n,) decisions: the sum modulo 2^64 of a number for each change.

    That number is made of the bar and of what is decided from it on: together they say all.
    """
    bars = np.flatnonzero(np.diff(decisions, prepend=np.int8(2)))  # the first bar is a change, too
    changes = (3 * bars + decisions[bars] + 1).astype(np.uint64)
    return text(int(np.add.reduce(scramble(changes), dtype=np.uint64)), len(decisions))


def text(total: int, bars: int) -> str:
    """A sum over changes, and over how many bars, as text."""
    return f"{(total + bars) % 2**64:016x}"


def scramble(number: Any) -> Any:
    """Another number of 64 bits for each one: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).

    For an array of them, or for one in a compiled kernel.
    """
    mixed = (number + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
