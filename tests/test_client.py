"""The client against the real API over a scripted desk: its answers, its errors, and how it holds on."""

import socket
import threading
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from evotrade import errors
from evotrade.api import create_app
from evotrade.api.streams import StreamLimits
from evotrade.client import Client
from evotrade.errors import DaemonError, GenomeError, NotFound, SessionError, SessionRefused, SettingsError
from evotrade.market.synthetic import synthetic_candles
from evotrade.settings import Settings
from evotrade.store import Store
from evotrade.tokens import ensure_tokens, tokens_file
from tests.api.desks import GENOME, ScriptedDesk, a_view
from tests.api.serving import serving, wait_until

QUICK = StreamLimits(interval_s=0.05, heartbeat_s=0.1, queue=50)


@pytest.fixture
def desk():
    return ScriptedDesk()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "evotrade.duckdb")


@pytest.fixture
def tokens(store):
    return ensure_tokens(tokens_file(store.path))


@pytest.fixture
def app(desk, store, tokens):
    return create_app(desk, store, tokens, settings=Settings(), streams=QUICK)


@pytest.fixture
def served(app):
    with serving(app) as running:
        yield running


@pytest.fixture
def client(served, store):
    with Client.of_settings(Settings(store=store.path, daemon_url=served.url)) as made:
        yield made


def test_a_session_is_started_shown_and_stopped(client, desk):
    limits = {"stop_loss_pct": 5.0}
    begun = client.start(29, allocation=Decimal("1E+3"), pair="ETH/USD", limits=limits)
    assert (begun["session_id"], begun["allocation"], begun["pair"]) == (1, "1000", "ETH/USD")
    assert (desk.asked[0].limits.stop_loss_pct, desk.asked[0].owner) == (5.0, "admin")
    assert client.session(1) == client.sessions(active=True)[0] == begun
    assert client.stop(1, flatten=False)["status"] == "stopped"
    assert client.sessions(active=True) == client.stop_all() == []


def test_every_part_of_a_session_is_there(client, desk):
    desk.put(a_view(1, status="halted"))
    assert client.trades(1)[0]["side"] == "buy"
    assert [row["status"] for row in client.positions(1)] == ["closed", "open"]
    assert client.orders(1)[0]["status"] == "filled"
    assert client.transitions(1)[0]["after"] == "running"
    assert client.bars(1)[0]["decision"] is None
    assert client.ticks(1, since=datetime(2026, 1, 1, tzinfo=UTC))[0]["price"] == 67_000.0
    assert client.verify(1)["agrees"] is True
    assert client.resume(1, "calm again")["status"] == "running"


def test_cells_are_made_and_found(client, store):
    store.save_candles(synthetic_candles(2_000, "1h", seed=3, pair="BTC/USD"))
    made = client.create_cell(GENOME, name="Slow trend", category="trend", pair="BTC/USD")
    number = made["cell_id"]
    assert client.cell(number)["phenotypes"] == client.phenotypes(number) == made["results"]
    assert [row["cell_id"] for row in client.cells(status=made["status"])] == [number]
    assert client.lineage(number)[0]["relation"] == "self"


def test_the_daemon_says_how_it_is(client, desk):
    assert client.health()["pid"] == client.system()["pid"] == 4711
    assert client.alerts(limit=1)[0]["level"] == "failure"
    assert "evotrade_up 1.0" in client.metrics()
    client.test_alert()


def test_refusals_are_the_errors_that_the_desk_raised(client, desk):
    desk.put(a_view(status="stopped"))
    with pytest.raises(NotFound, match="no session 2"):
        client.session(2)
    with pytest.raises(SessionError, match="has stopped already"):
        client.stop(1)
    with pytest.raises(SessionRefused, match="real orders need confirm"):
        client.start(29, dry_run=False)
    with pytest.raises(DaemonError, match=r"cannot use what was asked, mend it \(timeframe: "):
        client.start(29, timeframe="2h")


def test_a_mistake_in_a_genome_keeps_its_place(client):
    with pytest.raises(GenomeError) as mistake:
        client.create_cell("IF DELT(0) > 1 THEN BUY")
    found = mistake.value
    assert (found.line, found.column, found.length, found.suggestion) == (1, 4, 4, "DELTA")
    assert str(found) == "line 1, column 4: unknown symbol 'DELT'. Did you mean DELTA?"


@pytest.mark.parametrize("kind", ["DeskLimit", "StoreBusy", "ExchangeUnreachable", "OrderRefused"])
def test_any_error_of_the_tree_comes_back_as_itself(client, desk, kind):
    desk.fault = getattr(errors, kind)("what, where, how")
    with pytest.raises(getattr(errors, kind), match="^what, where, how$"):
        client.session(1)


