"""The description of the API: complete, behind a token, and from this machine alone."""

import re

import pytest


def test_the_page_of_docs_knows_nothing_and_loads_nothing_from_elsewhere(ask):
    page = ask(None).get("/docs")
    assert page.status_code == 200
    assert not re.findall(r"https?://|<link|src=", page.text)
    assert "/trading" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"])
def test_what_the_page_loads_needs_a_token(ask, path):
    assert ask(None).get(path).status_code == 401
    assert len(ask("viewer").get(path).content) > 10_000


def test_the_document_describes_every_call_its_fields_and_its_errors(ask):
    document = ask("viewer").get("/openapi.json").json()
    paths, schemas = document["paths"], document["components"]["schemas"]
    assert {"/cells/create", "/trading/start", "/trading/session/{session_id}/trades"} <= paths.keys()
    fork = paths["/cells/{cell_id}/fork"]["post"]
    assert {"404", "422", "429", "502", "503", "504"} <= fork["responses"].keys()
    assert schemas["ForkIn"]["properties"]["mutation_description"]["examples"]
    start = schemas["StartIn"]
    assert (start["required"], start["properties"]["cell_id"]["examples"]) == (["cell_id"], [29])
    problems = paths["/trading/start"]["post"]["responses"]
    assert {"401", "403", "404", "409", "422", "429"} <= problems.keys()
    for refusal in ("409", "422"):
        assert "application/problem+json" in problems[refusal]["content"]
    assert schemas["SessionOut"]["properties"]["allocation"]["type"] == "string"
    assert {"ProblemOut", "MistakeOut"} <= schemas.keys()
