"""Synthetic markets: bars that move like a market and are none, for tests, demonstrations and no network.

Bull, bear and sideways regimes take turns; volatility clusters (log volatility is a first-order
autoregression: Taylor, Modelling Financial Time Series, 1986) and returns have fat tails (Student's t);
prices walk inside the bar, so that open, high, low and close are those of one path; volume and trades
rise with the size of the move.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evotrade import timeframes
from evotrade.errors import SettingsError
from evotrade.market.candles import Candles, Floats, bar_start_s

_START_S = 1_577_836_800  # 2020-01-01, or the start of its bar
_YEAR_S = 365 * 86_400
_VOLATILITY = 0.6  # of log returns, a year: about that of large coins
_DRIFTS = np.array([2.0, -2.0, 0.0])  # log return a year in a bull, bear and sideways regime
_REGIME_S = 30 * 86_400  # mean length of a regime
_CLUSTER_S = 3 * 86_400  # mean life of a shock to volatility
_CLUSTER_STD = 0.5  # of log volatility
_TAIL_FREEDOM = 5  # of Student's t; returns of crypto pairs have 3 to 6
_PATH_STEPS = 16  # inside a bar


def synthetic_candles(
    n: int = 10_000,
    interval: str = "1h",
    seed: int | np.random.Generator = 0,
    *,
    pair: str = "SYN/USD",
    first_price: float = 100.0,
) -> Candles:
    """`n` bars of a made-up market, the same for the same arguments, with source `synthetic`.

    Raises `SettingsError` for an unknown interval or fewer than 1 bar.
    """
    if n < 1:
        raise SettingsError(f"a market of {n} bars: ask for 1 or more")
    length = timeframes.length_s(interval)
    rng = np.random.default_rng(seed)
    shock = np.exp(_CLUSTER_STD * _log_volatility(n, length, rng))
    shock *= np.sqrt((_TAIL_FREEDOM - 2) / rng.chisquare(_TAIL_FREEDOM, n))  # a normal times this is a t
    typical = _VOLATILITY * np.sqrt(length / _YEAR_S)
    steps = rng.standard_normal((n, _PATH_STEPS)) * (typical * shock / np.sqrt(_PATH_STEPS))[:, None]
    steps += (_drift(n, length, rng) * length / _YEAR_S / _PATH_STEPS)[:, None]

    path = np.exp(np.cumsum(steps).reshape(n, _PATH_STEPS)) * first_price
    open_ = np.append(first_price, path[:-1, -1])
    activity = (0.3 + shock) * rng.lognormal(0.0, 0.4, n)
    first_s = int(bar_start_s(_START_S, interval))
    return Candles(
        time_s=first_s + length * np.arange(n),
        open=open_,
        high=np.maximum(open_, path.max(axis=1)),
        low=np.minimum(open_, path.min(axis=1)),
        close=path[:, -1],
        volume=activity * length / 60,
        trades=1 + rng.poisson(activity * length / 120).astype(np.float64),
        timeframe=interval,
        pair=pair,
        source="synthetic",
    )


def _log_volatility(n: int, length: int, rng: np.random.Generator) -> Floats:
    """(n,) autoregression of unit variance."""
    memory = np.exp(-length / _CLUSTER_S)
    innovations = rng.standard_normal(n) * np.sqrt(1 - memory**2)
    innovations[0] = rng.standard_normal()  # starts in its stationary law
    # ewm without adjustment is y[t] = memory * y[t-1] + (1 - memory) * x[t], and begins at x[0]
    innovations[1:] /= 1 - memory
    return np.asarray(pd.Series(innovations).ewm(alpha=1 - memory, adjust=False).mean())


def _drift(n: int, length: int, rng: np.random.Generator) -> Floats:
    """(n,) log return a year of the regime that each bar is in; a regime's end brings one of the others."""
    ends = rng.random(n) < min(1.0, length / _REGIME_S)
    regime = (rng.integers(3) + np.cumsum(ends * rng.integers(1, 3, n))) % 3
    return np.asarray(_DRIFTS[regime])
