"""Every error is a problem document, and says no more than it should."""

import inspect

import pytest

from evotrade import errors
from evotrade.api.problems import status_of
from evotrade.errors import EvotradeError, StoreBusy

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, EvotradeError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_the_tree_has_a_status(kind):
    assert 400 <= status_of(kind("what, where, how")) < 600


def test_an_unexpected_error_tells_nothing_of_itself(ask, desk):
    desk.fault = RuntimeError("the secret of line 12")
    answer = ask("viewer").get("/trading/session/1")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["title"] == "Internal Server Error"
    assert "secret" not in answer.text


def test_a_busy_store_asks_for_patience(ask, desk):
    desk.fault = StoreBusy("process 12 holds the store: wait")
    answer = ask("viewer").get("/trading/session/1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/cells/", 404), ("DELETE", "/cells", 405), ("GET", "/cells/x", 422)],
)
def test_what_the_framework_refuses_is_a_problem_too(ask, method, path, status):
    answer = ask("viewer").request(method, path)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["type"]) == (status, "about:blank")


@pytest.mark.parametrize("body", [b"{", b'{"cell_id": NaN}', b"\xff", b"[]", b"null"])
def test_no_json_is_a_problem_and_is_not_repeated(ask, body):
    answer = ask("trader").post("/trading/start", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) in [
        (422, "application/problem+json"),
        (400, "application/problem+json"),
    ]
