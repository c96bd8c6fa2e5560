"""The Live desk as a person meets it: a real daemon and a sandbox, from a cell to its session's history."""

import json
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from threading import Thread

import pytest

from evotrade.exchange.kraken.keys import KEY_VARIABLE, SECRET_VARIABLE
from evotrade.exchange.sandbox import UNLIMITED, SandboxSettings, demo_candles, in_thread
from evotrade.lab.legacy import import_cells
from evotrade.store import Store
from evotrade.tokens import read_tokens, tokens_file
from tests.daemons import daemon_at
from tests.e2e.actions import at_rest, visit
from tests.paths import SHARED, shared
from tests.processes import processes_of, resident_kb
from tests.ui.stores import HOSTILE, a_cell, a_phenotype

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

SPEED = 1_800.0  # an hour takes two seconds
LIVELY = 5_714  # for 80 bars from here on, cell 29 decides to buy at least every eighth bar
GENOME = "IF DELTA(0) > AVG(DELTA, 3) THEN BUY ELSE SELL"
CHARTS = ".js-plotly-plot .main-svg"
WITHIN_MS = 30_000
EARLIER = "data/origin/cells.db"
PASSWORD = "a-password-of-alerts"
MINUTES = float(os.environ.get("EVOTRADE_TEST_MINUTES", "10"))


@pytest.fixture(scope="module")
def alerts_way():
    """An address of apprise on this machine, with a password, and what was sent to it."""
    heard = []

    class Hears(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hears) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"json://desk:{PASSWORD}@127.0.0.1:{server.server_port}", heard
        server.shutdown()


@pytest.fixture(scope="module")
def desk(tmp_path_factory, alerts_way):
    """A daemon with keys at a sandbox; cells of an earlier system, where they are, and two that trade.

    `desk.cells` are the numbers of those two; the second one is hostile.
    """
    folder = tmp_path_factory.mktemp("desk")
    (folder / "db").mkdir()
    store = Store(folder / "db" / "lab.duckdb")
    if (SHARED / EARLIER).exists():
        import_cells(SHARED / EARLIER, store=store)
    facts = {"genome": GENOME, "phenotypes": (a_phenotype(),)}
    cells = store.add_cells([a_cell(**facts), a_cell(**facts, name=HOSTILE)])
    played = SandboxSettings([demo_candles()], speed=SPEED, limits=UNLIMITED, history_bars=LIVELY)
    ways = json.dumps([alerts_way[0]])
    with (
        in_thread(played) as sandbox,
        daemon_at(sandbox, folder, speed=SPEED, real=True, EVOTRADE_ALERT_URLS=ways) as daemon,
    ):
        daemon.cells = cells
        daemon.start()
        yield daemon


@pytest.fixture(scope="module")
def app_with_log(desk, serve):
    """The app with the daemon's environment, its keys among it, as `evotrade up` gives it; its log."""
    log = desk.log.with_name("app.log")
    with pytest.MonkeyPatch.context() as environment, log.open("wb") as stream:
        for name in ("EVOTRADE_DAEMON_PORT", "EVOTRADE_ALERT_URLS", KEY_VARIABLE, SECRET_VARIABLE):
            environment.setenv(name, desk.environment[name])
        with serve(Store(desk.store), log=stream) as address:
            yield address, log


@pytest.fixture
def url(app_with_log):
    return app_with_log[0]


@pytest.fixture(autouse=True)
def nothing_secret(page, desk):
    """No page is ever sent a key, a token, or where alerts go: all that Streamlit sends is looked through."""
    frames = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
    yield
    secrets = [desk.environment[KEY_VARIABLE], desk.environment[SECRET_VARIABLE], PASSWORD]
    secrets += [one.token for one in read_tokens(tokens_file(desk.store))]
    sent = b"".join(frame if isinstance(frame, bytes) else frame.encode() for frame in frames)
    assert frames
    assert not [secret for secret in secrets if secret.encode() in sent]


@pytest.fixture(autouse=True)
def nothing_runs(desk):
    """Each test begins with a daemon and without sessions."""
    yield
    if desk.process.poll() is not None:
        desk.start()
    desk.ask("POST", "/trading/stop-all", json={})
    desk.wait_for(lambda: not desk.ask("GET", "/trading/sessions?active=true").json())


def start_from_cell(page, url, cell):
    """Cells, a cell, Start live trading, on paper; the number of the session."""
    visit(page, f"{url}/?cell={cell}")
    page.get_by_role("link", name="Start live trading").click()
    page.get_by_role("button", name="Start on paper").click()
    active(page).wait_for(timeout=2_000 if is_quiet() else WITHIN_MS)
    page.wait_for_url(re.compile(r"session=\d+"), timeout=WITHIN_MS)
    return int(re.search(r"session=(\d+)", page.url)[1])


def is_quiet():
    """Whether this machine has time for a browser: where it has not, nobody promises seconds."""
    return os.getloadavg()[0] < (os.cpu_count() or 1)


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
    number = start_from_cell(page, url, desk.cells[0])
    wait_for_change(page, "Price")
    desk.wait_for(lambda: desk.session(number)["trade_count"] > 0, 60)
    wait_for_change(page, "P&L")
    page.get_by_role("region", name=f"Fills of session {number}").wait_for(timeout=WITHIN_MS)
    page.locator(CHARTS).nth(1).wait_for()
    stop_and_see_history(page, desk, number)
    page.close()


