"""The ledger of trials: every evaluation of a genome with its settings, whatever came of it.

Nothing is ever left out of it, for a result is worth only what the number of trials behind it allows
(Bailey and López de Prado, "The Deflated Sharpe Ratio", 2014).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Fate = Literal["born", "failed", "finalist", "test", "imported"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation of one genome on one span at one timeframe.

    `slice_n`, `slice_sum`, `slice_sum_sq` hold, for 16 equal slices of the span, the number of per-bar
    returns, their sum and the sum of their squares; `skew` and `kurtosis` (not excess) are of all per-bar
    returns: what significance needs later without another run. Times are Unix seconds, UTC.
    """

    genome_id: str
    genome: str
    settings_key: str
    pair: str
    source: str
    timeframe: str
    split: str
    start_s: int
    end_s: int
    bars: int
    outcome: Fate
    reason: str
    fitness: float
    trades: int
    fingerprint: str
    slice_n: tuple[int, ...]
    slice_sum: tuple[float, ...]
    slice_sum_sq: tuple[float, ...]
    skew: float
    kurtosis: float
    created_at: datetime
    dish: str = ""
    run_id: int | None = None
    generation: int = 0
    operator: str = ""


def settings_key(settings: Mapping[str, object]) -> str:
    """12 hexadecimal digits that name settings (combine, timeframe, costs …), whatever their order."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
