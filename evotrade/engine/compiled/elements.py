"""What the other kernels are made of: copies, and the larger and smaller of two numbers as NumPy has them."""

from __future__ import annotations

from evotrade.engine.compiled.jit import kernel


@kernel
def copy(to, values):
    """Copy values to an array of as many; ten times as quick as an assignment to a slice."""
    for i in range(to.size):
        to[i] = values[i]


@kernel
def clear(values):
    """Make them all 0, ten times as quick as an assignment to a slice."""
    for i in range(values.size):
        values[i] = 0


@kernel
def higher(x, y):
    """The larger one, NaN where one of them is."""
    return x if (x > y) | (x != x) else y


@kernel
def lower(x, y):
    """The smaller one, NaN where one of them is."""
    return x if (x < y) | (x != x) else y
