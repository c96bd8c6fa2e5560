"""Fitness of a dish by generation: the best and the median cell."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from evotrade.plots.equity import Floats, spans_a_decade
from evotrade.plots.theme import COLOURS, Theme, themed

_HOVER = (
    "%{fullData.name} %{y:,.2f}<br>generation %{x}, run %{customdata[0]}"
    "<br>%{customdata[1]:,} evaluated, %{customdata[2]:,} born<extra></extra>"
)


def history_figure(history: pd.DataFrame, fitness: str, *, theme: Theme = "light") -> go.Figure:
    """Best and median fitness by generation.

    `history` has the columns of `Store.generations`, in its order; `fitness` says what is measured, with
    its unit. A run that goes on where the last one ended continues its line, one that began anew has a
    line of its own. Where the highest value is ten times the lowest, the scale is logarithmic and says so.
    """
    rows = _with_breaks(history)
    colours = COLOURS[theme]
    figure = go.Figure()
    for name, colour in (("best", colours.strategy), ("median", colours.muted)):
        line = go.Scatter(
            x=rows["generation"],
            y=rows[name],
            name=name.capitalize(),
            mode="lines+markers",
            line={"width": 1.5, "color": colour},
            marker={"size": 4},
            customdata=rows[["run_id", "evaluated", "born"]],
            hovertemplate=_HOVER,
        )
        figure.add_trace(line)
    scale = "log" if spans_a_decade(*(_numbers(history[name]) for name in ("best", "median"))) else "linear"
    figure.update_yaxes(title_text=escape(fitness) + (", log" if scale == "log" else ""), type=scale)
    figure.update_xaxes(title_text="Generation", rangemode="nonnegative")
    return themed(figure, theme)


def _with_breaks(history: pd.DataFrame) -> pd.DataFrame:
    """The rows, with one of NaN wherever a run begins anew: a line stops there."""
    begins_anew = history["generation"].diff() <= 0
    pieces = [piece for _, piece in history.groupby(begins_anew.cumsum())]
    gap = pd.DataFrame(np.nan, index=[0], columns=history.columns)
    return pd.concat([part for piece in pieces for part in (piece.astype(object), gap)][:-1] or [history])


def _numbers(values: pd.Series) -> Floats:
    found = values.to_numpy(np.float64)
    return np.asarray(found[np.isfinite(found)], dtype=np.float64)
