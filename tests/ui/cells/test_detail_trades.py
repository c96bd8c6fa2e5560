"""Equity and trades in the panel of one cell."""

import json

import pytest

from evotrade.lab.cells import create_cell
from evotrade.market.synthetic import synthetic_candles
from tests.ui.stores import HOSTILE, a_cell, a_phenotype, a_store, an_evaluated_cell

NEVER = "IF DELTA(0) < 0 THEN BUY"


@pytest.fixture
def store(tmp_path):
    """A store with an evaluated cell, number 1."""
    made = a_store(tmp_path)
    an_evaluated_cell(made)
    return made


@pytest.fixture
def open_trades(store, open_app):
    """The trades of that cell, at an address such as `window=one`."""
    return lambda **address: open_app(store, cell="1", view="Trades", **address)


def table(app):
    return next(frame for frame in app.dataframe if frame.key and frame.key.startswith("table of trades"))


def window(app):
    return next(group for group in app.button_group if group.key.startswith("window"))


def trades(app):
    return table(app).value


def figure(app):
    (chart,) = app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def candles(app):
    return next(trace for trace in figure(app)["data"] if trace["type"] == "candlestick")


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def steps(app):
    return next(text.value for text in app.markdown if text.value.startswith("Trade "))


def test_equity_is_shown_first_and_trades_are_one_click_away(store, open_app):
    app = open_app(store, cell="1")
    assert figure(app)["data"][1]["name"] == "Strategy"
    app.button_group(key="view").set_value("Trades").run()
    assert candles(app)["name"] == "Bar of 1h"
    assert not app.exception


def test_the_table_has_a_row_for_each_trade_with_units_in_its_titles(open_trades):
    app = open_trades()
    count = int(next(card.value for card in app.metric if card.label == "Trades"))
    assert trades(app)["trade"].tolist() == list(range(1, count + 1))
    columns = json.loads(table(app).proto.columns).values()
    titles = {column.get("label") for column in columns}
    assert {"Entry, UTC", "Exit price, USD", "Fees, USD", "Closed by"} <= titles
    assert steps(app) == f"Trade 1 of {count}"


def test_all_candles_are_drawn_and_the_length_of_their_bars_is_said(open_trades):
    app = open_trades()
    assert len(candles(app)["x"]) == 400
    assert "drawn with bars of 1h" in captions(app)


def test_steps_go_from_trade_to_trade_and_stop_at_the_ends(open_trades):
    app = open_trades()
    assert app.button(key="previous trade").disabled
    app.button(key="next trade").click().run()
    assert steps(app).startswith("Trade 2 of")
    assert (app.query_params["trade"], app.query_params["window"]) == ("2", "one")
    last = open_trades(trade="999999")
    assert last.button(key="next trade").disabled


def test_a_window_that_is_chosen_goes_into_the_address_and_stays(open_trades):
    app = open_trades(trade="3")
    window(app).set_value("one").run()
    assert (app.query_params["window"], window(app).value) == ("one", "one")
    window(app).set_value("all").run()
    assert (app.query_params["window"], window(app).value) == ("all", "all")
    assert steps(app).startswith("Trade 3 of")


def test_the_trade_in_view_is_marked_in_the_table_whatever_led_to_it(open_trades):
    app = open_trades(trade="3")
    assert json.loads(table(app).proto.selection_default)["selection"]["rows"] == [2]
    app.button(key="next trade").click().run()
    assert json.loads(table(app).proto.selection_default)["selection"]["rows"] == [3]
    app.query_params["trade"] = "7"
    assert json.loads(table(app.run()).proto.selection_default)["selection"]["rows"] == [6]


def test_a_step_looks_closely_at_its_trade(open_trades):
    app = open_trades(window="one", trade="2")
    assert 30 < len(candles(app)["x"]) < 400
    assert len(figure(app)["layout"]["shapes"]) == 1


@pytest.mark.parametrize("nonsense", ["", "abc", "-1", "0", "1.5", "²", "9" * 30, HOSTILE])
def test_nonsense_in_the_address_is_the_first_trade_and_all_candles(open_trades, nonsense):
    app = open_trades(trade=nonsense, window=nonsense)
    assert steps(app).startswith("Trade 1 of")
    assert len(candles(app)["x"]) == 400
    assert not app.exception


def test_windows_longer_than_the_candles_are_not_on_offer(open_trades):
    options = window(open_trades()).proto.options
    assert [option.content for option in options] == ["All", "One trade"]


def test_a_window_of_days_ends_where_the_candles_end(tmp_path, open_app):
    store = a_store(tmp_path)
    market = synthetic_candles(24 * 40, "1h", seed=1)
    create_cell("IF DELTA(0) > AVG(DELTA, 3) THEN BUY ELSE SELL", market, store=store)
    app = open_app(store, cell="1", view="Trades", window="30d")
    assert len(candles(app)["x"]) == 24 * 30
    assert "2020-01-11 to 2020-02-10, drawn" in captions(app)


def test_a_strategy_that_never_bought_says_so(tmp_path, open_app):
    store = a_store(tmp_path)
    create_cell(NEVER, synthetic_candles(100, "1h", seed=1), store=store)
    app = open_app(store, cell="1", view="Trades")
    assert "never bought" in captions(app)
    assert not app.get("plotly_chart")


def test_recorded_numbers_have_nothing_to_draw_and_no_choice_of_it(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(phenotypes=(a_phenotype(recorded=True),))), view="Trades")
    assert "another system recorded" in captions(app)
    assert not [group for group in app.button_group if group.key == "view"]


def test_trades_without_their_candles_say_why(tmp_path, open_app):
    numbers = a_phenotype(base_timeframe="1h", pair=HOSTILE)
    app = open_app(a_store(tmp_path, a_cell(phenotypes=(numbers,))), view="Trades")
    assert "No equity or trades to draw" in captions(app)
    assert "<img" not in captions(app).replace("\\<", "")
