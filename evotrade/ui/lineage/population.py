"""The whole population on a canvas: birth order, fitness, and lines from parents to children."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from evotrade.ui.lineage.reads import Drawn

COLOURS = ("status", "origin")
SCALES = ("log", "linear")

_HERE = Path(__file__).parent
_SCRIPTS = ("scales.js", "cells.js", "painter.js", "steps.js", "hand.js", "population.js")


class Look(NamedTuple):
    """How a population is drawn: one of `COLOURS`, one of `SCALES`."""

    colour: str
    scale: str


def show_population(
    drawn: Drawn, look: Look, *, chosen: int | None, choose: Callable[[int], None], alt: str, key: str
) -> None:
    """The canvas, with the cell `chosen` and its family marked; `choose` is called with the one clicked on.

    Pan and zoom stay while the population grows.
    """
    with st.container(gap=None):
        # The cells by themselves: Streamlit does not send an element again that has not changed.
        _COMPONENT(key=f"{key} cells", data={"version": drawn.version, "cells": drawn.cells})
        _COMPONENT(
            key=key,
            data={
                "version": drawn.version,
                "filter": drawn.dish,
                "labels": drawn.labels,
                "unit": drawn.unit,
                "title": drawn.title,
                "chosen": chosen,
                "alt": alt,
                **look._asdict(),
            },
            on_cell_change=lambda: choose(int(st.session_state[key]["cell"])),
        )


# One module of all scripts, without a build step.
_COMPONENT = st.components.v2.component(
    "evotrade_population",
    html="""
<template>
  <div class="plot" tabindex="0" role="application" inert>
    <canvas class="back"></canvas><canvas class="middle"></canvas><canvas class="front"></canvas>
    <div class="ring" hidden></div>
    <div class="buttons">
      <button class="in" type="button" title="Zoom in (+)" aria-label="Zoom in">+</button>
      <button class="out" type="button" title="Zoom out (-)" aria-label="Zoom out">−</button>
      <button class="all" type="button" title="Show all (0, or double click)" aria-label="Show all">⤢</button>
    </div>
    <div class="tip" hidden></div>
  </div>
  <ul class="legend"></ul>
</template>
""",
    css=(_HERE / "population.css").read_text(encoding="utf-8"),
    js="\n".join((_HERE / script).read_text(encoding="utf-8") for script in _SCRIPTS),
)
