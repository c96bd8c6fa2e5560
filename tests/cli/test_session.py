"""`evotrade session …` as a person types it, against the real API over a scripted desk."""

import json
from decimal import Decimal

import pytest

from evotrade.api import create_app
from evotrade.settings import Settings
from evotrade.store import Store
from evotrade.tokens import ensure_tokens, tokens_file
from tests.api.desks import ScriptedDesk, a_view
from tests.api.serving import serving


@pytest.fixture
def desk():
    return ScriptedDesk()


@pytest.fixture
def session(evotrade, tmp_path, monkeypatch, desk):
    """Runs `evotrade session …` with a daemon."""
    path = tmp_path / "lab.duckdb"
    app = create_app(desk, Store(path), ensure_tokens(tokens_file(path)), settings=Settings())
    with serving(app) as served:
        monkeypatch.setenv("EVOTRADE_DAEMON_URL", served.url)
        yield lambda *words: evotrade("session", *words)


def test_a_session_starts_on_paper_with_what_was_typed(session, desk):
    ran = session("start", "29", "--pair", "ETH/USD", "--timeframe", "4h", "--allocation", "250.5")
    assert (ran.code, ran.out) == (0, "Session 1  running, profit 12.50\n")
    (asked,) = desk.asked
    assert (asked.cell_id, asked.pair, asked.timeframe) == (29, "ETH/USD", "4h")
    assert (asked.allocation, asked.dry_run) == (Decimal("250.5"), True)


def test_limits_are_typed_one_by_one(session, desk):
    words = ("--limit", "stop_loss_pct=2.5", "--limit", "max_trades_per_day=3")
    assert session("start", "29", *words).code == 0
    assert (desk.asked[0].limits.stop_loss_pct, desk.asked[0].limits.max_trades_per_day) == (2.5, 3)


@pytest.mark.parametrize("limit", ["stop=1", "=5", "stop_loss_pct", "stop_loss_pct=nan", "stop_loss_pct=inf"])
def test_what_is_no_limit_is_wrong_use(session, desk, limit):
    refused = session("start", "29", "--limit", limit)
    assert (refused.code, "Invalid value for --limit" in refused.err) == (2, True)
    assert desk.asked == []


def test_real_orders_need_both_words(session, desk):
    confirm = ("--confirm", "29 BTC/USD 1000")
    assert session("start", "29", "--real", *confirm).code == 0
    assert desk.asked[0].dry_run is False
    for words in (("--real",), confirm):
        refused = session("start", "29", *words)
        assert (refused.code, refused.out) == (2, "")
    wrong = session("start", "29", "--real", "--confirm", "29 BTC/USD 1")
    assert (wrong.code, wrong.err[:6]) == (1, "Error:")
    assert len(desk.views) == 1


@pytest.mark.parametrize("amount", ["nothing", "0", "-1", "NaN", "inf"])
def test_what_is_no_amount_is_wrong_use(session, desk, amount):
    assert session("start", "29", f"--allocation={amount}").code == 2
    assert desk.asked == []


def test_sessions_are_listed_as_a_table_and_as_json(session, desk):
    desk.put(a_view(1))
    desk.put(a_view(2, dry_run=False, status="halted", reason="max_daily_loss_pct struck"))
    lines = session("list").out.splitlines()
    assert lines[0].split() == ["session", "cell", "pair", "bars", "money", "status", *lines[0].split()[6:]]
    assert lines[1].split()[:6] == ["2", "29", "BTC/USD", "1h", "REAL", "halted"]
    assert [row["session_id"] for row in json.loads(session("list", "--json").out)] == [2, 1]
    desk.put(a_view(1, status="stopped"))
    assert [row["session_id"] for row in json.loads(session("list", "--ended", "--json").out)] == [1]


def test_a_session_is_shown_with_its_fills(session, desk):
    desk.put(a_view())
    shown = session("show", "1").out
    assert "cell 29, BTC/USD 1h, paper, started by trader" in shown
    assert "stop_loss_pct 5.0" in shown
    assert shown.splitlines()[-1].split()[1:4] == ["buy", "0.015", "66,000"]
    assert json.loads(session("show", "1", "--json").out)["trades"][0]["trade_id"] == "F1"


def test_stopping_resuming_and_the_kill_switch(session, desk):
    desk.put(a_view(1, status="halted"))
    desk.put(a_view(2))
    assert session("resume", "1", "--reason", "calm").out == "Session 1  running, profit 12.50\n"
    assert session("stop", "1", "--keep").out == "Session 1  stopped, profit 12.50\n"
    assert session("stop-all").out.splitlines()[-1] == "1 session told to stop"
    assert json.loads(session("stop-all", "--json").out) == []
    again = session("stop", "1")
    assert (again.code, again.err) == (1, "Error: session 1 has stopped already: start another\n")


def test_verify_says_whether_decisions_agree(session, desk):
    desk.put(a_view())
    ran = session("verify", "1")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "10 bars, 0 decided otherwise than the backtest")
    assert "missed bars  0" in ran.out
    assert json.loads(session("verify", "1", "--json").out)["agrees"] is True


def test_a_decision_that_differs_is_a_failure(session, desk):
    desk.put(a_view())
    desk.differing = 1
    ran = session("verify", "1")
    assert ran.code == 1
    assert "the first decision that differs is that of the bar of 2026-03-01T12:00:00Z" in ran.err


def test_without_a_daemon_the_repair_is_told(evotrade, tmp_path, monkeypatch):
    ran = evotrade("session", "list")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: no daemon ever ran on ")
    ensure_tokens(tokens_file(tmp_path / "lab.duckdb"))
    monkeypatch.setenv("EVOTRADE_DAEMON_URL", "http://127.0.0.1:9")
    assert "start it with evotrade daemon" in evotrade("session", "list").err
