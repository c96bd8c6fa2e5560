"""Fitness by generation."""

import math

import pandas as pd
import pytest

from evotrade.plots.history import history_figure
from evotrade.plots.theme import COLOURS


def history(**columns):
    n = len(columns["generation"])
    plain = {"run_id": [1] * n, "evaluated": [20] * n, "born": [10] * n, "median": [1.0] * n}
    return pd.DataFrame({**plain, **columns})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_best_and_median_are_lines_of_their_own(theme):
    rows = history(generation=[0, 1], best=[2.0, 3.0], median=[1.0, 1.5])
    figure = history_figure(rows, "Sharpe, per √year", theme=theme)
    assert [trace.name for trace in figure.data] == ["Best", "Median"]
    assert [list(trace.y) for trace in figure.data] == [[2, 3], [1, 1.5]]
    assert figure.data[0].line.color == COLOURS[theme].strategy
    assert figure.layout.yaxis.title.text == "Sharpe, per √year"


def test_a_run_that_goes_on_continues_the_line_and_a_new_one_begins_its_own():
    rows = history(run_id=[1, 1, 2, 3], generation=[0, 1, 2, 0], best=[1.0, 2.0, 3.0, 4.0])
    line = history_figure(rows, "Fitness").data[0]
    assert list(line.x)[:3] == [0, 1, 2]
    assert math.isnan(line.x[3])
    assert (line.x[4], line.y[4]) == (0, 4)


def test_a_decade_is_drawn_on_a_logarithmic_scale_that_says_so():
    rows = history(generation=[0, 1], best=[2.0, 30.0])
    axis = history_figure(rows, "Return, %").layout.yaxis
    assert (axis.type, axis.title.text) == ("log", "Return, %, log")


@pytest.mark.parametrize("first", [-5.0, math.nan])
def test_losses_and_generations_without_a_value_are_drawn_on_a_linear_scale(first):
    rows = history(generation=[0, 1], best=[2.0, 5.0], median=[first, 1.0])
    assert history_figure(rows, "Fitness").layout.yaxis.type == "linear"


def test_a_generation_says_how_many_were_evaluated_and_born():
    trace = history_figure(history(generation=[0], best=[2.0]), "Fitness").data[0]
    assert list(trace.customdata[0]) == [1, 20, 10]
    assert "evaluated" in trace.hovertemplate
