"""The daemon as a process: it ends in good order, is alone on its store, and loses nothing if killed."""

import os
import random
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from decimal import Decimal

import pytest

from evotrade.exchange.sandbox import MANUAL, UNLIMITED, SandboxSettings, in_thread
from evotrade.market.synthetic import synthetic_candles
from evotrade.store import Store
from evotrade.tokens import FILE_NAME, read_tokens, tokens_file
from tests.daemons import daemon_at
from tests.desk.world import CANDLES, HISTORY, HOUR_S, cell
from tests.paths import ROOT
from tests.processes import resident_kb

pytestmark = pytest.mark.process

SPEED = 1_800.0
SOAK_KILLS = int(os.environ.get("EVOTRADE_TEST_KILLS", "50"))


@pytest.fixture
def sandbox():
    with in_thread(SandboxSettings([CANDLES], speed=SPEED, history_bars=HISTORY, limits=UNLIMITED)) as served:
        yield served


@pytest.fixture
def long_sandbox():
    candles = synthetic_candles(3_000, "1h", seed=11, pair="BTC/USD", first_price=50_000.0)
    settings = SandboxSettings([candles], speed=SPEED, history_bars=HISTORY, limits=UNLIMITED)
    with in_thread(settings) as served:
        yield served


@pytest.fixture
def cell_id(tmp_path):
    (tmp_path / "db").mkdir()
    (number,) = Store(tmp_path / "db" / "lab.duckdb").add_cells([cell()])
    return number


def start_session(daemon, cell_id, **options):
    """A session's number, once prices flow."""
    answer = daemon.ask("POST", "/trading/start", json={"cell_id": cell_id, "pair": "BTC/USD", **options})
    assert answer.status_code in (200, 201), answer.text
    number = answer.json()["session_id"]
    daemon.wait_for(lambda: daemon.session(number)["status"] == "running")
    return number


def sums_of(fills):
    """Position, and cash gained, by these fills."""
    sign = {"buy": 1, "sell": -1}
    held = sum((sign[one["side"]] * Decimal(one["quantity"]) for one in fills), Decimal(0))
    paid = (
        sign[one["side"]] * Decimal(one["quantity"]) * Decimal(one["price"]) + Decimal(one["fee"])
        for one in fills
    )
    return held, -sum(paid, Decimal(0))


def books_of_one_moment(daemon, number):
    """A session's fills and itself, with no fill between the two answers."""
    fills = daemon.fills(number)
    while True:
        view, again = daemon.session(number), daemon.fills(number)
        if again == fills:
            return fills, view
        fills = again


def assert_books_balance(daemon, number):
    """Money and position are those of the fills, each of which is there once."""
    fills, view = books_of_one_moment(daemon, number)
    assert len({one["trade_id"] for one in fills}) == len(fills)
    held, gained = sums_of(fills)
    assert Decimal(view["position"]) == held
    assert Decimal(view["cash"]) - 1_000 == pytest.approx(gained, abs=Decimal("1e-6"))
    return fills


def test_a_second_daemon_on_one_store_is_refused_and_names_the_first(sandbox, cell_id, tmp_path):
    with (
        daemon_at(sandbox, tmp_path, speed=SPEED) as first,
        daemon_at(sandbox, tmp_path, speed=SPEED) as second,
    ):
        first.start()
        second.start(wait=False)
        assert second.process.wait(20) == 1
        assert f"process {first.process.pid}" in second.log.read_text()
        assert first.health()["ok"]


def test_a_port_that_is_taken_is_told_before_anything_begins(sandbox, cell_id, tmp_path):
    with daemon_at(sandbox, tmp_path, speed=SPEED) as daemon, socket.socket() as other:
        other.bind(("127.0.0.1", daemon.port))
        other.listen()
        daemon.start(wait=False)
        assert daemon.process.wait(20) == 1
        assert "EVOTRADE_DAEMON_PORT" in daemon.log.read_text()


def test_sigterm_ends_it_in_good_order_and_sessions_go_on_at_the_next_start(sandbox, cell_id, tmp_path):
    with daemon_at(sandbox, tmp_path, speed=SPEED) as daemon:
        daemon.start()
        number = start_session(daemon, cell_id)
        daemon.wait_for(lambda: daemon.session(number)["trade_count"])
        fills = daemon.fills(number)
        assert daemon.stop() == 0
        daemon.start()
        daemon.wait_for(lambda: daemon.session(number)["status"] == "running")
        assert daemon.fills(number)[: len(fills)] == fills


def test_a_daemon_starts_without_an_exchange_and_gets_going_when_it_appears(cell_id, tmp_path):
    settings = SandboxSettings([CANDLES], speed=SPEED, history_bars=HISTORY, limits=UNLIMITED)
    with in_thread(settings) as gone:
        port = int(gone.url.rsplit(":", 1)[1])
    with daemon_at(gone, tmp_path, speed=SPEED) as daemon:
        daemon.start()
        assert daemon.ask("POST", "/trading/start", json={"cell_id": cell_id}).status_code == 409
        with in_thread(settings, port):
            start_session(daemon, cell_id)


