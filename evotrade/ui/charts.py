"""The one way a Plotly figure gets onto a page: in the colours of the theme in force."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from evotrade.plots.theme import Theme


def theme_in_force() -> Theme:
    """Light or dark, as the person has chosen."""
    return "dark" if st.context.theme.type == "dark" else "light"


def draw(figure: go.Figure, key: str, height_px: int, alt: str) -> None:
    """Show a figure that was made for `theme_in_force()`; `alt` says in words what it shows."""
    figure.update_layout(height=height_px)
    st.plotly_chart(figure, key=key, config={"displaylogo": False}, alt=alt)
