"""Window functions by the usual means of numpy, or by those of pandas alone.

A numpy user takes sums as differences of cumulative sums and doubles the window of a maximum. One who asks
pandas for everything gets `rolling`, which is several times slower, and rounds better.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evotrade.genome.functions import FUNCTIONS

Floats = npt.NDArray[np.float64]
Kernel = Callable[[Floats, int, Floats], Any]
"""(m,) values without NaN, n, and where the results go: one for every window that is full."""
Means = Literal["numpy", "pandas"]

_FEW = 4  # bars that are added sooner than accumulated


def shift(values: Floats, n: int) -> Floats:
    """(n,) the values n bars ago, NaN where there was no bar."""
    shifted = np.empty(len(values))
    shifted[:n] = np.nan
    shifted[n:] = values[: max(0, len(values) - n)]
    return shifted


def over_window(function: str, values: Floats, n: int, means: Means = "numpy") -> Floats:
    """A window function where values are missing: at the start, and wherever something was divided by 0."""
    if function == "LAG":
        return shift(values, n)
    width = FUNCTIONS[function].lookback(n) + 1
    missing = np.isnan(values)
    lead = int(missing.argmin())
    if (lead == 0 and missing[:1].all()) or len(values) - lead < width:
        return np.full(len(values), np.nan)
    values, missing, result = values[lead:], missing[lead:], np.empty(len(values))
    defined = result[lead + width - 1 :]
    result[: lead + width - 1] = np.nan
    kernel = _KERNELS[means][function]
    if not missing.any():
        kernel(values, n, defined)
    else:
        kernel(np.where(missing, 0.0, values), n, defined)
        gaps = np.empty(len(defined), dtype=np.int64)
        _sums(missing.astype(np.int64), width, gaps)
        defined[gaps > 0] = np.nan
    return result


def _sums(values: npt.NDArray[Any], n: int, out: npt.NDArray[Any]) -> None:
    """(len - n + 1,) sums of all windows."""
    if n <= _FEW:
        out[:] = values[n - 1 :]
        for age in range(1, n):
            out += values[n - 1 - age : len(values) - age]
        return
    total = np.cumsum(values)
    out[0] = total[n - 1]
    np.subtract(total[n:], total[:-n], out=out[1:])


def _means(values: Floats, n: int, out: Floats) -> None:
    _sums(values, n, out)
    out /= n


def _extremes(larger: np.ufunc) -> Kernel:
    def extremes(values: Floats, n: int, out: Floats) -> None:
        """(len - n + 1,) extremes of all windows: of two halves, which overlap in the last step."""
        width = 1
        while 2 * width <= n:
            values = larger(values[width:], values[:-width])
            width *= 2
        larger(values[n - width :], values[: len(values) - (n - width)], out=out)

    return extremes


def _rolling(name: str, **options: int) -> Kernel:
    def rolling(values: Floats, n: int, out: Floats) -> None:
        out[:] = getattr(pd.Series(values).rolling(n), name)(**options).to_numpy()[n - 1 :]

    return rolling


def _ema(values: Floats, n: int, out: Floats) -> None:
    """Weights r^age over 4n bars: the endless exponential mean without what is older than that."""
    share, r, memory = 2 / (n + 1), 1 - 2 / (n + 1), 4 * n
    endless = pd.Series(values).ewm(alpha=share, adjust=False).mean().to_numpy()
    np.multiply(endless[:-memory], -(r**memory), out=out[1:])
    out[0] = -(1 - share) * r ** (memory - 1) * values[0]  # which the first value weighs too much
    out += endless[memory - 1 :]
    out /= 1 - r**memory


def _rsi(values: Floats, n: int, out: Floats) -> None:
    changes = np.diff(values)
    lost = np.empty(len(out))
    _sums(np.maximum(changes, 0), n, out)
    _sums(np.maximum(-changes, 0), n, lost)
    lost += out
    out *= 100
    out /= lost
    out[lost == 0] = 50


_NUMPY: dict[str, Kernel] = {
    "SUM": _sums,
    "AVG": _means,
    "MAX": _extremes(np.maximum),
    "MIN": _extremes(np.minimum),
    "STD": _rolling("std", ddof=0),  # cumulative sums of squares would cancel
    "EMA": _ema,
    "RSI": _rsi,
}
_PANDAS = _NUMPY | {
    "SUM": _rolling("sum"),
    "AVG": _rolling("mean"),
    "MAX": _rolling("max"),
    "MIN": _rolling("min"),
}
_KERNELS: dict[Means, dict[str, Kernel]] = {"numpy": _NUMPY, "pandas": _PANDAS}
