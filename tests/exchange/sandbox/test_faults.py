"""Faults, as the real SDK meets them, and what the exchange's own record says of it."""

import asyncio
import json
import time

import aiohttp
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from kraken import exceptions as refusals

from evotrade.errors import SettingsError
from evotrade.exchange.sandbox import Faults, in_thread
from evotrade.exchange.sandbox.faults import OF_CALLS, OF_FRAMES
from evotrade.exchange.sandbox.garbling import Garbler
from tests.exchange.sandbox.clients import all_clients, manual, rest_client
from tests.exchange.sandbox.markets import HOUR_S

BTC = {"symbol": ["BTC/USD"]}
FRAME = {"channel": "ticker", "type": "update", "data": [{"symbol": "BTC/USD", "last": 100, "volume": 3}]}


def texts(frames, *faults):
    """What is sent for frames under some faults."""
    switched = Faults()
    for kind, options in faults:
        switched.add(kind, 0.0, **options)
    garbler = Garbler(switched)
    return [text for frame in frames for text in garbler.texts(frame, 0.0)]


@given(st.sampled_from(OF_CALLS + OF_FRAMES), st.integers(1, 9), st.integers(0, 20))
def test_a_fault_strikes_as_often_as_it_was_told_to(kind, calls, tries):
    faults = Faults()
    faults.add(kind, 0.0, calls=calls)
    struck = sum(faults.take(kind, "AddOrder", 0.0) is not None for _ in range(tries))
    assert struck == min(calls, tries)


def test_a_fault_strikes_only_what_it_was_meant_for():
    faults = Faults()
    faults.add("slow", 0.0, calls=None, endpoints=["AddOrder"])
    assert faults.take("slow", "Balance", 0.0) is None
    assert faults.take("slow", "AddOrder", 0.0)
    assert faults.take("slow", "AddOrder", 0.0), "None means until it is cleared"
    faults.clear()
    assert faults.take("slow", "AddOrder", 0.0) is None


@pytest.mark.parametrize(("kind", "options"), [("earthquake", {}), ("slow", {"hours": 3})])
def test_a_fault_that_there_is_not_is_refused(kind, options):
    with pytest.raises(SettingsError, match="use one of|its options are"):
        Faults().add(kind, 0.0, **options)


def test_frames_are_spoilt_as_told():
    plain = json.dumps(FRAME)
    assert texts([FRAME], ("duplicate", {})) == [plain] * 2
    assert texts([FRAME, {**FRAME, "type": "next"}], ("reorder", {}))[1] == plain
    assert texts([FRAME], ("malformed", {}))[0] in plain
    assert texts([FRAME], ("silence", {"seconds": 1})) == []
    (absurd,) = texts([FRAME], ("absurd_price", {"factor": 10}))
    assert json.loads(absurd)["data"] == [{"symbol": "BTC/USD", "last": 1_000, "volume": 3}]
    (unknown,) = texts([FRAME], ("unknown_field", {}))
    assert json.loads(unknown)["data"][0].keys() > FRAME["data"][0].keys()


@given(st.lists(st.sampled_from(["duplicate", "reorder", "unknown_field", "absurd_price"]), max_size=8))
def test_whatever_is_spoilt_no_frame_is_lost_for_good(kinds):
    frames = [{**FRAME, "number": number} for number in range(12)]
    sent = texts(frames, *((kind, {"calls": 1}) for kind in kinds))
    assert {json.loads(text)["number"] for text in sent} == set(range(12))


def meet(kind, call, settings=None, **options):
    """(what a REST call came to, the state after it) under one fault."""

    async def scenario():
        async with rest_client(settings) as (sandbox, rest):
            sandbox.inject(kind, **options)
            (outcome,) = await asyncio.gather(call(rest), return_exceptions=True)
            return outcome, sandbox.state()

    return asyncio.run(scenario())


def buy(rest):
    return rest.order(cl_ord_id="bar-7", volume="1")


@pytest.mark.parametrize("status", [429, 503, 520])
def test_an_http_error_reaches_the_client_and_nothing_is_carried_out(status):
    outcome, state = meet("http_error", buy, status=status, endpoints=["AddOrder"])
    assert str(outcome).startswith(str(status))
    assert not state["orders"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("EAPI:Rate limit exceeded", refusals.KrakenApiLimitExceededError),
        ("EAPI:Invalid nonce", refusals.KrakenInvalidNonceError),
        ("EService:Unavailable", refusals.KrakenServiceUnavailableError),
    ],
)
def test_an_api_error_reaches_the_client_and_nothing_is_carried_out(text, error):
    outcome, state = meet("api_error", buy, error=text)
    assert isinstance(outcome, error)
    assert not state["orders"]


def test_a_busy_exchange_comes_as_the_answer_that_the_sdk_does_not_raise():
    outcome, _ = meet("api_error", buy)
    assert outcome == {"error": ["EService:Busy"]}


def test_a_lost_reply_leaves_an_order_that_was_carried_out():
    outcome, state = meet("lose_reply", buy, endpoints=["AddOrder"])
    assert isinstance(outcome, aiohttp.ClientError)
    assert [fill["qty"] for fill in state["fills_by_cl_ord_id"]["bar-7"]] == ["1"]


def test_a_doubled_order_fills_once_and_the_copy_s_nonce_is_refused():
    outcome, state = meet("double", buy, endpoints=["AddOrder"])
    assert "Invalid nonce" in str(outcome)
    assert [fill["qty"] for fill in state["fills_by_cl_ord_id"]["bar-7"]] == ["1"]


def test_a_doubled_limit_order_rests_once_since_its_name_is_open():
    _, state = meet("double", lambda rest: rest.order(ordertype="limit", price="50", cl_ord_id="bar-7"))
    assert len(state["orders_by_cl_ord_id"]["bar-7"]) == 1


