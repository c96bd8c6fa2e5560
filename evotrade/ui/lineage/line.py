"""Fitness along the line of descent: from the founder to the chosen cell, and on to its best descendant."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from evotrade.cells import Cell
from evotrade.engine.metrics import METRICS
from evotrade.plots.equity import thin
from evotrade.plots.lineage import Step, line_figure
from evotrade.ui import formats
from evotrade.ui.badges import cell_badge
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.lineage import reads
from evotrade.ui.lineage.overview import ask_for
from evotrade.ui.text import as_markdown, shortened

_DRAWN = 400
_LISTED = 8
_WORD = 40
_CHART = "fitness along the line"
_CHART_PX = 300


def show(cell: Cell) -> None:
    """A chart of fitness by generation, and the last steps as a list; nothing for a cell all alone."""
    family = reads.family(cell.cell_id)
    if len(family.line) == 1 and len(family.onward) == 1:
        return
    _chart(cell, family)
    if len(family.line) > 1:
        _list(family.line)


def _chart(cell: Cell, family: reads.Family) -> None:
    unit = METRICS[cell.objective].unit
    figure = line_figure(
        _steps(_few(family.line)),
        _steps(_few(family.onward)) if len(family.onward) > 1 else (),
        measure=formats.metric_label(cell.objective) + (f", {unit}" if unit not in ("%", "") else ""),
        unit=" %" if unit == "%" else "",
        theme=theme_in_force(),
    )
    steps = len(family.line) - 1
    alt = f"Fitness of the {steps:,} first parents before cell {cell.cell_id}, by generation"
    draw(figure, key=_CHART, height_px=_CHART_PX, alt=alt, on_click=_follow)
    longest = max(len(family.line), len(family.onward))
    if longest > _DRAWN:
        st.caption(f"Drawn with {_DRAWN:,} of {longest:,} cells, the best and the worst among them.")


def _follow() -> None:
    points = st.session_state[_CHART]["selection"]["points"]
    if points:
        ask_for(int(points[0]["customdata"]))


def _few(line: Sequence[int]) -> list[int]:
    """At most about 400 cells of the line, with which it draws as with all."""
    cells = reads.population()
    fitness = cells.fitness[np.searchsorted(cells.cell_id, line)]
    return [line[place] for place in thin(np.nan_to_num(fitness), most=_DRAWN)]


def _steps(line: Sequence[int]) -> list[Step]:
    rows = reads.certificates(line)[list(Step._fields)].to_numpy(object).tolist()
    return [Step(*row) for row in rows]


def _list(line: Sequence[int]) -> None:
    """The last cells of the line, newest first, with what each of them gained."""
    shown = line[-_LISTED - 1 :]
    rows = reads.certificates(shown).to_dict("records")
    with st.container(gap="xsmall"):
        for row, parent in zip(rows[:0:-1], rows[-2::-1], strict=True):
            _row(row, parent)
        if len(shown) == len(line):
            _row(rows[0], None)
        else:
            st.caption(f"and {formats.counted(len(line) - _LISTED, 'cell')} before them, in the chart")


def _row(row: Mapping[Hashable, Any], parent: Mapping[Hashable, Any] | None) -> None:
    words = [
        f"generation {row['generation']:,}",
        shortened(row["operator"] or row["origin"], _WORD),
        formats.metric(row["objective"], row["fitness"]),
    ]
    if parent and parent["objective"] == row["objective"]:
        words.append(_gain(row["objective"], row["fitness"] - parent["fitness"]))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        cell_badge(row["cell_id"], shortened(row["name"], _WORD), row["status"])
        st.caption(" · ".join(as_markdown(word) for word in words), width="content")


def _gain(objective: str, value: float) -> str:
    said = formats.metric(objective, value).replace(" %", " percentage points")
    return f"gain {'+' if value > 0 else ''}{said}"