def stop_and_see_history(page, desk, number):
    """Stop the session in view; what it made in the end stands in History."""
    button(page, "Stop").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Stop( and sell)?$")).click()
    page.get_by_role("link", name="It has ended: see it in History").click(timeout=WITHIN_MS)
    page.get_by_role("region", name="Sessions that have ended").wait_for()
    final = re.search(r"[+−]?[\d,]+\.\d+", card(page, "Final P&L"))[0].replace("−", "-").replace(",", "")
    assert float(final) == pytest.approx(float(desk.session(number)["final_pnl"]), rel=0.01, abs=0.005)


def test_cell_29_of_an_earlier_system_lives_its_life_on_paper(page, url, desk):
    shared(EARLIER)
    number = start_from_cell(page, url, 29)
    desk.wait_for(lambda: float(desk.session(number)["position"]) > 0, 60)
    wait_for_change(page, "P&L")
    began_s = time.monotonic()
    for _ in range(4):
        wait_for_change(page, "P&L")
    assert time.monotonic() - began_s < 4 * 2  # every second, and a busy machine may miss one now and then
    stop_and_see_history(page, desk, number)
    page.close()


def test_a_test_alert_goes_out_by_its_button(page, url, desk, alerts_way):
    visit(page, f"{url}/system")
    button(page, "Send a test alert").click()
    page.get_by_text("A test alert was sent by every configured way.").wait_for(timeout=WITHIN_MS)
    assert alerts_way[1][-1]["message"].startswith("This is a test")
    page.close()


def test_a_daemon_that_is_killed_is_said_and_back_without_a_reload(page, url, desk):
    number = start_from_cell(page, url, desk.cells[0])
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
    desk.wait_for(lambda: desk.session(number)["status"] == "running")
    page.close()


def test_an_open_question_survives_the_ticks_and_stop_all_stops_all(page, url, desk):
    first, second = [start_from_cell(page, url, cell) for cell in desk.cells]
    button(page, "Stop all").click()
    dialog = page.get_by_role("dialog")
    page.wait_for_timeout(3_000)
    dialog.get_by_text("Yes, stop all of them").click()
    dialog.get_by_role("button", name="Stop all").click()
    page.get_by_text("No session runs").wait_for(timeout=WITHIN_MS)
    assert {desk.session(number)["status"] for number in (first, second)} == {"stopped"}
    assert page.evaluate("window.hacked") is None
    page.close()


def test_a_click_on_a_row_shows_its_session_and_its_action_asks_about_it(page, url, desk):
    first, second = [start_from_cell(page, url, desk.cells[0]) for _ in range(2)]
    table = active(page)
    box = at_rest(page, table.locator("canvas").first)
    page.mouse.click(box["x"] + 15, box["y"] + 35 * 1.5)
    page.wait_for_url(f"**session={first}**")
    page.get_by_role("heading", name=f"Session {first} ·").wait_for()
    page.mouse.click(box["x"] + box["width"] * 0.84, box["y"] + 35 * 2.5)
    page.get_by_role("dialog").get_by_text(f"Session {second}").wait_for()
    page.close()


def test_a_refusal_stands_in_the_panel(page, url, desk):
    visit(page, f"{url}/?cell={desk.cells[0]}")
    page.get_by_role("link", name="Start live trading").click()
    page.get_by_label("Pair").fill("DOGE/EUR")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Start on paper").click()
    page.locator(".st-key-start_panel, .st-key-start-panel").get_by_text("DOGE/EUR").last.wait_for()
    assert page.url.endswith(f"start={desk.cells[0]}")
    page.close()


def start(desk, cell, timeframe):
    """A session's number, asked for without a page."""
    asked = {"cell_id": cell, "pair": "BTC/USD", "timeframe": timeframe}
    return desk.ask("POST", "/trading/start", json=asked).json()["session_id"]


def memory_kb(page, desk):
    """Resident memory of the daemon and of the app, by process: what they hold in half of a few looks."""
    looks = {process: [] for process in processes_of(desk.store)}
    for _ in range(9):
        for process, held_kb in looks.items():
            held_kb.append(resident_kb(process))
        page.wait_for_timeout(2_000)
    return {process: median(held_kb) for process, held_kb in looks.items()}


@pytest.mark.soak
def test_three_sessions_and_five_viewers_leave_everything_flat_and_nobody_complains(
    page, more_pages, desk, app_with_log
):
    first, second = desk.cells
    numbers = [start(desk, *of) for of in ((first, "1h"), (second, "1h"), (first, "4h"))]
    url, log = app_with_log
    viewers = [page, *more_pages(4)]
    for place, viewer in enumerate(viewers):
        visit(viewer, f"{url}/live?session={numbers[place % 3]}")
    page.wait_for_timeout(0.3 * MINUTES * 60_000)
    before_kb = memory_kb(page, desk)
    page.wait_for_timeout(0.7 * MINUTES * 60_000)
    after_kb = memory_kb(page, desk)
    for viewer in viewers:
        wait_for_change(viewer, "Price")
        viewer.close()
    assert len(before_kb) == 2, before_kb
    assert all(after_kb[process] < 1.1 * held_kb for process, held_kb in before_kb.items())
    assert not re.search(r"Traceback|Error|Exception", log.read_text())
    assert '"level": "error"' not in desk.log.read_text()
