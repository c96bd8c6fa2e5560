"""The Market data page as a person meets it: series, a fetch that is stopped, a file that is imported."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from evotrade.market import synthetic_candles
from evotrade.store import open_store
from tests.candle_files import kraken_file
from tests.e2e.actions import click_row
from tests.kraken_server import Kraken
from tests.kraken_server import serve as serve_kraken
from tests.ui.stores import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FIRST_S = int(datetime(2023, 11, 15, tzinfo=UTC).timestamp())
CHARTS = ".js-plotly-plot .main-svg"


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


@pytest.fixture
def kraken(monkeypatch):
    """An exchange with a trade an hour, three of them a call, which the app will ask."""
    trades = [(str(100 + hour), "1", (FIRST_S + 3_600 * hour) * 10**9) for hour in range(600)]
    exchange = Kraken(trades, FIRST_S + 3_600 * 600 - 1, ohlc_bars=4, trades_page=3)
    with serve_kraken(exchange):
        monkeypatch.setenv("EVOTRADE_KRAKEN_URL", exchange.url)
        yield exchange


def go_to_market(page, url):
    # not directly: Streamlit looks for a server below /market first, and Chromium complains
    page.goto(url)
    page.get_by_role("link", name="Market data").click()


def slow_down_uploads(page, bytes_per_s):
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s}
    network.send("Network.emulateNetworkConditions", limits)


@contextmanager
def growing(store):
    """Bars of AAA/USD come to the store, five at a time."""
    bars, stop = synthetic_candles(5_000, "1h", seed=2, pair="AAA/USD"), threading.Event()
    store.save_candles(bars[:5])

    def write():
        for first in range(5, len(bars), 5):
            store.save_candles(bars[first : first + 5])
            if stop.wait(0.5):
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def button(page, name):
    # in the page itself: Streamlit has a Stop of its own above it
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def test_choosing_a_series_shows_it_and_puts_it_into_the_address(page, store, serve):
    store.save_candles(synthetic_candles(300, "1h", seed=1, pair="BTC/USD"))
    store.save_candles(synthetic_candles(300, "4h", seed=2, pair=HOSTILE))
    with serve(store) as url:
        go_to_market(page, url)
        page.locator(CHARTS).nth(1).wait_for()
        click_row(page, "Series of candles in the store", 1)
        page.wait_for_url("**/market?pair=BTC%2FUSD&source=synthetic&interval=1h")
        page.get_by_role("heading", name="BTC/USD 1h").wait_for()
        assert page.evaluate("window.hacked") is None
        page.close()  # before its server goes, for it would complain


def test_a_fetch_shows_its_progress_and_ends_when_it_is_stopped(page, store, serve, kraken):
    with serve(store) as url:
        go_to_market(page, url)
        button(page, "Fetch from Kraken").click()
        page.get_by_label("Pair").fill("BTC/USD")
        page.get_by_role("spinbutton").first.click()
        page.keyboard.type("20231115", delay=50)
        page.keyboard.press("Escape")
        button(page, "Fetch").click()
        page.get_by_text("a second · about").wait_for()
        page.get_by_role("heading", name="BTC/USD 1h").wait_for()  # the page goes on beside it
        button(page, "Stop").click()
        page.get_by_text("are kept").wait_for()
        page.close()
    assert 0 < store.coverage()["bars"].item() < 599


def test_a_file_is_uploaded_looked_at_and_imported_while_others_write(page, store, serve, tmp_path):
    file = kraken_file(tmp_path, 1_000)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:5], f"1,{HOSTILE}", *lines[6:]]))
    with growing(store), serve(store) as url:
        go_to_market(page, url)
        button(page, "Import a file").click()
        slow_down_uploads(page, 20_000)  # so that the page follows the store meanwhile
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_text("1 row cannot be used").wait_for()
        assert button(page, "Import 999 bars").is_disabled()
        page.get_by_text("Skip 1 row").click()
        page.locator("button:enabled", has_text="Import 999 bars").click()
        page.get_by_text("999 bars new or corrected, 0 known already, 1 row skipped").wait_for()
        assert page.evaluate("window.hacked") is None
        page.close()
    assert len(store.load_candles("BTC/USD", "1h")) == 999
