"""Requests made from the API's own document, valid and invalid: answers are as it says, and never a 500."""

import os
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks

from evotrade.market.synthetic import synthetic_candles
from tests.api.desks import a_view

NEEDS_A_MODEL = "/cells/{cell_id}/fork"  # without one it is a 503, which the document tells of
EXAMPLES = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 12
PYDANTIC = "Input should|inputs are not permitted|Field required|unable to (interpret|parse)"
CHECKS = [
    *(checks.not_a_server_error, checks.status_code_conformance),
    *(checks.content_type_conformance, checks.response_schema_conformance),
]


@pytest.fixture
def operations(ask, desk, store):
    """All operations of the document, over a desk with a session and a store with candles."""
    desk.put(a_view())
    store.save_candles(synthetic_candles(300, "1h", seed=3, pair="BTC/USD"))
    schema = schemathesis.openapi.from_dict(ask("viewer").get("/openapi.json").json())
    return [found.ok() for found in schema.get_all_operations()]


def test_whatever_is_asked_is_answered_as_documented(served, tokens, operations):
    headers = {"Authorization": f"Bearer {tokens.of_role('admin').token}"}
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    assert len(operations) >= 22
    for operation in operations:
        cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        if operation.body or operation.query or operation.path_parameters:
            cases |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=quiet, database=None)
        @given(case=cases)
        def ask(case):
            answer = case.call(base_url=served.url, headers=headers)
            without_model = case.operation.path == NEEDS_A_MODEL and "LlmNotConfigured" in answer.text
            allowed = [checks.not_a_server_error] if without_model else []
            case.validate_response(answer, checks=CHECKS, excluded_checks=allowed)
            assert not re.search(PYDANTIC, answer.text), answer.text

        ask()
