"""What is wrong with a request is one clear sentence about each field, in our words."""

import pytest

BODIES = [
    ({}, "cell_id", "it is needed: give it"),
    ({"cell_id": 1, "cel": 2}, "cel", "there is no such field: leave it out"),
    ({"cell_id": 0}, "cell_id", "give a number of at least 1"),
    ({"cell_id": "one"}, "cell_id", "give a whole number"),
    ({"cell_id": 1, "allocation": "-5"}, "allocation", "give a number above 0"),
    ({"cell_id": 1, "allocation": "much"}, "allocation", "give a number, exact as a string"),
    ({"cell_id": 1, "allocation": "0.123456789"}, "allocation", "give at most 8 digits after the point"),
    ({"cell_id": 1, "allocation": "NaN"}, "allocation", "give a finite number"),
    ({"cell_id": 1, "timeframe": "2h"}, "timeframe", "give one of '1m', '5m', '15m'"),
    ({"cell_id": 1, "dry_run": 1}, "dry_run", "give true or false"),
    ({"cell_id": 1, "pair": 7}, "pair", "give a text"),
    ({"cell_id": 1, "pair": "X" * 50}, "pair", "give at most 40 characters"),
    ({"cell_id": 1, "limits": []}, "limits", "give an object like {}"),
    ({"cell_id": 1, "limits": {"stop_loss_pct": 100}}, "limits.stop_loss_pct", "give a number below 100"),
    (
        {"cell_id": 1, "limits": {"trading_hours": {"start": "9"}}},
        "limits.trading_hours.start",
        "/docs shows",
    ),
    ({"cell_id": 1, "limits": {"trading_hours": {"days": []}}}, "limits.trading_hours.days", "at least 1 of"),
]


@pytest.mark.parametrize(("body", "field", "message"), BODIES)
def test_a_mistake_names_its_field_and_the_repair(ask, body, field, message):
    problem = ask("trader").post("/trading/start", json=body).json()
    (mistake,) = problem["errors"]
    assert (mistake["field"], message in mistake["message"]) == (field, True), mistake
    assert problem["detail"] == f"{field}: {mistake['message']}"


@pytest.mark.parametrize("query", ["limit=many", "limit=0", "status=undead", "limit="])
def test_a_mistake_in_a_query_is_told_the_same_way(ask, query):
    problem = ask("viewer").get(f"/cells?{query}").json()
    assert problem["detail"].startswith(f"{query.split('=')[0]}: give ")


def test_a_body_that_is_no_json_is_said_so(ask):
    answer = ask("trader").post("/trading/start", content=b"{", headers={"content-type": "application/json"})
    assert answer.json()["detail"] == "body: it is no JSON: send an object like {}"


def test_many_mistakes_are_the_first_three_and_a_count(ask):
    body = {"cell_id": 0, "allocation": "0", "dry_run": 1, "pair": 7, "x": 1}
    problem = ask("trader").post("/trading/start", json=body).json()
    assert len(problem["errors"]) == 5
    assert problem["detail"].endswith("; and 2 more, see errors")
