import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide
from evotrade.engine.thought import turns
from evotrade.genome import parse
from evotrade.market.candles import Candles
from tests.ui.stores import HOSTILE

HOUR_S = 3_600
START_S = 1_735_689_600  # 2025-01-01
CROSSING = "IF DELTA > AVG(DELTA, 3) THEN BUY; IF DELTA < 5 THEN SELL"
CLOSES = [9, 9, 9, 8, 7, 6, 4, 3, 5, 6, 7, 7]  # SELL at bars 6 and 7, BUY from 8 to 11
LAST = len(CLOSES) - 1


def candles(closes=CLOSES, hours=None, pair="BTC/USD"):
    close = np.array(closes, dtype=float)
    time_s = START_S + HOUR_S * np.array(range(len(close)) if hours is None else hours, dtype=np.int64)
    traded = np.arange(len(close), dtype=float)
    return Candles(time_s, close, close, close, close, traded, traded, "1h", pair)


def view(text=CROSSING, series=None, combine="votes"):
    def script(text, series, combine):
        from evotrade.genome import parse
        from evotrade.ui.editor.truth import show

        show(parse(text), series, combine, key="bar")

    return AppTest.from_function(script, kwargs={"text": text, "series": series, "combine": combine})


def opened(text=CROSSING, series=None, combine="votes", **address):
    app = view(text, candles() if series is None else series, combine)
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def said(app):
    """What the view says, without the marks that keep text from being markup."""
    texts = [each.value for kind in ("caption", "markdown") for each in app.get(kind)]
    return re.sub(r"\u200c|\\", "", "\n".join(texts))


def press(app, label):
    return app.button(key=f"bar {label}").click().run()


def bar(app):
    return int(re.search(r"bar (\d+): 20", said(app))[1])


def test_the_last_bar_comes_first_with_its_decision_and_votes():
    app = opened()
    assert bar(app) == LAST
    assert "2 rules: 1 BUY, 1 HOLD · combined by votes, HOLD abstains" in said(app)
    assert any("blue-badge" in each.value and "BUY" in each.value for each in app.markdown)


def test_the_bar_is_shown_with_its_time_and_units():
    app = opened(bar="2025-01-01T03:00")
    assert "bar 3: 2025-01-01 03:00 to 2025-01-01 04:00 UTC" in said(app)
    assert "close 8 USD · volume 3 BTC · 3 trades" in said(app)
    assert "volume 1 BTC · 1 trade" in said(press(press(app, "Previous bar"), "Previous bar"))


@pytest.mark.parametrize("asked_for", ["rubbish", "2030-01-01T00:00", "1999-01-01T00:00", HOSTILE])
def test_an_address_without_such_a_bar_shows_the_last_one(asked_for):
    app = opened(bar=asked_for)
    assert not app.exception
    assert bar(app) == LAST


def test_a_moment_without_a_bar_shows_the_bar_before_it():
    series = candles([1, 2, 3], hours=[0, 1, 7])
    assert bar(opened(series=series, bar="2025-01-01T05:30")) == 1


def test_buttons_go_from_bar_to_bar_and_stop_at_the_ends():
    app = press(opened(), "Previous bar")
    assert bar(app) == LAST - 1
    assert app.query_params["bar"] == "2025-01-01T10:00"
    app = press(app, "Next bar")
    assert bar(app) == LAST
    assert app.button(key="bar Next bar").disabled
    assert opened(bar="2025-01-01T00:00").button(key="bar Previous bar").disabled


def test_buttons_go_to_where_the_decision_becomes_another():
    expected = turns(decide(parse(CROSSING), Columns(candles()))).tolist()
    assert expected == [6, 8]
    app = press(opened(), "Previous change")
    assert bar(app) == 8
    app = press(app, "Previous change")
    assert (bar(app), app.button(key="bar Previous change").disabled) == (6, True)
    assert "1 SELL" in said(app)
    assert bar(press(app, "Next change")) == 8


def test_a_bar_before_the_lookback_says_when_decisions_begin():
    app = opened(bar="2025-01-01T01:00")
    assert "**No decision before bar 2** (lookback), this is bar 1." in said(app)


def test_a_series_too_short_to_decide_is_shown_all_the_same():
    app = opened(series=candles([1, 2]))
    assert "No decision before bar 2" in said(app)
    assert not app.exception


def test_a_series_without_bars_says_what_to_do():
    assert "No bar to think about" in said(opened(series=candles([])))


def test_a_timeframe_that_the_bars_cannot_make_is_one_sentence():
    app = opened("IF DELTA_15M > 0 THEN BUY")
    assert not app.exception
    assert "DELTA_15M cannot be made of 1h bars" in said(app)


def test_the_way_to_combine_is_said():
    assert "combined by unanimous, all must agree" in said(opened(combine="unanimous"))


def test_a_hostile_pair_is_text():
    app = opened(series=candles(pair=HOSTILE))
    assert not app.exception
    assert not any(re.search(r"(?<!\\)<img", each.value) for each in app.caption)


@pytest.mark.parametrize(("hours", "expected"), [(range(0, 24, 2), 2), (range(50, 62), LAST)])
def test_other_candles_keep_the_moment_where_they_have_it_and_show_their_last_bar_otherwise(hours, expected):
    def script(text, first, second):
        import streamlit as st

        from evotrade.genome import parse
        from evotrade.ui.editor.truth import show

        show(parse(text), second if st.checkbox("other") else first, "votes", key="bar")

    series = {"first": candles(), "second": candles(hours=hours)}
    app = AppTest.from_function(script, kwargs={"text": CROSSING, **series})
    app.query_params["bar"] = "2025-01-01T05:00"
    assert bar(app.run()) == 5
    assert bar(app.checkbox[0].check().run()) == expected
