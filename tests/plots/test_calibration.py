"""What models expected against what was measured, as a figure."""

import pandas as pd

from evotrade.plots.calibration import calibration_figure

NAN = float("nan")


def points(**changes):
    plain = {"model": ["a", "a", "b"], "name": ["x", "y", "z"], "expected_sharpe": [1.0, 2.0, 0.0]}
    return pd.DataFrame({**plain, "sharpe": [0.5, NAN, -1.0], **changes})


def test_a_trace_a_model_and_a_diagonal_through_all_points():
    diagonal, a, b = calibration_figure(points(), "sharpe", "Sharpe").data
    assert (a.name, list(a.x), list(a.y)) == ("a", [1.0], [0.5])
    assert (b.name, list(b.x), list(b.y)) == ("b", [0.0], [-1.0])
    assert list(diagonal.x) == list(diagonal.y)
    assert (diagonal.x[0] < -1.0, diagonal.x[1] > 1.0) == (True, True)


def test_nothing_known_is_an_empty_figure():
    assert calibration_figure(points(sharpe=[NAN] * 3), "sharpe", "Sharpe").data == ()


def test_hostile_names_are_text():
    hostile = ["<img src=x onerror='window.hacked=1'>"] * 3
    _, trace = calibration_figure(points(model=hostile, name=hostile), "sharpe", "Sharpe").data
    assert "<" not in trace.name + "".join(trace.text)
