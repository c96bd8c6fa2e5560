"""What models expected of their strategies against what was measured."""

from __future__ import annotations

from html import escape

import pandas as pd
import plotly.graph_objects as go

from evotrade.plots.theme import COLOURS, Theme, themed

_MARGIN = 0.05  # of the range, around the points


def calibration_figure(points: pd.DataFrame, metric: str, title: str, *, theme: Theme = "light") -> go.Figure:
    """A point a proposal, in the colour of its model; on the diagonal the model was right.

    `points` has the columns model, name, `expected_…` and the metric itself, both in the metric's unit, which
    `title` says; rows without either are left out.
    """
    colours = COLOURS[theme]
    known = points.dropna(subset=[metric, f"expected_{metric}"])
    figure = go.Figure()
    if len(known):
        values = known[[metric, f"expected_{metric}"]].to_numpy(float)
        low, high = float(values.min()), float(values.max())
        pad = (high - low) * _MARGIN or 1.0
        ends = [low - pad, high + pad]
        look = {"color": colours.muted, "dash": "dot", "width": 1.5}
        figure.add_trace(
            go.Scatter(x=ends, y=ends, mode="lines", line=look, name="as expected", hoverinfo="skip")
        )
    for place, (model, rows) in enumerate(known.groupby("model", sort=True)):
        figure.add_trace(
            go.Scatter(
                x=rows[f"expected_{metric}"],
                y=rows[metric],
                mode="markers",
                name=escape(str(model)),
                text=[escape(str(name)) for name in rows["name"]],
                marker={"size": 9, "opacity": 0.8, "color": colours.cells[place % len(colours.cells)]},
                hovertemplate="%{text}<br>expected %{x:,.2f}<br>measured %{y:,.2f}<extra></extra>",
            )
        )
    figure.update_xaxes(title_text=f"{title}, expected")
    figure.update_yaxes(title_text=f"{title}, measured")
    return themed(figure, theme)