def live_through_paper_kills(daemon, cell_id, kills, rng):
    """kill -9 at random moments of a paper session: what was told before is still true afterwards."""
    daemon.start()
    number = start_session(daemon, cell_id)
    for _ in range(kills):
        time.sleep(rng.uniform(0.5, 5.0))
        acknowledged = assert_books_balance(daemon, number)
        daemon.kill()
        daemon.start()
        daemon.wait_for(lambda: daemon.session(number)["status"] == "running")
        assert assert_books_balance(daemon, number)[: len(acknowledged)] == acknowledged
    assert daemon.ask("GET", f"/trading/session/{number}/verify").json()["agrees"]


def kill_between_intent_and_reply(daemon, sandbox):
    """kill -9 when the exchange has the next order and the daemon has no answer to it."""
    before = len(sandbox.state()["orders"])
    sandbox.inject("slow_reply", seconds=5.0, calls=1, endpoints=["AddOrder"])
    daemon.wait_for(lambda: len(sandbox.state()["orders"]) > before, 120)
    daemon.kill()
    sandbox.recover()


def live_through_real_kills(daemon, sandbox, cell_id, kills, rng):
    """kill -9 of a session with real orders and a resting stop: in the end nothing is lost or doubled."""
    daemon.start()
    real = {"dry_run": False, "confirm": f"{cell_id} BTC/USD 1000", "limits": {"stop_loss_pct": 3}}
    number = start_session(daemon, cell_id, **real)
    for kill in range(kills):
        if kill % 3 == 0:
            kill_between_intent_and_reply(daemon, sandbox)
        else:
            time.sleep(rng.uniform(0.5, 5.0))
            daemon.kill()
        daemon.start()
        daemon.wait_for(lambda: daemon.session(number)["status"] == "running", 60)
    daemon.ask("POST", f"/trading/stop/{number}")
    daemon.wait_for(lambda: daemon.session(number)["status"] == "stopped", 90)
    return number


def assert_equal_to_the_exchanges_record(daemon, sandbox, number):
    fills, theirs = assert_books_balance(daemon, number), sandbox.state()
    assert {one["trade_id"] for one in fills} == {one["id"] for one in theirs["fills"]}
    assert [one for one in theirs["orders"] if one["status"] == "open"] == []
    assert Decimal(theirs["balances"]["BTC"]) == Decimal(daemon.session(number)["position"])


def test_a_paper_session_loses_nothing_by_kill_9(sandbox, cell_id, tmp_path):
    with daemon_at(sandbox, tmp_path, speed=SPEED) as daemon:
        live_through_paper_kills(daemon, cell_id, 2, random.Random(1))


def test_real_orders_are_neither_lost_nor_doubled_by_kill_9(sandbox, cell_id, tmp_path):
    with daemon_at(sandbox, tmp_path, speed=SPEED, real=True) as daemon:
        number = live_through_real_kills(daemon, sandbox, cell_id, 2, random.Random(2))
        assert_equal_to_the_exchanges_record(daemon, sandbox, number)


@pytest.mark.soak
def test_fifty_kills_of_a_paper_session_lose_nothing(long_sandbox, cell_id, tmp_path):
    with daemon_at(long_sandbox, tmp_path, speed=SPEED) as daemon:
        live_through_paper_kills(daemon, cell_id, SOAK_KILLS, random.Random(3))


@pytest.mark.soak
def test_fifty_kills_of_a_session_with_real_orders_lose_and_double_nothing(long_sandbox, cell_id, tmp_path):
    with daemon_at(long_sandbox, tmp_path, speed=SPEED, real=True) as daemon:
        number = live_through_real_kills(daemon, long_sandbox, cell_id, SOAK_KILLS, random.Random(4))
        assert_equal_to_the_exchanges_record(daemon, long_sandbox, number)


READS = [
    *(
        "/system",
        "/alerts",
        "/metrics",
        "/openapi.json",
        "/cells",
        "/trading/sessions",
        "/nowhere",
        "/health",
    ),
    *(
        f"/trading/session/1{about}"
        for about in ("", "/trades", "/orders", "/transitions", "/bars", "/ticks")
    ),
    *("/trading/session/1/positions", "/trading/session/1/verify", "/trading/session/99", "/cells/1"),
]


