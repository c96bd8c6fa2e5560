from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.api.desks import NOW, a_view
from tests.ui.desk.looks import metrics, text
from tests.ui.stores import HOSTILE


def ended(number, profit, **changes):
    end = {"status": "stopped", "end_time": NOW + timedelta(days=3), "reason": "asked to stop"}
    return a_view(number, **{**end, "final_pnl": Decimal(profit), **changes})


def test_an_empty_history_says_where_sessions_come_from(daemon, open_page):
    app = open_page("history")
    assert "No session has ended yet" in text(app)
    assert not app.exception


def test_ended_sessions_are_rows_the_latest_first_and_the_first_is_in_view(desk, daemon, open_page):
    desk.put(ended(1, "7.5")), desk.put(ended(2, "-3")), desk.put(a_view(3))
    app = open_page("history")
    shown = app.dataframe[0].value
    assert shown["Session"].tolist() == [2, 1]
    assert shown["Final P&L"].tolist() == ["−3.00 USD", "+7.50 USD"]
    assert shown["Ran"].tolist() == ["3 days", "3 days"]
    assert metrics(app)["Final P&L, USD"] == "−3.00"
    assert "2 sessions, 1 with a profit" in text(app)


def test_the_session_in_the_address_is_in_view_with_charts_and_records(desk, daemon, open_page):
    desk.put(ended(1, "7.5")), desk.put(ended(2, "-3"))
    app = open_page("history", session="1", records="Against backtest")
    assert metrics(app)["Final P&L, USD"] == "+7.50"
    assert "Decisions equal on all of 10 bars" in text(app)
    assert not app.get("button_group")[0].disabled


def test_paper_and_real_sessions_can_be_told_apart(desk, daemon, open_page):
    desk.put(ended(1, "1")), desk.put(ended(2, "2", dry_run=False))
    app = open_page("history", kind="Real")
    assert app.dataframe[0].value["Session"].tolist() == [2]
    assert app.dataframe[0].value["Orders"].tolist() == ["REAL"]


@pytest.mark.parametrize("wrong", ["999", "abc", HOSTILE])
def test_a_session_that_is_not_there_is_said_in_a_sentence(desk, daemon, open_page, wrong):
    desk.put(ended(1, "1"))
    app = open_page("history", session=wrong)
    assert wrong[:3] in text(app)
    assert len(app.dataframe[0].value) == 1
    assert not app.exception


def test_a_session_that_still_runs_leads_to_the_live_desk(desk, daemon, open_page):
    desk.put(ended(1, "1")), desk.put(a_view(2))
    assert "Session 2 still runs" in text(open_page("history", session="2"))


def test_without_a_daemon_history_says_that_only_it_reads_the_archive(desk, daemon, open_page):
    desk.put(ended(1, "1"))
    daemon.gone()
    app = open_page("history")
    assert "only the daemon reads it" in text(app)
    assert app.code[0].value == "evotrade daemon"
    assert not app.exception


def test_a_session_without_prices_has_dashes_instead_of_numbers(desk, daemon, open_page):
    nothing = {"price": None, "price_at": None, "entry_price": None, "position": Decimal(0)}
    desk.put(replace(a_view(1), **nothing))
    shown = metrics(open_page("live"))
    assert shown["Price, USD"] == "–"
    assert shown["Uptime"] == "–"
