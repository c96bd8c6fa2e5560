"""Fitness along a line of descent, generation by generation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from evotrade.plots.equity import Floats
from evotrade.plots.theme import COLOURS, Theme, themed

_FEW_TICKS = 4
_LARGEST_POWER = 300
_ROOM = 0.08
_NAME_LENGTH = 60


class Step(NamedTuple):
    """One cell of a line; `fitness` may be NaN."""

    cell_id: int
    name: str
    generation: int
    operator: str
    fitness: float


def line_figure(
    line: Sequence[Step],
    onward: Sequence[Step] = (),
    *,
    measure: str,
    unit: str = "",
    theme: Theme = "light",
) -> go.Figure:
    """Fitness by generation of `line`, whose last cell is the one looked at, and of `onward` from there.

    `measure` names what fitness is, `unit` stands behind its values (` %`). Where the values span a decade
    the scale is logarithmic in both directions, with a line through zero, and says so. A point's
    `customdata` is the number of its cell.
    """
    colours = COLOURS[theme]
    values = np.array([step.fitness for step in (*line, *onward)], dtype=np.float64)
    values = values[np.isfinite(values)]
    log = spans_decades(values)
    figure = go.Figure()
    for name, steps, colour, dash in (
        ("Onward to the best descendant", onward, colours.benchmark, "dot"),
        ("From the founder", line, colours.strategy, "solid"),
    ):
        if steps:
            figure.add_trace(_trace(name, steps, unit, log, colour, dash))
    if line:
        figure.add_trace(_chosen(line[-1], unit, log, colours.strategy, colours.ground))
    label = f"{measure}, {unit.strip()}" if unit.strip() else measure
    figure.update_yaxes(title_text=escape(f"{label}, log" if log else label))
    figure.update_xaxes(title_text="Generation", tickformat=",d")
    if log:
        _label_decades(figure, values, unit)
    figure.update_layout(showlegend=bool(onward))
    return themed(figure, theme)


def spans_decades(values: Floats) -> bool:
    """Whether finite values (n,) are better read on a scale of decades, which is even up to about ±1."""
    size = 1 + np.abs(values)
    return bool(len(values)) and bool(size.max() >= 10 * size.min())


def decades(values: Floats) -> Floats:
    """(n,) places on the scale of decades: the logarithm of the size plus one, with the sign kept."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)) / np.log(10), dtype=np.float64)


def _trace(name: str, steps: Sequence[Step], unit: str, log: bool, colour: str, dash: str) -> go.Scatter:
    values = np.array([step.fitness for step in steps], dtype=np.float64)
    return go.Scatter(
        x=[step.generation for step in steps],
        y=decades(values) if log else values,
        name=name,
        mode="lines+markers",
        line={"width": 1.5, "color": colour, "dash": dash},
        marker={"size": 6, "color": colour},
        customdata=[step.cell_id for step in steps],
        text=[_told(step, unit) for step in steps],
        hovertemplate="%{text}<extra></extra>",
    )


def _chosen(step: Step, unit: str, log: bool, colour: str, ground: str) -> go.Scatter:
    trace = _trace("This cell", [step], unit, log, colour, "solid")
    return trace.update(
        mode="markers",
        showlegend=False,
        marker={"size": 13, "color": ground, "line": {"width": 3, "color": colour}},
    )


def _told(step: Step, unit: str) -> str:
    name = f" · {step.name[:_NAME_LENGTH]}" if step.name else ""
    lines = (
        f"Cell {step.cell_id}{name}",
        step.operator,
        f"generation {step.generation:,}",
        _written(step.fitness, unit),
    )
    return "<br>".join(escape(line) for line in lines if line)  # Plotly reads some HTML


def _written(value: float, unit: str) -> str:
    return "no value" if np.isnan(value) else f"{value:,.2f}{unit}".replace("-", "−", 1)


def _label_decades(figure: go.Figure, values: Floats, unit: str) -> None:
    low, high = float(values.min()), float(values.max())
    ticks = [value for value in _round_values(1) if low <= value <= high]
    if len(ticks) < _FEW_TICKS:
        ticks += [value for value in (*_round_values(2), *_round_values(5)) if low <= value <= high]
    ends = decades(np.array([low, high]))
    room = _ROOM * (ends[1] - ends[0])
    figure.update_yaxes(
        tickvals=decades(np.array(ticks)),
        ticktext=[f"{value:,.0f}{unit}".replace("-", "−", 1) for value in ticks],
        range=[ends[0] - room, ends[1] + room],
    )


def _round_values(times: int) -> Iterator[float]:
    """0 and the powers of ten in both directions, so many times."""
    yield 0.0
    for power in range(_LARGEST_POWER):
        yield times * 10.0**power
        yield -times * 10.0**power
