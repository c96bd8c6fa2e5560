"""The larger and the smaller of two numbers, as NumPy's `maximum` and `minimum` have them."""

from __future__ import annotations

from evotrade.engine.compiled.jit import kernel


@kernel
def higher(x, y):
    """The larger one, NaN where one of them is."""
    return x if (x > y) | (x != x) else y


@kernel
def lower(x, y):
    """The smaller one, NaN where one of them is."""
    return x if (x < y) | (x != x) else y
