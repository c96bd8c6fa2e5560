"""Watching sessions over real sockets: resumed, slowed down, left behind, and never at others' cost."""

import json
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from evotrade.api import create_app
from evotrade.api.streams import StreamLimits
from evotrade.settings import Settings
from tests.api.conftest import MANY
from tests.api.desks import a_view
from tests.api.serving import serving, wait_until

QUICK = StreamLimits(interval_s=0.05, heartbeat_s=0.1, queue=200, kept=20, linger_s=0.3)


@pytest.fixture
def served(desk, store, tokens):
    desk.put(a_view())
    app = create_app(desk, store, tokens, settings=Settings(), quota=MANY, streams=QUICK)
    with serving(app) as running:
        yield running


@pytest.fixture
def watch(served, tokens):
    """Opens a socket on session 1."""
    headers = {"Authorization": f"Bearer {tokens.of_role('viewer').token}"}

    @contextmanager
    def opened(query="", session=1, **options):
        address = f"{served.ws_url}/ws/trading/{session}{query}"
        with connect(address, additional_headers=headers, proxy=None, **options) as socket:
            yield socket

    return opened


def heard(socket, count):
    """The next messages that are no heartbeats."""
    messages = []
    while len(messages) < count:
        message = json.loads(socket.recv(timeout=5))
        messages += [message] if message["type"] != "heartbeat" else []
    return messages


def code_of_the_end(socket):
    """Read to the end; the code it is closed with."""
    with suppress(ConnectionClosedError):
        while True:
            socket.recv(timeout=5)
    return socket.close_code


def test_a_watcher_gets_a_snapshot_and_then_what_happens(watch, served, desk):
    with watch() as socket:
        (snapshot,) = heard(socket, 1)
        assert (snapshot["type"], snapshot["seq"], snapshot["data"]["current_pnl"]) == ("snapshot", 0, "12.5")
        served.do(desk.tell, 1, "trade", fill_id="F1")
        served.do(desk.tell, 1, "state", status="halted")
        first, second = heard(socket, 2)
    assert (first["type"], first["seq"], first["data"]) == ("trade", 1, {"fill_id": "F1"})
    assert (second["type"], second["seq"], second["epoch"]) == ("state", 2, snapshot["epoch"])


def test_of_many_prices_the_last_arrives_and_few_of_the_others(watch, served, desk):
    with watch() as socket:
        heard(socket, 1)
        for price in range(500):
            served.do(desk.tell, 1, "price", price=price)
        prices = []
        while prices[-1:] != [499]:
            prices.append(heard(socket, 1)[0]["data"]["price"])
    assert len(prices) < 100


def test_silence_is_filled_with_heartbeats_that_say_the_last_number(watch, served, desk):
    with watch() as socket:
        heard(socket, 1)
        served.do(desk.tell, 1, "trade", fill_id="F1")
        heard(socket, 1)
        beat = json.loads(socket.recv(timeout=5))
    assert (beat["type"], beat["seq"], beat["data"]) == ("heartbeat", 1, {})


def test_who_comes_back_in_time_misses_nothing_and_gets_no_snapshot(watch, served, desk):
    with watch() as socket:
        (snapshot,) = heard(socket, 1)
    for number in range(3):
        served.do(desk.tell, 1, "trade", number=number)
    with watch(f"?epoch={snapshot['epoch']}&after=1") as socket:
        messages = heard(socket, 2)
    assert [(one["seq"], one["data"]["number"]) for one in messages] == [(2, 1), (3, 2)]


@pytest.mark.parametrize("told", [21, 30])
def test_who_comes_back_too_late_gets_a_fresh_snapshot(watch, served, desk, told):
    with watch() as socket:
        (snapshot,) = heard(socket, 1)
    for number in range(told):
        served.do(desk.tell, 1, "trade", number=number)
    with watch(f"?epoch={snapshot['epoch']}&after=0") as socket:
        (fresh,) = heard(socket, 1)
    assert (fresh["type"], fresh["seq"], fresh["epoch"]) == ("snapshot", told, snapshot["epoch"])


@pytest.mark.parametrize("query", ["?epoch=x&after=0", "?epoch=&after=", "?after=-1", "?epoch=x&after=²"])
def test_a_place_that_is_none_gets_a_snapshot(watch, query):
    with watch(query) as socket:
        assert heard(socket, 1)[0]["type"] == "snapshot"


def test_a_session_that_nobody_comes_back_to_is_forgotten(watch, desk):
    with watch() as socket:
        (snapshot,) = heard(socket, 1)
        assert len(desk.listeners[1]) == 1
    wait_until(lambda: not desk.listeners[1])
    with watch(f"?epoch={snapshot['epoch']}&after=0") as socket:
        assert heard(socket, 1)[0]["epoch"] != snapshot["epoch"]


@pytest.mark.parametrize("session", ["2", "0", "x", "-1", "9" * 30])
def test_an_unknown_session_is_refused_before_the_socket_opens(watch, session):
    with pytest.raises(InvalidStatus) as refused, watch(session=session):
        pass
    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body)["type"] == "urn:evotrade:error:NotFound"


def test_a_slow_watcher_is_dropped_and_the_others_hear_everything(watch, served, desk):
    with watch() as quick, watch(max_queue=1) as slow:
        heard(quick, 1)
        text, numbers = "x" * 20_000, []
        for number in range(1_500):
            served.do(desk.tell, 1, "trade", number=number, text=text)
            numbers += [one["data"]["number"] for one in heard(quick, 1)]
        assert numbers == list(range(1_500))
        assert code_of_the_end(slow) == 1013


def test_what_a_watcher_says_means_nothing_and_too_much_of_it_ends_the_talk(watch):
    with watch() as socket:
        heard(socket, 1)
        socket.send("hello")
        heard_after = json.loads(socket.recv(timeout=5))
        assert heard_after["type"] == "heartbeat"
        socket.send("x" * 5_000)
        assert code_of_the_end(socket) == 1009


def test_the_end_of_the_daemon_ends_the_watching(desk, store, tokens):
    desk.put(a_view())
    headers = {"Authorization": f"Bearer {tokens.of_role('viewer').token}"}
    began = time.monotonic()
    with ExitStack() as client:
        with serving(create_app(desk, store, tokens, settings=Settings(), quota=MANY)) as served:
            address = f"{served.ws_url}/ws/trading/1"
            socket = client.enter_context(connect(address, additional_headers=headers, proxy=None))
            heard(socket, 1)
        assert code_of_the_end(socket) == 1012
    assert time.monotonic() - began < 5
    assert desk.listeners[1] == []