def test_a_daemon_that_does_not_run_is_told_with_the_repair(store, tokens):
    with socket.socket() as taken:  # bound, and listening to nobody
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Client.of_settings(Settings(store=store.path, daemon_url=url)) as client:
            for ask in (client.sessions, lambda: next(client.watch(1))):
                with pytest.raises(DaemonError, match=f"not running at {url}: start it with evotrade daemon"):
                    ask()


def test_what_never_answers_is_told_as_that(tokens):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Client(url, "x", timeout_s=0.1) as client, pytest.raises(DaemonError, match="may or may not"):
            client.sessions()


@pytest.mark.parametrize("status", [200, 404, 502])
@pytest.mark.parametrize("text", ["", "<html>", "[]", "null"])
def test_what_is_no_daemon_is_told(status, text):
    other = httpx.MockTransport(lambda _: httpx.Response(status, text=text))
    with Client("http://127.0.0.1:1", "x", transport=other) as client:
        if status == 200 and text in ("[]", "null"):
            assert not client.sessions()
        else:
            with pytest.raises(DaemonError, match=f"answered with status {status} is no evotrade daemon"):
                client.sessions()


@pytest.mark.parametrize("token", ["", "a\nb", "ü"])
def test_what_is_no_token_is_not_sent_and_not_shown(token):
    with pytest.raises(DaemonError, match="^what was given is no token: use one of tokens.json"):
        Client("http://127.0.0.1:1", token)


@pytest.mark.parametrize("token", ["wrong", "w" * 60])
def test_a_wrong_token_is_told(served, token):
    with Client(served.url, token) as client, pytest.raises(DaemonError, match="it runs on another store"):
        client.sessions()


def test_a_viewer_is_told_what_it_may_not(served, store):
    settings = Settings(store=store.path, daemon_url=served.url)
    with Client.of_settings(settings, "viewer") as client:
        assert client.sessions() == []
        with pytest.raises(DaemonError, match="this needs the role trader"):
            client.start(29)


def test_settings_without_a_daemon_or_with_an_open_file_are_told(tmp_path):
    settings = Settings(store=tmp_path / "db" / "evotrade.duckdb")
    with pytest.raises(DaemonError, match="no daemon ever ran on .*: start it with evotrade daemon"):
        Client.of_settings(settings)
    ensure_tokens(tokens_file(settings.store))
    tokens_file(settings.store).chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        Client.of_settings(settings)


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://", ""])
def test_an_address_that_is_none_is_told(url):
    with pytest.raises(DaemonError, match="is no address of a daemon: mend daemon_url"):
        Client(url, "x")


def test_watching_ends_with_the_session(client, served, desk):
    desk.put(a_view())
    messages = client.watch(1)
    assert next(messages)["type"] == "snapshot"
    served.do(desk.tell, 1, "trade", fill_id="F1")
    served.do(desk.tell, 1, "state", before="stopping", status="stopped")
    assert [(one["type"], one["seq"]) for one in messages] == [("trade", 1), ("state", 2)]
    desk.put(a_view(status="stopped"))
    assert [one["type"] for one in client.watch(1)] == ["snapshot"]


def test_a_watcher_that_was_dropped_for_being_slow_misses_nothing(client, served, desk):
    desk.put(a_view())
    messages = client.watch(1)
    next(messages)
    for number in range(900):
        served.do(desk.tell, 1, "trade", number=number, text="x" * 20_000)
    assert [next(messages)["data"]["number"] for _ in range(900)] == list(range(900))
    messages.close()


def test_watching_goes_on_when_the_daemon_comes_back(app, store, tokens, desk):
    desk.put(a_view())
    waits = []
    with serving(app) as served:
        client = Client(served.url, tokens.of_role("viewer").token)
        messages = client.watch(1, sleep=lambda wait_s: waits.append(wait_s) or again.wait(wait_s / 10))
        again, heard = threading.Event(), [next(messages)]
    reader = threading.Thread(target=lambda: heard.append(next(messages)))
    reader.start()
    wait_until(lambda: len(waits) > 2)
    with serving(create_app(desk, store, tokens, settings=Settings()), served.port):
        reader.join(10)
        messages.close()
    assert [one["type"] for one in heard] == ["snapshot", "snapshot"]
    assert heard[0]["epoch"] != heard[1]["epoch"]
    assert waits[:3] == [0.25, 0.5, 1.0]
    client.close()


def test_patience_ends(app, tokens, desk):
    desk.put(a_view())
    waits = []
    with serving(app) as served, Client(served.url, tokens.of_role("viewer").token) as client:
        messages = client.watch(1, patience_s=20, sleep=waits.append)
        next(messages)
    with pytest.raises(DaemonError, match="is not running"):
        next(messages)
    assert 20 <= sum(waits) < 26


def test_an_unknown_session_is_not_watched(client):
    with pytest.raises(NotFound, match="no session 7"):
        next(client.watch(7))
