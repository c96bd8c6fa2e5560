import socket
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from evotrade.market import synthetic_candles
from evotrade.store import open_store
from evotrade.ui.market import work
from tests.kraken_server import Kraken, serve
from tests.ui.stores import HOSTILE

DAY = date(2023, 11, 15)
FIRST_S = int(datetime(2023, 11, 15, tzinfo=UTC).timestamp())


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


def a_trade_an_hour(hours, page=1_000):
    """OHLC knows the last three hours, Trades gives so many at a time."""
    trades = [(str(hour + 1), "1", (FIRST_S + 3_600 * hour) * 10**9) for hour in range(hours)]
    return Kraken(trades, FIRST_S + 3_600 * hours - 1, ohlc_bars=4, trades_page=page)


@pytest.fixture
def fetch(store, open_market, monkeypatch):
    """The page after a click on Fetch, of `pair` at 1h."""

    def click(url, since=None, pair="XBTUSD"):
        monkeypatch.setenv("EVOTRADE_KRAKEN_URL", url)
        app = open_market(store, add="fetch")
        app.text_input[0].set_value(pair)
        app.date_input[0].set_value(since)
        return next(button for button in app.button if button.label == "Fetch").click().run()

    return click


def text(app):
    return "\n".join(each.value for each in app.markdown).replace("\\", "").replace("\u200c", "")


def test_what_is_fetched_is_said_stored_and_shown(store, fetch):
    with serve(a_trade_an_hour(25)) as kraken:
        app = fetch(kraken.url)
    assert "Fetched 3 bars of BTC/USD 1h from Kraken, 2023-11-15 21:00 to 2023-11-15 23:00 UTC" in text(app)
    assert store.load_candles("BTC/USD", "1h", "kraken").close.tolist() == [22, 23, 24]
    app.button(key="show fetch").click().run()
    assert (app.query_params["pair"], app.query_params["source"]) == ("BTC/USD", "kraken")
    assert "3 bars" in "".join(caption.value for caption in app.caption)


def test_a_day_brings_all_since_then(store, fetch, finished):
    with serve(a_trade_an_hour(25)) as kraken:
        app = finished(fetch(kraken.url, DAY))
    assert "Fetched 24 bars" in text(app)
    assert len(store.load_candles("BTC/USD", "1h", "kraken")) == 24


def test_a_fetch_that_runs_says_how_far_it_is_and_stops_when_told(store, fetch, finished):
    with serve(a_trade_an_hour(500, page=10)) as kraken:
        app = fetch(kraken.url, DAY)
        running = work.all_work()["fetch"]
        shown = app.get("progress")[0].proto.text.replace("\\", "")
        assert shown.startswith("XBTUSD 1h from Kraken since 2023-11-15: ")
        app = finished(app.button(key="stop fetch").click().run())
    assert running.stopped
    assert "stopped, 9 bars are kept" in text(app)
    assert store.coverage()["bars"].tolist() == [9]


def test_a_second_fetch_waits_for_the_first(store, fetch):
    with serve(a_trade_an_hour(500, page=10)) as kraken:
        app = fetch(kraken.url, DAY)
        first = work.all_work()["fetch"]
        assert next(button for button in app.button if button.label == "Fetch").disabled
        work.begin("fetch", first.again())
        assert work.all_work()["fetch"] is first
        first.stop()


def test_an_exchange_out_of_reach_is_one_sentence_and_can_be_tried_again(store, fetch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        app = fetch(url)
        assert "Kraken cannot be reached at" in text(app)
        assert not app.exception
        assert "cannot be reached" in text(app.button(key="again fetch").click().run())
    app.button(key="dismiss fetch").click().run()
    assert "cannot be reached" not in text(app)


@pytest.mark.parametrize("pair", ["NO/PAIR", "", "nonsense", HOSTILE[:30]])
def test_a_pair_that_kraken_does_not_know_is_one_sentence(store, fetch, pair):
    with serve(a_trade_an_hour(3)) as kraken:
        kraken.refuse("EQuery:Unknown asset pair")
        app = fetch(kraken.url, pair=pair)
    assert "like BTC/USD" in text(app)
    assert store.coverage().empty
    assert not app.exception


def test_the_form_starts_from_the_series_in_view(store, open_market):
    store.save_candles(replace(synthetic_candles(30, "4h", seed=1, pair="ETH/EUR"), source="kraken"))
    app = open_market(store, add="fetch")
    assert [field.value for field in (*app.text_input, *app.selectbox)] == ["ETH/EUR", "4h"]
    assert app.date_input[0].value == date(2020, 1, 5)  # 30 bars of 4 hours are five days


@pytest.mark.parametrize(
    ("pair", "source"), [("SYN/USD", "synthetic"), ("PURR", "archive"), (HOSTILE, "archive")]
)
def test_what_kraken_cannot_have_is_not_asked_of_it(store, open_market, pair, source):
    store.save_candles(replace(synthetic_candles(30, "4h", seed=1, pair=pair), source=source))
    app = open_market(store, add="fetch")
    assert (app.text_input[0].value, app.date_input[0].value) == ("", None)
    assert not app.exception