def replies(daemon, secret):
    """What the API says of everything, and of what it refuses, one with a secret in the question."""
    answers = [daemon.ask("GET", path, role="admin") for path in READS]
    answers.append(
        daemon.ask("POST", "/trading/start", json={"cell_id": 1, "dry_run": False, "confirm": secret})
    )
    answers.append(daemon.ask("POST", "/trading/start", json={"cell_id": secret}))
    answers.append(daemon.ask("POST", "/alerts/test", role="admin"))
    return [answer.text + repr(answer.headers) for answer in answers]


def test_keys_and_tokens_are_in_no_log_no_reply_and_no_file_but_their_own(sandbox, cell_id, tmp_path):
    way = "json://evotrade:a-password-of-alerts@127.0.0.1:1"
    with daemon_at(sandbox, tmp_path, speed=SPEED, real=True, EVOTRADE_ALERT_URLS=f'["{way}"]') as daemon:
        daemon.start()
        number = start_session(daemon, cell_id, dry_run=False, confirm=f"{cell_id} BTC/USD 1000")
        daemon.wait_for(lambda: daemon.session(number)["trade_count"], 60)
        sandbox.inject("api_error", error="EAPI:Invalid signature", endpoints=["AddOrder"])
        daemon.wait_for(lambda: daemon.counters()["market_rest_errors"])
        told = replies(daemon, sandbox.secret)
        assert daemon.stop() == 0
    tokens = [one.token.encode() for one in read_tokens(tokens_file(daemon.store))]
    secrets = [sandbox.key.encode(), sandbox.secret.encode(), b"a-password-of-alerts"]
    for text in told:
        assert not any(secret in text.encode() for secret in [*secrets, *tokens]), text
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not any(secret in content for secret in secrets), path
        assert path.name == FILE_NAME or not any(token in content for token in tokens), path


READER = """
import sys
from evotrade.store import Store
with Store(sys.argv[1]).read() as connection:
    print(connection.execute("SELECT count(*) FROM cells").fetchone(), flush=True)
    sys.stdin.read()
"""


@contextmanager
def a_notebook_reads(store):
    """Another process holds a read of the file while the block runs."""
    command = [sys.executable, "-c", READER, str(store)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT) as reader:
        try:
            assert reader.stdout.readline()
            yield reader
        finally:
            reader.stdin.close()


def order_delay_s(daemon, sandbox):
    """Seconds from the close of a bar to the order that the exchange has of it."""
    before = len(sandbox.state()["orders"])
    sandbox.advance(HOUR_S)
    began_s = time.monotonic()
    daemon.wait_for(lambda: len(sandbox.state()["orders"]) > before, 30, every_s=0.005)
    return time.monotonic() - began_s


def test_a_notebook_that_holds_a_long_read_delays_no_order(tmp_path):
    (tmp_path / "db").mkdir()
    (cell_id,) = Store(tmp_path / "db" / "lab.duckdb").add_cells(
        [cell(genome="IF CLOSE > 0 THEN BUY ELSE SELL")]
    )
    by_hand = SandboxSettings([CANDLES], speed=MANUAL, history_bars=HISTORY, limits=UNLIMITED)
    real = {"dry_run": False, "confirm": f"{cell_id} BTC/USD 1000"}
    with in_thread(by_hand) as exchange, daemon_at(exchange, tmp_path, speed=MANUAL, real=True) as daemon:
        daemon.start()
        start_session(daemon, cell_id, **real)
        alone_s = order_delay_s(daemon, exchange)
        with a_notebook_reads(daemon.store) as notebook:
            number, began_s = start_session(daemon, cell_id, **real), time.monotonic()
            daemon.wait_for(lambda: time.monotonic() - began_s > 3)
            assert daemon.ask("GET", "/system").json()["outbox_backlog"] > 0  # nothing gets into the file
            beside_s = order_delay_s(daemon, exchange)
            daemon.wait_for(lambda: daemon.session(number)["trade_count"] == 1)
            assert notebook.poll() is None
        assert beside_s < alone_s + 0.5
        daemon.wait_for(lambda: not daemon.ask("GET", "/system").json()["outbox_backlog"])


@pytest.mark.soak
def test_a_hundred_sessions_are_handled_in_time(cell_id, tmp_path):
    ticks = SandboxSettings([CANDLES], speed=60.0, history_bars=HISTORY, limits=UNLIMITED)  # one a second
    with in_thread(ticks) as calm, daemon_at(calm, tmp_path, speed=60.0) as daemon:
        daemon.start()
        for _ in range(100):
            assert daemon.ask("POST", "/trading/start", json={"cell_id": cell_id}).status_code in (200, 201)
        time.sleep(10.0)
        before_kb = resident_kb(daemon.process.pid)
        time.sleep(60.0)
        counters = daemon.ask("GET", "/system").json()["counters"]
        assert counters["longest_loop_lag_s"] < 2
        assert counters["oldest_quote_s"] / 60.0 < 2
        assert counters["writer_p99_s"] < 0.25
        assert resident_kb(daemon.process.pid) < 1.1 * before_kb
