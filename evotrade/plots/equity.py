"""Equity against buy and hold, with the drawdown below."""

from __future__ import annotations

from html import escape
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from evotrade.plots.theme import COLOURS, Theme, themed

Floats = npt.NDArray[np.float64]

DRAWN_POINTS = 3_000
"""Most points that a line is drawn with: about two per pixel of a wide screen."""

_EQUITY, _BUY_HOLD, _DRAWDOWN = "Strategy", "Buy and hold", "Drawdown"


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
    times = time[drawn].tz_localize(None).to_numpy()  # with a zone Plotly would copy each time by itself
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06)
    colours = COLOURS[theme]
    for row, name, values, unit, colour in (
        (1, _BUY_HOLD, buy_hold, ",.2f", colours.benchmark),
        (1, _EQUITY, equity, ",.2f", colours.strategy),
        (2, _DRAWDOWN, drawdown, ".1f", colours.drawdown),
    ):
        end = " %" if name == _DRAWDOWN else f" {quote}".rstrip()
        line = go.Scatter(
            x=times,
            y=values[drawn],
            name=name,
            mode="lines",
            line={"width": 1.5, "color": colour},
            fill="tozeroy" if name == _DRAWDOWN else None,
            fillcolor=colours.soft_drawdown,
            showlegend=name != _DRAWDOWN,
            hovertemplate=f"%{{y:{unit}}}{end}",
        )
        figure.add_trace(line, row=row, col=1)
    scale = "log" if spans_a_decade(equity, buy_hold) else "linear"
    title = ", ".join(part for part in ("Equity", quote, scale if scale == "log" else "") if part)
    figure.update_yaxes(title_text=title, type=scale, row=1, col=1)
    figure.update_yaxes(title_text="Drawdown, %", rangemode="tozero", row=2, col=1)
    if not drawdown.any():  # Plotly would put a line of zeros on a scale that goes up to 1
        figure.update_yaxes(range=[-1, 0], row=2, col=1)
    figure.update_layout(hovermode="x unified")
    return themed(figure, theme)


def spans_a_decade(*series: Floats) -> bool:
    """Whether the highest value is ten times the lowest, which is above 0: a job for a logarithmic scale."""
    lowest = min((values.min() for values in series if len(values)), default=0.0)
    return bool(lowest > 0 and max(values.max() for values in series) >= 10 * lowest)
