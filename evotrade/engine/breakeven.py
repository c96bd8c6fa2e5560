"""The fee at which a run of trades would have earned nothing."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

_HALVINGS = 50  # from a bracket of 2 to less than 1e-11 basis points


def breakeven_fee(ratios: npt.NDArray[np.float64], closed: int, share: float, on_top: bool) -> float:
    """The fee a side, as a fraction, that makes the net profit of these entries and exits exactly 0.

    `ratios` (k,) are exit / entry prices of the trades in order, `closed` of which are closed; an open one,
    the last, is marked at the last close and pays one side. Prices and times of the fills stay as they are,
    and every entry invests `share` of the equity. A trade of share s multiplies the equity by
    1 + s·(ρ·c − 1), where costs leave c = (1 − f)/(1 + f) (fee on top) or (1 − f)² (fee on notional). The
    product of all is 1 at the break-even fee, found by bisection, since it falls with f. NaN without trades,
    and where no fee between −100 % and 100 % does it. Rounding to lots and ticks is not repeated.
    Compiled as it stands for many genomes at once.
    """
    if len(ratios) == 0:
        return math.nan
    log_ratios = 0.0  # invested whole, the logs of all trades add up once for every fee
    for ratio in ratios:
        log_ratios += math.log(ratio)
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        fee = (low + high) / 2
        once = 1 / (1 + fee) if on_top else 1 - fee
        twice = once * (1 - fee)
        if share == 1:
            log_growth = log_ratios + closed * math.log(twice) + (len(ratios) - closed) * math.log(once)
        else:
            log_growth = 0.0
            for trade in range(len(ratios)):
                kept = twice if trade < closed else once
                log_growth += math.log1p(share * (ratios[trade] * kept - 1))
        if log_growth > 0:
            low = fee
        else:
            high = fee
    return math.nan if low == -1 or high == 1 else (low + high) / 2
