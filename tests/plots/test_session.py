import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.plots.equity import DRAWN_POINTS
from evotrade.plots.session import (
    FillMark,
    Moment,
    SessionBar,
    pnl_figure,
    session_figure,
    split_figure,
)
from evotrade.plots.theme import COLOURS

START = datetime(2026, 3, 1, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>"


def at(hour):
    return START + timedelta(hours=hour)


def bar(hour, missed=""):
    return SessionBar(at(hour), 100.0, 110.0, 90.0, 105.0, missed)


def fill(hour, side, after):
    return FillMark(at(hour), side, 0.5, 100.0, after)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200))
def test_profit_is_drawn_as_it_was(profits):
    figure = pnl_figure([Moment(at(hour), 1.0, pnl) for hour, pnl in enumerate(profits)], [])
    assert list(figure.data[0].y) == profits


def test_the_position_is_a_step_at_each_fill_from_the_first_moment_to_the_last():
    moments = [Moment(at(hour), 1.0, 0.0) for hour in range(6)]
    figure = pnl_figure(moments, [fill(1, "buy", 0.5), fill(4, "sell", 0.0)], quote="USD", base="BTC")
    held = figure.data[1]
    assert list(held.y) == [0.0, 0.5, 0.0, 0.0]
    assert held.x[0] == figure.data[0].x[0]
    assert held.x[-1] == figure.data[0].x[-1]
    assert held.line.shape == "hv"
    assert figure.layout.yaxis2.title.text == "Position, BTC"


def test_what_was_held_before_the_first_moment_is_held_there():
    moments = [Moment(at(3), 1.0, 0.0), Moment(at(4), 1.0, 0.0)]
    assert list(pnl_figure(moments, [fill(1, "buy", 0.5)]).data[1].y) == [0.5, 0.5]


def test_many_moments_are_thinned():
    moments = [Moment(START + timedelta(seconds=second), 1.0, second % 7.0) for second in range(20_000)]
    assert len(pnl_figure(moments, []).data[0].x) <= DRAWN_POINTS


def test_bars_fills_and_missed_signals_are_drawn():
    bars = [bar(0), bar(1, "no prices"), bar(2)]
    figure = session_figure(bars, [fill(1, "buy", 0.5), fill(2, "sell", 0.0)], 3_600, running=bar(3))
    candles, running, buys, sells, missed = figure.data
    assert (len(candles.x), len(running.x), len(buys.x), len(sells.x), len(missed.x)) == (3, 1, 1, 1, 1)
    assert missed.text[0] == "no prices"
    assert str(missed.x[0]).startswith("2026-03-01T02:00")


def test_a_session_without_a_bar_is_an_empty_figure():
    assert len(session_figure([], [], 3_600).data[0].x) == 0
    assert len(pnl_figure([], []).data[0].x) == 0


def test_the_split_begins_at_the_backtest_and_ends_at_the_live_profit():
    split = split_figure(10.0, {"signal": -2.0, "missed_bars": 0.001}, 8.001, quote="USD").data[0]
    assert list(split.x) == ["Backtest", "Signal", "Missed bars", "Live"]
    assert list(split.text) == ["+10.00", "−2.00", "0.00", "+8.00"]
    assert split.measure == ("absolute", "relative", "relative", "total")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_have_the_colours_of_the_theme(theme):
    for figure in (
        pnl_figure([], [], theme),
        session_figure([], [], 60, theme),
        split_figure(0, {}, 0, theme),
    ):
        assert figure.layout.paper_bgcolor == COLOURS[theme].ground


def test_hostile_names_are_text():
    moments = [Moment(at(0), 1.0, 0.0)]
    for figure in (
        pnl_figure(moments, [fill(0, "buy", 1.0)], quote=HOSTILE, base=HOSTILE),
        session_figure([bar(0, HOSTILE)], [fill(0, "buy", 1.0)], 3_600, quote=HOSTILE),
        split_figure(0.0, {}, 0.0, quote=HOSTILE),
    ):
        assert "<img" not in json.dumps(json.loads(figure.to_json()))
