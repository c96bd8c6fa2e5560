"""Results as Plotly figures, for pages and notebooks alike: arrays in, figures out.

Figures leave text, ground and grid to where they are shown; `themed` sets them, and the colours of the
lines, for light or dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

Floats = npt.NDArray[np.float64]
Theme = Literal["light", "dark"]

DRAWN_POINTS = 3_000
"""Most points that a line is drawn with: about two per pixel of a wide screen."""

_EQUITY, _BUY_HOLD, _DRAWDOWN = "Strategy", "Buy and hold", "Drawdown"


class Colours(NamedTuple):
    """Colours of one theme; lines stand out from `ground`, `grid` hardly does."""

    ground: str
    text: str
    grid: str
    lines: Mapping[str, str]
    fills: Mapping[str, str]


COLOURS: Mapping[Theme, Colours] = {
    "light": Colours(
        ground="#FFFFFF",
        text="#334155",
        grid="#E2E8F0",
        lines={_EQUITY: "#0F766E", _BUY_HOLD: "#94A3B8", _DRAWDOWN: "#DC2626"},
        fills={_DRAWDOWN: "rgba(220, 38, 38, 0.15)"},
    ),
    "dark": Colours(
        ground="#0F172A",
        text="#CBD5E1",
        grid="#1E293B",
        lines={_EQUITY: "#2DD4BF", _BUY_HOLD: "#64748B", _DRAWDOWN: "#F87171"},
        fills={_DRAWDOWN: "rgba(248, 113, 113, 0.2)"},
    ),
}


def thin(*series: Floats, most: int = DRAWN_POINTS) -> npt.NDArray[np.int64]:
    """(k,) indices, in order, of at most `most` points with which the (n,) series draw as with all n.

    The series are cut into runs of bars, and of each run and series the lowest and the highest point
    stay, so that no fall or spike disappears; the first and the last point of all stay, too. Nothing is
    averaged. All series must be finite; with n <= `most` every index stays.
    """
    n = len(series[0])
    if n <= most:
        return np.arange(n)
    runs = np.linspace(0, n, max(1, (most - 2) // (2 * len(series))) + 1).astype(np.int64)
    kept = {0, n - 1}
    for start, end in pairwise(runs):
        for values in series:
            run = values[start:end]
            kept.update((int(start + run.argmin()), int(start + run.argmax())))
    return np.array(sorted(kept), dtype=np.int64)


def drawdown_pct(equity: Floats, initial: float) -> Floats:
    """(n,) fall of `equity` below its highest value before, which may be `initial`, in percent, at most 0."""
    peak = np.maximum.accumulate(np.maximum(equity, initial))
    return np.asarray(100.0 * (equity / peak - 1.0), dtype=np.float64)


def equity_figure(
    time: pd.DatetimeIndex,
    equity: Floats,
    buy_hold: Floats,
    *,
    initial: float,
    theme: Theme = "light",
    quote: str = "",
) -> go.Figure:
    """Equity against buy and hold, and below it the equity's drawdown in percent.

    `time` (n,) are the closes of the bars, UTC; `equity` and `buy_hold` (n,) are in quote currency,
    both started from `initial`. Longer series are drawn with about `DRAWN_POINTS` points, see `thin`;
    where the highest value is ten times the lowest, the scale is logarithmic and says so.
    """
    quote = escape(quote)  # Plotly reads some HTML in titles
    drawdown = drawdown_pct(equity, initial)
    drawn = thin(equity, buy_hold, drawdown)
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06)
    for row, name, values, unit in (
        (1, _BUY_HOLD, buy_hold, ",.2f"),
        (1, _EQUITY, equity, ",.2f"),
        (2, _DRAWDOWN, drawdown, ".1f"),
    ):
        end = " %" if name == _DRAWDOWN else f" {quote}".rstrip()
        line = go.Scatter(
            x=time[drawn],
            y=values[drawn],
            name=name,
            mode="lines",
            line={"width": 1.5},
            fill="tozeroy" if name == _DRAWDOWN else None,
            showlegend=name != _DRAWDOWN,
            hovertemplate=f"%{{y:{unit}}}{end}",
        )
        figure.add_trace(line, row=row, col=1)
    scale = "log" if _spans_a_decade(equity, buy_hold) else "linear"
    title = ", ".join(part for part in ("Equity", quote, scale if scale == "log" else "") if part)
    figure.update_yaxes(title_text=title, type=scale, row=1, col=1)
    figure.update_yaxes(title_text="Drawdown, %", rangemode="tozero", row=2, col=1)
    if not drawdown.any():  # Plotly would put a line of zeros on a scale that goes up to 1
        figure.update_yaxes(range=[-1, 0], row=2, col=1)
    figure.update_layout(
        hovermode="x unified",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    return themed(figure, theme)


def _spans_a_decade(*series: Floats) -> bool:
    lowest = min((values.min() for values in series if len(values)), default=0.0)
    return bool(lowest > 0 and max(values.max() for values in series) >= 10 * lowest)


def themed(figure: go.Figure, theme: Theme) -> go.Figure:
    """The figure with the colours of `theme`, which its traces take by their names."""
    colours = COLOURS[theme]
    for trace in figure.data:
        if trace.name in colours.lines:
            trace.line.color = colours.lines[trace.name]
        if trace.name in colours.fills:
            trace.fillcolor = colours.fills[trace.name]
    figure.update_layout(
        paper_bgcolor=colours.ground,
        plot_bgcolor=colours.ground,
        font={"color": colours.text},
        hoverlabel={"bgcolor": colours.ground, "font": {"color": colours.text}},
    )
    figure.update_xaxes(gridcolor=colours.grid, zeroline=False)
    figure.update_yaxes(gridcolor=colours.grid, zeroline=False)
    return figure
