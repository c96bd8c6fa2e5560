"""Several cells' equity on one axis."""

import numpy as np
import pandas as pd
import pytest

from evotrade.plots.comparison import Line, comparison_figure
from evotrade.plots.equity import DRAWN_POINTS
from evotrade.plots.theme import COLOURS


def times(n):
    return pd.date_range("2025-01-01", periods=n, freq="h", tz="UTC")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_line_has_the_colour_of_its_place(theme):
    lines = [Line(0, "Cell 3", np.array([100.0, 110.0])), Line(3, "Cell 9", np.array([100.0, 90.0]))]
    figure = comparison_figure(times(2), lines, np.array([100.0, 105.0]), theme=theme)
    colours = COLOURS[theme]
    assert [trace.name for trace in figure.data] == ["Buy and hold", "Cell 3", "Cell 9"]
    expected = [colours.benchmark, colours.cells[0], colours.cells[3]]
    assert [trace.line.color for trace in figure.data] == expected
    assert figure.data[2].y.tolist() == [100, 90]


def test_without_a_benchmark_only_cells_are_drawn():
    figure = comparison_figure(times(2), [Line(0, "Cell 3", np.array([100.0, 110.0]))], None)
    assert [trace.name for trace in figure.data] == ["Cell 3"]


def test_long_series_are_thinned_and_keep_their_extremes():
    values = np.full(50_000, 100.0)
    values[31_415] = 7.0
    figure = comparison_figure(times(50_000), [Line(0, "a", values), Line(1, "b", values + 1)], None)
    assert len(figure.data[0].x) <= DRAWN_POINTS + 2
    assert min(figure.data[0].y) == 7


def test_a_decade_is_drawn_on_a_logarithmic_scale_that_says_so():
    line = Line(0, "Cell 3", np.array([100.0, 1_000.0]))
    axis = comparison_figure(times(2), [line], None).layout.yaxis
    assert (axis.type, axis.title.text) == ("log", "Equity, start = 100, log")


def test_a_hostile_name_is_text():
    name = "<img src=x onerror='window.hacked=1'>"
    figure = comparison_figure(times(2), [Line(0, name, np.array([100.0, 110.0]))], None)
    assert "<img" not in figure.data[0].name
