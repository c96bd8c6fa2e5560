import re
from datetime import timedelta
from decimal import Decimal

import pytest

from evotrade.desk.views import Verification
from evotrade.ui.desk import reads
from tests.api.desks import NOW, a_view
from tests.ui.desk.looks import metrics, text
from tests.ui.stores import HOSTILE

MARKUP = re.compile(r":material/home:|(?<!\\)(<img|\*\*c|`d|\$e|# f)|\]\(javascript")


def test_a_desk_where_nothing_runs_says_what_to_do(daemon, open_page):
    app = open_page("live")
    assert "No session runs" in text(app)
    assert "Start live trading" in [button.label for button in app.button]
    assert not app.dataframe
    assert not app.exception


def test_active_sessions_are_rows_the_first_started_first(desk, daemon, open_page):
    desk.put(a_view(1, price_at=NOW + timedelta(hours=3)))
    desk.put(a_view(2, status="halted", reason="max drawdown", current_pnl=Decimal("-0.5")))
    desk.put(a_view(3, status="stopped", end_time=NOW, final_pnl=Decimal(1)))
    shown = open_page("live").dataframe[0].value
    assert shown["Session"].tolist() == [1, 2]
    assert shown["Status"].tolist() == ["🟢 running", "🔴 halted"]
    assert shown["P&L"].tolist() == ["+12.50 USD", "−0.5000 USD"]
    assert shown["P&L, %"].tolist() == ["+1.25 %", "−0.05 %"]
    assert shown["Uptime"].tolist() == ["3 h", "0 s"]
    assert shown["Reason"].tolist() == ["", "max drawdown"]
    assert [list(each) for each in shown["Actions"]] == [["Stop"], ["Resume", "Stop"]]


def test_the_session_started_last_is_in_view_unless_the_address_names_one(desk, daemon, open_page):
    desk.put(a_view(1)), desk.put(a_view(2))
    assert "Session 2 · BTC/USD 1h" in text(open_page("live"))
    assert "Session 1 · BTC/USD 1h" in text(open_page("live", session="1"))


def test_a_session_in_view_is_shown_in_numbers_with_units(desk, daemon, open_page):
    desk.put(a_view(1))
    shown = metrics(open_page("live"))
    assert shown["P&L, USD"] == "+12.50"
    assert shown["Realized, USD"] == "−2.50"
    assert shown["Position, BTC"] == "0.015"
    assert shown["Price, USD"] == "67,000.00"


@pytest.mark.parametrize("wrong", ["999", "abc", "-1", HOSTILE])
def test_a_session_that_is_not_there_is_said_in_a_sentence(desk, daemon, open_page, wrong):
    desk.put(a_view(1))
    app = open_page("live", session=wrong)
    assert wrong[:3] in text(app)
    assert not MARKUP.search(app.warning[0].value)
    assert len(app.dataframe[0].value) == 1
    assert not app.exception


def test_a_session_that_has_ended_shows_its_final_profit_and_the_way_to_history(desk, daemon, open_page):
    desk.put(a_view(1, status="stopped", end_time=NOW, final_pnl=Decimal("7.5")))
    app = open_page("live", session="1")
    assert metrics(app)["Final P&L, USD"] == "+7.50"
    assert "stop 1" not in [button.key for button in app.button]


def test_stop_asks_first_and_then_sells_what_the_session_holds(desk, daemon, open_page):
    desk.put(a_view(1))
    app = open_page("live")
    app.button(key="stop 1").click().run()
    assert "It holds 0.015 BTC" in text(app)
    app.button(key="stop for sure").click().run()
    assert desk.views[1].status == "stopped"
    assert app.query_params["session"] == "1"
    assert metrics(app)["Final P&L, USD"] == "+12.50"


def test_a_halted_session_is_resumed_with_a_reason(desk, daemon, open_page):
    desk.put(a_view(1, status="halted", reason="max daily loss"))
    app = open_page("live")
    app.button(key="resume 1").click().run()
    assert "max daily loss" in text(app)
    app.text_input(key="resume reason 1").input("looked at it").run()
    app.button(key="resume for sure").click().run()
    assert desk.views[1].status == "running"
    assert "looked at it" in desk.reasons[0]


