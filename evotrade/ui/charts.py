"""The one way a Plotly figure gets onto a page: in the colours of the theme in force."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from evotrade.plots.theme import Theme


def theme_in_force() -> Theme:
    """Light or dark, as the person has chosen."""
    return "dark" if st.context.theme.type == "dark" else "light"


def draw(
    figure: go.Figure, key: str, height_px: int, alt: str, on_click: Callable[[], None] | None = None
) -> None:
    """Show a figure that was made for `theme_in_force()`; `alt` says in words what it shows.

    `on_click` is called when a point is clicked, which is then in `st.session_state[key]`.
    """
    figure.update_layout(height=height_px)
    st.plotly_chart(
        figure,
        key=key,
        config={"displaylogo": False},
        alt=alt,
        on_select=on_click or "ignore",
        selection_mode="points",
    )
