import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.plots.lineage import Step, decades, line_figure, spans_decades
from evotrade.plots.theme import COLOURS

numbers = st.lists(st.floats(-1e12, 1e12, allow_subnormal=False), min_size=1, max_size=30).map(np.array)


def a_step(fitness, **changes):
    plain = {"cell_id": 7, "name": "", "generation": 3, "operator": "hoist", "fitness": fitness}
    return Step(**{**plain, **changes})


def a_line(*fitness):
    return [a_step(value, cell_id=n, generation=n) for n, value in enumerate(fitness, start=1)]


@given(numbers)
def test_decades_keep_order_sign_and_zero(values):
    places = decades(np.sort(values))
    assert np.all(np.diff(places) >= 0)
    assert np.array_equal(np.sign(places), np.sign(np.sort(values)))
    assert np.allclose(decades(-values), -decades(values))


def test_decades_are_known_at_round_numbers():
    assert decades(np.array([-99.0, 0.0, 9.0, 999.0])).tolist() == pytest.approx([-2.0, 0.0, 1.0, 3.0])


def test_values_span_decades_when_the_largest_is_ten_times_the_smallest():
    assert spans_decades(np.array([0.0, 9.0]))
    assert spans_decades(np.array([-50.0, 2.0]))
    assert not spans_decades(np.array([100.0, 900.0]))
    assert not spans_decades(np.array([-0.5, 2.0]))
    assert not spans_decades(np.array([]))


def test_a_line_is_drawn_by_generation_with_its_unit():
    figure = line_figure(a_line(10.0, 30.0, 20.0), measure="Return", unit=" %")
    line, chosen = figure.data
    assert list(line.x) == [1, 2, 3]
    assert list(line.y) == [10.0, 30.0, 20.0]
    assert (list(chosen.x), list(chosen.y)) == ([3], [20.0])
    assert figure.layout.yaxis.title.text == "Return, %"
    assert figure.layout.xaxis.title.text == "Generation"


def test_a_line_over_decades_says_so_and_is_labelled_with_real_values():
    figure = line_figure(a_line(-20.0, 9.0, 12_000.0), measure="Return", unit=" %")
    assert figure.layout.yaxis.title.text == "Return, %, log"
    assert {"−10 %", "0 %", "10 %", "10,000 %"} <= set(figure.layout.yaxis.ticktext)
    assert figure.data[0].y[1] == pytest.approx(1.0)


def test_the_way_onward_is_dotted_and_named():
    figure = line_figure(a_line(1.0, 2.0), a_line(2.0, 3.0), measure="Sharpe")
    assert [trace.name for trace in figure.data] == [
        "Onward to the best descendant",
        "From the founder",
        "This cell",
    ]
    assert figure.data[0].line.dash == "dot"
    assert figure.layout.yaxis.title.text == "Sharpe"


def test_a_point_tells_cell_operator_generation_and_fitness():
    figure = line_figure([a_step(12.5, name="Quiet")], measure="Return", unit=" %")
    assert figure.data[0].text[0] == "Cell 7 · Quiet<br>hoist<br>generation 3<br>12.50 %"
    assert figure.data[0].customdata[0] == 7


def test_a_cell_without_a_value_leaves_a_gap_and_says_so():
    figure = line_figure(a_line(1.0, math.nan, 3.0), measure="Return", unit=" %")
    assert math.isnan(figure.data[0].y[1])
    assert "no value" in figure.data[0].text[1]
    assert len(line_figure(a_line(math.nan), measure="Return").data) == 2


def test_a_name_is_no_markup():
    step = a_step(1.0, name="<b>bold</b>", operator="<i>")
    drawn = json.dumps(line_figure([step], measure="<u>").to_plotly_json(), default=str)
    assert not any(mark in drawn for mark in ("<b>", "<i>", "<u>"))


@pytest.mark.parametrize("theme", COLOURS)
def test_every_line_has_a_colour_of_the_theme(theme):
    figure = line_figure(a_line(1.0, 2.0), a_line(2.0, 3.0), measure="Return", theme=theme)
    assert figure.data[0].line.color == COLOURS[theme].benchmark
    assert figure.data[1].line.color == COLOURS[theme].strategy