def test_stop_all_wants_to_be_meant(desk, daemon, open_page):
    desk.put(a_view(1)), desk.put(a_view(2, dry_run=False))
    app = open_page("live")
    app.button(key="stop all").click().run()
    assert "2 sessions" in text(app)
    assert "1 of them with real orders" in text(app)
    assert app.button(key="stop all for sure").disabled
    app.checkbox(key="stop all is meant").check().run()
    app.button(key="stop all for sure").click().run()
    assert {view.status for view in desk.views.values()} == {"stopped"}
    assert "No session runs" in text(app)


def test_what_the_daemon_refuses_is_said_in_the_dialog(desk, daemon, open_page, monkeypatch):
    desk.put(a_view(1))
    app = open_page("live")
    app.button(key="stop 1").click().run()
    desk.put(a_view(1, status="stopped"))
    app.button(key="stop for sure").click().run()
    assert "has stopped already" in text(app)


def test_an_app_that_others_can_reach_starts_and_stops_nothing(desk, daemon, open_page, monkeypatch):
    desk.put(a_view(1))
    app = open_page("live")
    app.button(key="stop 1").click().run()
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0")
    app.button(key="stop for sure").click().run()
    assert "asks for no login" in text(app)
    assert desk.views[1].status == "running"


@pytest.mark.parametrize(
    ("records", "column", "value"),
    [
        ("Trades", "Price", "66,000.00 USD"),
        ("Positions", "Closed by", ""),
        ("Orders", "Made by", "signal"),
        ("States", "To", "🟢 running"),
    ],
)
def test_the_records_of_a_session_are_tables(desk, daemon, open_page, records, column, value):
    desk.put(a_view(1))
    app = open_page("live", records=records)
    assert app.dataframe[-1].value[column].iloc[0] == value
    assert len(app.get("plotly_chart")) == 2


def test_agreement_with_the_backtest_is_a_badge_and_a_split_that_sums(desk, daemon, open_page, monkeypatch):
    parts = dict(zip(("signal", "price", "fee"), map(Decimal, ("0.125", "-1.0000000001", "0")), strict=True))
    live = Decimal("10") + sum(parts.values())
    found = Verification(1, 24, 2, NOW, (NOW,), live, Decimal(10), parts, (HOSTILE,))
    monkeypatch.setattr(desk, "verify", lambda number: answer(found))
    desk.put(a_view(1))
    app = open_page("live", records="Against backtest")
    assert "Decisions differ on 2 of 24 bars" in text(app)
    assert "2026-03-01 12:00:00 UTC" in text(app)
    amounts = app.dataframe[-1].value["P&L"].tolist()
    assert amounts[0] == "+10.00 USD"
    assert amounts[-2:] == ["−0.8750000001 USD", "+9.1249999999 USD"]
    assert not any(MARKUP.search(each.value) for each in app.caption)


def test_hostile_text_in_every_field_of_a_session_is_text(desk, daemon, open_page):
    desk.put(a_view(1, pair=HOSTILE, reason=HOSTILE, owner=HOSTILE, genome=HOSTILE, status="halted"))
    app = open_page("live")
    assert not app.exception
    assert app.dataframe[0].value["Pair"].tolist() == [HOSTILE]
    for markup in (*app.markdown, *app.caption, *app.subheader):
        assert not MARKUP.search(markup.value)
    for metric in app.metric:
        assert not MARKUP.search(metric.label + metric.value)


def test_without_a_daemon_the_page_says_how_to_start_it(store, open_page, monkeypatch):
    monkeypatch.setenv("EVOTRADE_DAEMON_URL", "http://127.0.0.1:1")
    app = open_page("live")
    assert "evotrade daemon" in app.code[0].value
    assert "no daemon has run" in text(app).lower()
    assert app.button(key="open start").disabled
    assert not app.exception


def test_a_daemon_that_goes_away_leaves_its_last_word_in_grey(desk, daemon, open_page):
    desk.put(a_view(1))
    app = open_page("live")
    daemon.gone()
    reads.forget()
    app.run()
    assert "is not running" in text(app)
    assert app.dataframe[0].value["Status"].tolist() == ["⚪ running"]
    assert all(metric.value.startswith(":gray[") for metric in app.metric)
    assert not any(button.key == "stop 1" for button in app.button)
    assert len(app.get("plotly_chart")) == 2


async def answer(value):
    return value
