"""What a model is shown of cells, markets and sessions: plain data, quoted so that text in it stays data."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from evotrade.cells import Cell, Phenotype

UNSEEN = frozenset({"vault"})
"""Splits whose numbers no model is ever shown."""
SHOWN_METRICS = (
    *("return_pct", "buy_hold_return_pct", "sharpe", "max_drawdown_pct", "trades", "win_rate_pct"),
    *("profit_factor", "avg_trade_pct", "avg_holding_bars", "exposure_pct"),
)
"""Metrics that a model is shown, enough to tell what went wrong."""
_DIGITS = 4
_TAG = re.compile(r"<(?=[/!?A-Za-z])")  # a comparison as the printer writes it has a blank behind it
_LONGEST = 2_000


def quoted(name: str, data: object) -> str:
    """Data as JSON between marks that nothing inside can close: what others wrote stays a string in it.

    The instructions say that what stands between such marks is never an order.
    """
    text = json.dumps(data, ensure_ascii=False, indent=1, default=str)
    text = _TAG.sub("\\\\u003c", text)
    return f'<data name="{name}">\n{text}\n</data>'


def number(value: float | None) -> float | None:
    """The number with four digits; None for none, which JSON has no NaN for."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")


def metrics_view(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """Those of `SHOWN_METRICS` that there are."""
    return {name: number(metrics[name]) for name in SHOWN_METRICS if name in metrics}


def results_view(rows: Iterable[Phenotype]) -> list[dict[str, Any]]:
    """Results by timeframe and split, without those of a vault, whoever gives them."""
    return [
        {
            "timeframe": row.timeframe,
            "split": row.split,
            "from": day(row.start_s),
            "to": day(row.end_s),
            **({"skipped": row.skipped} if row.skipped else metrics_view(row.metrics)),
        }
        for row in rows
        if row.split not in UNSEEN
    ]


def cell_view(cell: Cell, rows: Sequence[Phenotype]) -> dict[str, Any]:
    """A cell with those of its results that may be shown; its fitness only where one of them is."""
    return {
        "cell_id": cell.cell_id,
        "name": cell.name or cell.llm_name or "",
        "category": cell.category or cell.llm_category or "",
        "hypothesis": (cell.hypothesis or cell.llm_hypothesis or "")[:_LONGEST],
        "genome": cell.genome,
        "combine": cell.combine,
        "origin": cell.origin,
        "operator": cell.operator,
        "generation": cell.generation,
        "parents": [one for one in (cell.parent_id, cell.second_parent_id) if one is not None],
        "objective": cell.objective,
        "fitness": number(cell.fitness) if any(row.split not in UNSEEN for row in rows) else None,
        "status": cell.status,
        "results": results_view(rows),
    }


def day(time_s: int) -> str:
    """The day of a moment in Unix seconds, UTC."""
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d}"