@pytest.mark.parametrize("kind", ["slow", "slow_reply"])
def test_a_slow_call_is_answered_late(kind):
    began = time.monotonic()
    outcome, _ = meet(kind, buy, seconds=0.2)
    assert outcome["txid"]
    assert time.monotonic() - began >= 0.2


def test_partial_fills_are_seen_in_the_order():
    _, state = meet("partial_fill", buy, share=0.25)
    (partly,) = state["orders"]
    assert (float(partly["filled"]), partly["status"]) == (0.25, "open")


def test_a_skewed_clock_is_told_and_judges_deadlines():
    outcome, state = meet("clock_skew", lambda rest: rest.public("Time"), seconds=-90)
    assert outcome["unixtime"] == state["now_s"] - 90


def test_maintenance_refuses_private_calls():
    outcome, _ = meet("status", lambda rest: rest.private("Balance"), status="maintenance")
    assert isinstance(outcome, refusals.KrakenServiceUnavailableError)


def test_an_outage_ends_by_itself():
    async def scenario():
        async with rest_client() as (sandbox, rest):
            sandbox.inject("outage", seconds=0.2)
            with pytest.raises(aiohttp.ClientError):
                await rest.public("Time")
            await asyncio.sleep(0.25)
            return await rest.public("Time")

    assert asyncio.run(scenario())["unixtime"]


def test_recovering_switches_everything_off():
    async def scenario():
        async with rest_client() as (sandbox, rest):
            sandbox.inject("outage")
            sandbox.inject("status", status="maintenance")
            sandbox.inject("status", pair="BTC/USD", status="cancel_only")
            sandbox.recover()
            return await buy(rest)

    assert asyncio.run(scenario())["txid"]


def test_dropped_sockets_come_back_with_their_subscriptions():
    async def scenario():
        async with all_clients(private=False) as (sandbox, _, socket):
            await socket.subscribe("ticker", **BTC)
            seen = len(socket.messages)
            sandbox.inject("drop")
            await socket.first(lambda m: m.get("channel") == "ticker" and m["type"] == "snapshot", since=seen)

    asyncio.run(scenario())


def test_silence_keeps_the_connection_and_sends_nothing():
    async def scenario():
        async with all_clients(private=False) as (sandbox, _, socket):
            await socket.subscribe("ticker", **BTC)
            sandbox.inject("silence")
            seen = len(socket.messages)
            sandbox.advance(HOUR_S)
            await asyncio.sleep(1.2)
            silent = len(socket.messages) == seen
            sandbox.recover()
            await socket.first(lambda m: m.get("channel") == "heartbeat", since=seen)
            return silent

    assert asyncio.run(scenario())


def test_the_status_goes_to_every_socket():
    async def scenario():
        async with all_clients(private=False) as (sandbox, _, socket):
            sandbox.inject("status", status="maintenance")
            return await socket.first(lambda m: m.get("data", [{}])[0].get("system") == "maintenance")

    assert asyncio.run(scenario())["channel"] == "status"


@pytest.mark.parametrize(("kind", "fills"), [("lose_reply", 1), ("double", 2), ("api_error", 0)])
def test_orders_over_the_socket_meet_the_faults_of_calls(kind, fills):
    async def scenario():
        async with all_clients() as (sandbox, _, socket):
            sandbox.inject(kind, endpoints=["add_order"])
            wanted = {"order_type": "market", "side": "buy", "order_qty": 1, "symbol": "BTC/USD"}
            await socket.sdk.send_message({"method": "add_order", "params": wanted})
            await asyncio.sleep(0.1)
            return len(sandbox.state()["fills"])

    assert asyncio.run(scenario()) == fills


def test_the_control_address_does_what_the_object_does():
    with in_thread(manual()) as sandbox:
        control = f"{sandbox.url}/sandbox"
        asked = requests.post(f"{control}/faults", json=[{"kind": "http_error", "status": 520}], timeout=5)
        assert asked.json()["faults"][0]["status"] == 520
        assert requests.get(f"{sandbox.url}/0/public/Time", timeout=5).status_code == 520
        advanced = requests.post(f"{control}/advance", json={"seconds": HOUR_S}, timeout=5).json()
        state = requests.get(f"{control}/state", timeout=5).json()
        assert state == sandbox.state()
        assert state["now_ns"] == advanced["now_ns"]
        later = requests.post(f"{control}/advance", json={"to_s": state["now_s"] + 60}, timeout=5).json()
        assert later["now_ns"] - state["now_ns"] == 60 * 10**9
        sandbox.inject("silence")
        assert requests.delete(f"{control}/faults", timeout=5).json() == {"faults": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "earthquake"}),
        ("faults", {"kind": "drop", "hard": True}),
        ("faults", ["drop"]),
        ("faults", {"kind": "status", "status": "gone"}),
        ("faults", {"kind": "partial_fill", "share": 2}),
        ("advance", {"seconds": -1}),
        ("advance", {}),
    ],
)
def test_a_control_that_makes_no_sense_is_refused_with_a_sentence(path, body):
    with in_thread(manual()) as sandbox:
        answer = requests.post(f"{sandbox.url}/sandbox/{path}", json=body, timeout=5)
        assert answer.status_code == 422
        assert answer.json()["error"]


def test_the_control_address_is_closed_to_other_hosts():
    with in_thread(manual()) as sandbox:
        for headers, status in (({"Host": "evil.example"}, 403), ({}, 200)):
            asked = requests.get(f"{sandbox.url}/sandbox/state", headers=headers, timeout=5)
            assert asked.status_code == status
