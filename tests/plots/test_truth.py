import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evotrade.market.synthetic import synthetic_candles
from evotrade.plots.truth import SHOWN_BARS, around, decisions_figure


@given(st.integers(1, 1_000), st.data())
def test_the_picture_holds_its_bar_and_as_many_as_there_are(bars, data):
    at = data.draw(st.integers(0, bars - 1))
    shown = around(at, bars)
    assert shown.start <= at < shown.stop <= bars
    assert shown.stop - shown.start == min(bars, SHOWN_BARS)


def test_the_picture_marks_what_is_decided_and_the_bar():
    decisions = np.array([0, 1, 1, 0, -1, 0], dtype=np.int8)
    figure = decisions_figure(synthetic_candles(6, "1h", seed=1), decisions, 3)
    marked = {trace.name: trace.customdata.tolist() for trace in figure.data}
    assert marked == {"Close": [0, 1, 2, 3, 4, 5], "BUY": [1, 2], "SELL": [4], "This bar": [3]}
