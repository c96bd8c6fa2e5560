"""Colours of charts in light and dark, the same on pages and in notebooks."""

from __future__ import annotations

from typing import Literal, NamedTuple

import plotly.graph_objects as go

Theme = Literal["light", "dark"]


class Colours(NamedTuple):
    """Colours of one theme by what they mean; `grid` hardly stands out from `ground`, the others do.

    `cells` tell up to five cells apart; `soft` ones fill the area below a line of their name.
    """

    ground: str
    text: str
    grid: str
    muted: str
    strategy: str
    benchmark: str
    drawdown: str
    soft_drawdown: str
    rising: str
    falling: str
    buy: str
    sell: str
    train: str
    validation: str
    cells: tuple[str, str, str, str, str]


COLOURS: dict[Theme, Colours] = {
    "light": Colours(
        ground="#FFFFFF",
        text="#334155",
        grid="#E2E8F0",
        muted="#64748B",
        strategy="#0F766E",
        benchmark="#94A3B8",
        drawdown="#DC2626",
        soft_drawdown="rgba(220, 38, 38, 0.15)",
        rising="#059669",
        falling="#DC2626",
        buy="#1D4ED8",
        sell="#C2410C",
        train="#0F766E",
        validation="#7C3AED",
        cells=("#0F766E", "#1D4ED8", "#C2410C", "#7C3AED", "#BE185D"),
    ),
    "dark": Colours(
        ground="#0F172A",
        text="#CBD5E1",
        grid="#1E293B",
        muted="#94A3B8",
        strategy="#2DD4BF",
        benchmark="#64748B",
        drawdown="#F87171",
        soft_drawdown="rgba(248, 113, 113, 0.2)",
        rising="#34D399",
        falling="#F87171",
        buy="#60A5FA",
        sell="#FB923C",
        train="#2DD4BF",
        validation="#A78BFA",
        cells=("#2DD4BF", "#60A5FA", "#FB923C", "#A78BFA", "#F472B6"),
    ),
}


def themed(figure: go.Figure, theme: Theme) -> go.Figure:
    """The figure with ground, text and grid of `theme`, and tight margins; traces bring their own colours."""
    colours = COLOURS[theme]
    figure.update_layout(
        paper_bgcolor=colours.ground,
        plot_bgcolor=colours.ground,
        font={"color": colours.text},
        hoverlabel={"bgcolor": colours.ground, "font": {"color": colours.text}},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(gridcolor=colours.grid, zeroline=False)
    figure.update_yaxes(gridcolor=colours.grid, zeroline=False)
    return figure
