import pytest
from pydantic import SecretStr

from evotrade.settings import Settings
from evotrade.ui.desk.system import settings_shown, size
from tests.api.desks import a_view
from tests.ui.desk.looks import text


def test_jobs_counters_and_alerts_are_tables(desk, daemon, open_page):
    desk.put(a_view(1))
    app = open_page("system")
    jobs, counters, alerts, _ = (each.value for each in app.dataframe)
    assert jobs["Job"].tolist() == ["flush"]
    counted = dict(zip(counters["Since the daemon's start"], counters["Count"], strict=True))
    assert counted["orders placed"] == "3"
    assert alerts["Text"].tolist() == ["Session 1 is halted"]
    assert "1 running" in app.html[0].value
    assert not app.exception


def test_a_test_alert_says_what_became_of_it(desk, daemon, open_page):
    app = open_page("system")
    app.button(key="test alert").click().run()
    assert "was sent" in app.success[0].value
    desk.alert_ways = False
    app.button(key="test alert").click().run()
    assert "no way to send alerts" in text(app).lower()


def test_without_a_daemon_store_and_settings_are_still_shown(open_page, monkeypatch):
    monkeypatch.setenv("EVOTRADE_DAEMON_URL", "http://127.0.0.1:1")
    app = open_page("system")
    assert "evotrade daemon" in app.code[0].value
    assert "evotrade.duckdb" in app.html[0].value
    assert "daemon_url" in app.dataframe[0].value["Setting"].tolist()
    assert not app.exception


def test_secrets_are_never_shown():
    shown = dict(settings_shown(Settings(alert_urls=(SecretStr("tgram://12345:hidden/chat"),))))
    assert shown["alert_urls"] == "1 hidden"
    assert "tgram" not in str(shown)
    assert "hidden/chat" not in str(shown)
    assert shown["viability.min_trades"] == "10"


@pytest.mark.parametrize(
    ("size_b", "said"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (2_500_000, "2.5 MB")]
)
def test_sizes_have_the_unit_that_suits_them(tmp_path, size_b, said):
    (tmp_path / "file").write_bytes(b"x" * size_b)
    assert size(tmp_path / "file") == said
    assert size(tmp_path / "none") == "0 B"
