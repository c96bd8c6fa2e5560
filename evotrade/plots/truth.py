"""Closes around one bar, with what was decided at each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from evotrade.market.candles import Candles
from evotrade.plots.theme import COLOURS, Theme, themed

SHOWN_BARS = 240
"""Bars in the picture: close enough to click each."""

_HOP = SHOWN_BARS // 3


def around(bar: int, bars: int) -> slice:
    """At most `SHOWN_BARS` of `bars` bars with bar `bar` among them.

    The picture stands still while `bar` moves within its middle third, and then hops by a third.
    """
    first = min((bar // _HOP - 1) * _HOP, bars - SHOWN_BARS)
    return slice(max(0, first), min(bars, max(0, first) + SHOWN_BARS))


def decisions_figure(
    candles: Candles, decisions: npt.NDArray[np.int8], bar: int, theme: Theme = "light"
) -> go.Figure:
    """The closes `around` bar `bar`, that bar, and the bars at which (n,) `decisions` buy (1) or sell (-1).

    `customdata` of each point is the number of its bar.
    """
    colours = COLOURS[theme]
    shown = np.arange(len(candles))[around(bar, len(candles))]
    bought, sold = (shown[decisions[shown] == action] for action in (1, -1))
    figure = go.Figure(
        [
            # markers that nobody sees: a click finds the one nearest to it in time
            _points(candles, shown, "Close", size=10, color="rgba(0, 0, 0, 0)").update(
                mode="lines+markers",
                line={"width": 1.5, "color": colours.muted},
                hovertemplate="%{x|%Y-%m-%d %H:%M} UTC, close %{y}<extra></extra>",
            ),
            _points(candles, bought, "BUY", size=7, symbol="triangle-up", color=colours.buy),
            _points(candles, sold, "SELL", size=7, symbol="triangle-down", color=colours.sell),
            _points(
                candles, np.array([bar]), "This bar", size=14, symbol="circle-open", color=colours.text
            ).update(marker_line_width=2),
        ]
    )
    figure.add_vline(x=candles.timestamp[bar], line={"width": 1, "dash": "dot", "color": colours.muted})
    figure.update_layout(hovermode="x", clickmode="event+select")
    return themed(figure, theme)


def _points(candles: Candles, bars: npt.NDArray[np.int64], name: str, **marker: Any) -> go.Scatter:
    seen = {"marker": {"opacity": 1}}  # a click chooses a bar, and dims none
    return go.Scatter(
        x=candles.timestamp[bars],
        y=candles.close[bars],
        customdata=bars,
        name=name,
        mode="markers",
        marker=marker,
        hoverinfo="skip",
        selected=seen,
        unselected=seen,
    )
