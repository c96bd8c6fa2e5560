from decimal import Decimal

import pytest

from evotrade.engine.execution import Limits, TradingHours
from evotrade.errors import SessionRefused
from evotrade.store import Store
from evotrade.ui.desk.start import _code
from tests.api.desks import a_view
from tests.ui.desk.looks import text
from tests.ui.stores import HOSTILE, a_cell, a_phenotype


def start(app):
    return app.button(key="start session").click().run()


def test_a_cell_leads_to_the_panel_that_starts_it(daemon, open_app, store):
    link = next(each for each in open_app(store, cell="1").get("page_link") if "Start" in each.proto.label)
    assert link.proto.page.endswith("live")
    assert link.proto.query_string == "start=1"


def test_the_panel_suggests_what_the_cell_was_measured_on(daemon, open_page):
    app = open_page("live", start="1")
    assert app.text_input(key="start pair 1").value == "BTC/USD"
    assert app.selectbox(key="start timeframe 1").value == "1h"
    assert app.number_input(key="start allocation").value == 1_000
    assert app.button(key="start session").label == "Start on paper"


def test_a_started_session_is_in_the_table_and_in_view_at_once(desk, daemon, open_page):
    app = start(open_page("live", start="1"))
    assert app.dataframe[0].value["Session"].tolist() == [1]
    assert app.query_params["session"] == "1"
    assert "start" not in app.query_params
    assert (desk.asked[0].cell_id, desk.asked[0].dry_run, desk.asked[0].pair) == (1, True, "BTC/USD")
    assert app.toast[0].value == "Session 1 of cell 1 has started."


def test_what_is_filled_in_is_what_is_asked_for(desk, daemon, open_page):
    app = open_page("live", start="1")
    app.text_input(key="start pair 1").input("ETH/USD").run()
    app.selectbox(key="start timeframe 1").select("4h").run()
    app.number_input(key="start allocation").set_value(250.5).run()
    app.number_input(key="limit stop_loss_pct").set_value(2.5).run()
    app.number_input(key="limit max_trades_per_day").set_value(3).run()
    app.checkbox(key="limit hours").check().run()
    start(app)
    asked = desk.asked[0]
    assert (asked.pair, asked.timeframe, asked.allocation) == ("ETH/USD", "4h", Decimal("250.5"))
    hours = TradingHours(start="09:00", end="17:00")
    assert asked.limits == Limits(stop_loss_pct=2.5, max_trades_per_day=3, trading_hours=hours)


def test_real_orders_need_the_confirmation_typed_exactly(desk, daemon, open_page):
    app = open_page("live", start="1")
    app.segmented_control(key="start orders").set_value("Real orders").run()
    assert "To confirm, type: 1 BTC/USD 1000" in app.text_input(key="start confirm 1").label.replace("\\", "")
    assert app.button(key="start session").disabled
    app.text_input(key="start confirm 1").input("1 BTC/USD 999").run()
    assert "This is not the text" in text(app)
    assert app.button(key="start session").disabled
    app.text_input(key="start confirm 1").input("1 BTC/USD 1000").run()
    start(app)
    assert (desk.asked[0].dry_run, desk.asked[0].confirm) == (False, "1 BTC/USD 1000")


def test_a_changed_allocation_needs_another_confirmation(daemon, open_page):
    app = open_page("live", start="1")
    app.segmented_control(key="start orders").set_value("Real orders").run()
    app.text_input(key="start confirm 1").input("1 BTC/USD 1000").run()
    app.number_input(key="start allocation").set_value(5_000.0).run()
    assert app.button(key="start session").disabled


def test_a_daemon_that_may_not_send_real_orders_says_so_in_the_panel(daemon, open_page):
    app = open_page("live", start="1")
    app.segmented_control(key="start orders").set_value("Real orders").run()
    assert "EVOTRADE_ALLOW_REAL_ORDERS=1" in text(app)


def test_a_refusal_stands_in_the_panel_until_something_else_is_asked(desk, daemon, open_page, monkeypatch):
    async def refuse(request):
        raise SessionRefused("the history of BTC/USD at 1h is 3 bars short: try again later")

    monkeypatch.setattr(desk, "start", refuse)
    app = start(open_page("live", start="1"))
    assert "3 bars short" in app.error[0].value
    assert app.text_input(key="start pair 1").value == "BTC/USD"
    app.number_input(key="start allocation").set_value(5_000.0).run()
    assert not app.error


def test_a_dead_cell_is_warned_of(daemon, open_page):
    app = open_page("live", start="2")
    assert "This cell is dead (never traded)" in text(app)
    assert not app.button(key="start session").disabled


@pytest.mark.parametrize("wrong", ["999", "abc", HOSTILE])
def test_a_cell_that_is_not_there_is_said_and_another_can_be_chosen(daemon, open_page, wrong):
    app = open_page("live", start=wrong)
    assert wrong[:3] in text(app)
    app.selectbox[0].select_index(0).run()
    assert app.query_params["start"] == "1"
    assert app.button(key="start session").label == "Start on paper"


def test_limits_that_make_no_sense_are_said_and_start_nothing(daemon, open_page):
    app = open_page("live", start="1")
    app.checkbox(key="limit hours").check().run()
    app.text_input(key="limit zone").input("Nowhere").run()
    assert "unknown time zone" in text(app).lower()
    assert app.button(key="start session").disabled


def test_the_button_opens_the_panel_with_the_best_living_cell_and_close_closes_it(daemon, open_page):
    app = open_page("live")
    app.button(key="open start").click().run()
    assert app.query_params["start"] == "1"
    app.button(key="close start").click().run()
    assert "start" not in app.query_params
    assert "No session runs" in text(app)


def test_without_cells_the_panel_says_where_they_come_from(tmp_path, daemon, open_app):
    app = open_app(Store(tmp_path / "empty.duckdb"), start="1").switch_page("../../pages/live.py").run()
    assert "No cells yet" in text(app)


def test_a_hostile_cell_is_text_in_the_panel(tmp_path, desk, daemon, store, open_page):
    store.add_cells([a_cell(name=HOSTILE, genome=HOSTILE, phenotypes=(a_phenotype(pair=HOSTILE),))])
    desk.put(a_view(1))
    app = open_page("live", start="3")
    assert not app.exception
    assert app.text_input(key="start pair 3").value == "BTC/USD"
    assert "`" not in _code(HOSTILE)


def test_an_address_that_comes_back_late_does_not_open_the_panel_again(daemon, open_page):
    app = start(open_page("live", start="1"))
    app.query_params["start"] = "1"  # a browser that had not heard of the new one yet
    app.run()
    assert "start" not in app.query_params
    assert not [each for each in app.button if each.key == "start session"]
