"""The Live desk as a person meets it: a real daemon and a sandbox, from a cell to its session's history."""

import re

import pytest

from evotrade.exchange.sandbox import UNLIMITED, SandboxSettings, demo_candles, in_thread
from evotrade.store import Store
from tests.daemons import daemon_at
from tests.e2e.actions import at_rest, visit
from tests.ui.stores import HOSTILE, a_cell, a_phenotype

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

SPEED = 1_800.0  # an hour takes two seconds
GENOME = "IF DELTA(0) > AVG(DELTA, 3) THEN BUY ELSE SELL"
CHARTS = ".js-plotly-plot .main-svg"
WITHIN_MS = 30_000


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A daemon at a sandbox, on a store with cells 1 and 2; the second one is hostile."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "db").mkdir()
    measured = (a_phenotype(),)
    Store(folder / "db" / "lab.duckdb").add_cells(
        [
            a_cell(genome=GENOME, phenotypes=measured),
            a_cell(genome=GENOME, phenotypes=measured, name=HOSTILE),
        ]
    )
    played = SandboxSettings([demo_candles()], speed=SPEED, limits=UNLIMITED)
    with in_thread(played) as sandbox, daemon_at(sandbox, folder, speed=SPEED) as daemon:
        daemon.start()
        yield daemon


@pytest.fixture(scope="module")
def url(desk, serve):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EVOTRADE_DAEMON_PORT", str(desk.port))
        with serve(Store(desk.store)) as address:
            yield address


@pytest.fixture(autouse=True)
def nothing_runs(desk):
    """Each test begins with a daemon and without sessions."""
    yield
    if desk.process.poll() is not None:
        desk.start()
    desk.ask("POST", "/trading/stop-all", json={})
    desk.wait_for(lambda: not desk.ask("GET", "/trading/sessions?active=true").json())


def start_from_cell(page, url, cell=1):
    """Cells, a cell, Start live trading, on paper; the number of the session."""
    visit(page, f"{url}/?cell={cell}")
    page.get_by_role("link", name="Start live trading").click()
    page.get_by_role("button", name="Start on paper").click()
    page.wait_for_url(re.compile(r"session=\d+"), timeout=WITHIN_MS)
    active(page).wait_for(timeout=2_000)
    return int(re.search(r"session=(\d+)", page.url)[1])


def active(page):
    """The table of sessions that run; while a page runs again, its last picture is there too for a moment."""
    return page.get_by_role("region", name="Active sessions").first


def card(page, label):
    """The text of the card of that label."""
    return page.get_by_test_id("stMetric").filter(has_text=label).first.inner_text()


def wait_for_change(page, label):
    before = card(page, label)
    page.wait_for_function(
        """([label, before]) => [...document.querySelectorAll('[data-testid=stMetric]')]
            .some(each => each.innerText.startsWith(label) && each.innerText !== before)""",
        arg=[label, before],
        timeout=WITHIN_MS,
    )


def button(page, name):
    # in the page itself: Streamlit has a Stop of its own above it
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def test_from_a_cell_to_a_session_that_trades_and_on_to_history(page, url, desk):
    number = start_from_cell(page, url)
    wait_for_change(page, "Price")
    desk.wait_for(lambda: desk.session(number)["trade_count"] > 0, 60)
    wait_for_change(page, "P&L")
    page.get_by_role("region", name=f"Fills of session {number}").wait_for(timeout=WITHIN_MS)
    page.locator(CHARTS).nth(1).wait_for()
    button(page, "Stop").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Stop( and sell)?$")).click()
    page.get_by_role("link", name="It has ended: see it in History").click(timeout=WITHIN_MS)
    page.get_by_role("region", name="Sessions that have ended").wait_for()
    final = f"{float(desk.session(number)['final_pnl']):+,.2f}".replace("-", "−")
    assert final in card(page, "Final P&L").split()
    page.close()


def test_a_daemon_that_is_killed_is_said_and_back_without_a_reload(page, url, desk):
    number = start_from_cell(page, url)
    wait_for_change(page, "Price")
    page.evaluate("window.mark = 'the same page'")
    desk.kill()
    page.get_by_text("The daemon is not running").wait_for(timeout=WITHIN_MS)
    page.get_by_text("evotrade daemon", exact=True).wait_for()
    assert button(page, "Stop").count() == 0
    desk.start()
    page.get_by_text("Daemon runs").wait_for(timeout=WITHIN_MS)
    wait_for_change(page, "Price")
    assert button(page, "Stop").is_visible()
    assert page.evaluate("window.mark") == "the same page"
    assert desk.session(number)["status"] == "running"
    page.close()


def test_an_open_question_survives_the_ticks_and_stop_all_stops_all(page, url, desk):
    first, second = start_from_cell(page, url), start_from_cell(page, url, cell=2)
    button(page, "Stop all").click()
    dialog = page.get_by_role("dialog")
    page.wait_for_timeout(3_000)
    dialog.get_by_text("Yes, stop all of them").click()
    dialog.get_by_role("button", name="Stop all").click()
    page.get_by_text("No session runs").wait_for(timeout=WITHIN_MS)
    assert {desk.session(number)["status"] for number in (first, second)} == {"stopped"}
    assert page.evaluate("window.hacked") is None
    page.close()


def test_a_click_on_a_row_shows_its_session_and_its_action_asks_about_it(page, url):
    first, second = start_from_cell(page, url), start_from_cell(page, url)
    table = active(page)
    box = at_rest(page, table.locator("canvas").first)
    page.mouse.click(box["x"] + 15, box["y"] + 35 * 1.5)
    page.wait_for_url(f"**session={first}**")
    page.get_by_role("heading", name=f"Session {first} ·").wait_for()
    page.mouse.click(box["x"] + box["width"] * 0.84, box["y"] + 35 * 2.5)
    page.get_by_role("dialog").get_by_text(f"Session {second}").wait_for()
    page.close()


def test_a_refusal_stands_in_the_panel(page, url):
    visit(page, f"{url}/?cell=1")
    page.get_by_role("link", name="Start live trading").click()
    page.get_by_label("Pair").fill("DOGE/EUR")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Start on paper").click()
    page.locator(".st-key-start_panel, .st-key-start-panel").get_by_text("DOGE/EUR").last.wait_for()
    assert page.url.endswith("start=1")
    page.close()
