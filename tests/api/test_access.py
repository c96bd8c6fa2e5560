"""The gate: nobody without a token, nothing beyond one's role, not too often, not too much."""

import logging

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from evotrade.api import create_app
from evotrade.api.access import Bucket, Quota
from tests.api.desks import a_view
from tests.api.serving import serving

OPEN = {"/health", "/docs"}


def addresses(app):
    """Every (method, path) of the app, with 1 for a number."""
    for route in iter_route_contexts(app.routes):
        path = route.path.replace("{session_id}", "1").replace("{cell_id}", "1")
        for method in route.methods or ():
            yield method, path


def test_no_route_answers_without_a_token(app, ask):
    stranger = ask(None)
    answers = {path: stranger.request(method, path) for method, path in addresses(app)}
    assert len(answers) > 20
    assert {path for path, answer in answers.items() if answer.status_code != 401} == OPEN
    assert "Authorization: Bearer TOKEN" in answers["/cells"].json()["detail"]
    assert answers["/cells"].headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Basic abc", "Bearer wrong", "bearer é", "x" * 5_000])
def test_a_wrong_token_is_none(served, header):
    answer = httpx.get(f"{served.url}/cells", headers={"Authorization": header.encode()}, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_every_route_demands_a_role_and_says_so_in_the_document(app, ask):
    document = ask("viewer").get("/openapi.json").json()["paths"]
    for path, methods in document.items():
        for method, described in methods.items():
            assert ("security" in described) == (path != "/health"), (method, path)
    routes = [
        route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute)
    ]
    assert {route.path for route in routes if not route.dependencies} == OPEN


def test_a_viewer_reads_and_does_nothing(app, ask, desk):
    desk.put(a_view())
    viewer = ask("viewer")
    for method, path in addresses(app):
        answer = viewer.request(method, path)
        assert answer.status_code == (403 if method == "POST" else 200), (method, path, answer.text)
    refusal = viewer.post("/trading/start", json={"cell_id": 29}).json()
    assert refusal["detail"].startswith("viewer is a viewer, and this needs the role trader: ask with")
    assert (desk.asked, desk.views[1].status) == ([], "running")


def test_a_trader_acts_on_its_own_sessions_and_an_admin_on_all(ask, desk):
    desk.put(a_view(1, owner="somebody", status="halted"))
    for path in ("/trading/stop/1", "/trading/resume/1"):
        assert "is somebody's" in ask("trader").post(path).json()["detail"]
    assert ask("admin").post("/trading/resume/1", json={"reason": "calm"}).json()["status"] == "running"
    assert ask("trader").post("/trading/stop-all").json()[0]["status"] == "stopped"
    assert desk.reasons == ["resumed by admin: calm", "kill switch, by trader"]


def test_who_asks_too_often_is_told_when_to_ask_again_and_others_are_not(desk, store, tokens):
    now_s = [0.0]
    app = create_app(desk, store, tokens, quota=Quota(burst=3, per_s=0.5), clock_s=lambda: now_s[0])
    with serving(app) as served:
        one, other = ({"Authorization": f"Bearer {tokens.of_role(r).token}"} for r in ("viewer", "trader"))
        codes = [httpx.get(f"{served.url}/alerts", headers=one, trust_env=False) for _ in range(4)]
        assert [answer.status_code for answer in codes] == [200, 200, 200, 429]
        assert codes[-1].headers["retry-after"] == "2"
        assert httpx.get(f"{served.url}/alerts", headers=other, trust_env=False).is_success
        now_s[0] = 2.0
        assert httpx.get(f"{served.url}/alerts", headers=one, trust_env=False).is_success


@given(st.integers(1, 20), st.floats(0.1, 100), st.lists(st.floats(0, 5), max_size=60))
def test_a_bucket_gives_no_more_than_its_burst_and_rate(burst, per_s, pauses_s):
    bucket, now_s, given_ = Bucket(burst, per_s, 0.0), 0.0, 0
    for pause_s in pauses_s:
        now_s += pause_s
        wait_s = bucket.take(now_s)
        given_ += wait_s == 0
        assert 0 <= wait_s <= 1 / per_s
    assert given_ <= burst + per_s * now_s + 1e-6


@given(st.integers(1, 20), st.floats(0.1, 100))
def test_a_bucket_gives_again_after_the_wait_that_it_told(burst, per_s):
    bucket = Bucket(burst, per_s, 0.0)
    while not (wait_s := bucket.take(0.0)):
        pass
    assert bucket.take(wait_s + 1e-6) == 0


@pytest.mark.parametrize("chunks", [False, True])
def test_too_large_a_body_is_refused_whether_it_says_its_size_or_not(ask, desk, chunks):
    body = b'{"cell_id": 29, "confirm": "' + b"x" * 70_000 + b'"}'
    content = iter([body[:40_000], body[40_000:]]) if chunks else body
    headers = {"content-type": "application/json"}
    answer = ask("trader").post("/trading/start", content=content, headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (413, "Content Too Large")
    assert "65,536 bytes" in answer.json()["detail"]
    assert desk.asked == []


def test_a_websocket_takes_the_header_or_a_subprotocol_and_nothing_else(served, desk, tokens):
    desk.put(a_view())
    address, token = f"{served.ws_url}/ws/trading/1", tokens.of_role("viewer").token
    with connect(address, subprotocols=["evotrade", f"bearer.{token}"], proxy=None) as socket:
        assert socket.subprotocol == "evotrade"
        assert '"snapshot"' in socket.recv(timeout=5)
    for refused in (address, f"{address}?token={token}"):
        with pytest.raises(InvalidStatus) as refusal:
            connect(refused, proxy=None)
        assert refusal.value.response.status_code == 401


def test_no_token_reaches_a_log(served, desk, tokens, caplog):
    desk.put(a_view())
    caplog.set_level(logging.DEBUG)
    for one in tokens:
        httpx.get(f"{served.url}/cells", headers={"Authorization": f"Bearer {one.token}"}, trust_env=False)
    ours = [record for record in caplog.records if not record.name.startswith(("httpcore", "httpx"))]
    assert not any(one.token in str(record.__dict__) for record in ours for one in tokens)
