"""Equity of several cells on one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from evotrade.plots.equity import Floats, spans_a_decade, thin
from evotrade.plots.theme import COLOURS, Theme, themed

_BUY_HOLD = "Buy and hold"


class Line(NamedTuple):
    """Equity of one cell: (n,) values that were 100 at the start; `place` is that of its colour, from 0."""

    place: int
    name: str
    values: Floats


def comparison_figure(
    time: pd.DatetimeIndex, lines: Sequence[Line], buy_hold: Floats | None, *, theme: Theme = "light"
) -> go.Figure:
    """Lines in the colours of `COLOURS.cells`, and dotted what buying and holding would have brought.

    `time` (n,) are the closes of the bars, UTC; `buy_hold` (n,) was 100 at the start, too. Where the
    highest value is ten times the lowest, the scale is logarithmic and says so.
    """
    colours = COLOURS[theme]
    series = [line.values for line in lines] + ([] if buy_hold is None else [buy_hold])
    kept = thin(*series)
    figure = go.Figure()
    if buy_hold is not None:
        look = {"width": 1.5, "color": colours.benchmark, "dash": "dot"}
        figure.add_trace(_trace(time[kept], buy_hold[kept], _BUY_HOLD, look))
    for place, name, values in lines:
        look = {"width": 1.5, "color": colours.cells[place]}
        figure.add_trace(_trace(time[kept], values[kept], escape(name), look))
    scale = "log" if spans_a_decade(*series) else "linear"
    figure.update_yaxes(title_text="Equity, start = 100" + (", log" if scale == "log" else ""), type=scale)
    figure.update_layout(hovermode="x unified", showlegend=False)
    return themed(figure, theme)


def _trace(time: pd.DatetimeIndex, values: Floats, name: str, look: Mapping[str, object]) -> go.Scatter:
    return go.Scatter(x=time, y=values, name=name, mode="lines", line=look, hovertemplate="%{y:,.1f}")
