"""How the fitness of a dish evolved, generation by generation."""

from __future__ import annotations

import streamlit as st

from evotrade.engine.metrics import METRICS
from evotrade.plots.history import history_figure
from evotrade.ui import formats, reads
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.text import as_markdown, shortened

_CHART_PX, _LONG = 220, 60


def show(dish: str | None) -> None:
    """Best and median fitness by generation: open for the dish of the filter, or else for one to choose."""
    dishes = reads.dish_names()
    if not dishes:
        return
    title = "Fitness by generation" + (f" · {as_markdown(shortened(dish, _LONG))}" if dish else "")
    section = st.expander(
        title,
        expanded=dish is not None,
        icon=":material/trending_up:",
        on_change="rerun",
        key=f"history of {dish}",
    )
    if not section.open:
        return
    with section:
        chosen = dish or _one_of(dishes)
        _chart(chosen)


def _one_of(dishes: list[str]) -> str:
    """The dish that a person chooses, at first one that has evolved."""
    evolved = next((place for place, name in enumerate(dishes) if len(reads.generations(name))), 0)
    return st.selectbox("Dish", dishes, evolved, key="history_of", bind="query-params", width=300)


def _chart(dish: str) -> None:
    history = reads.generations(dish)
    if not len(history):
        said = "its cells were brought from elsewhere, or its first generation is not done yet"
        st.caption(
            f"**No generations.** Nothing has evolved in {as_markdown(shortened(dish, _LONG))}: {said}."
        )
        return
    runs = history["run_id"].nunique()
    st.caption(
        f"{len(history):,} generations in {runs:,} run{'s' * (runs > 1)}, "
        f"{history['evaluated'].sum():,} genomes evaluated, {history['born'].sum():,} cells born"
    )
    draw(
        history_figure(history, _measured(dish), theme=theme_in_force()),
        key="history",
        height_px=_CHART_PX,
        alt=f"Best and median fitness of dish {dish} by generation",
    )


def _measured(dish: str) -> str:
    """What fitness is in the dish, with its unit."""
    objective = reads.objective(dish)
    if objective not in METRICS:
        return "Fitness"
    unit = METRICS[objective].unit
    return formats.metric_label(objective) + (f", {unit}" if unit else "")
