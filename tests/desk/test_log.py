import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from evotrade.desk.log import HIDDEN, Redaction, configure_log

SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="


@pytest.fixture
def lines():
    before, level = logging.getLogger().handlers, logging.getLogger().level
    stream = io.StringIO()
    configure_log(stream, [SECRET, ""])
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().handlers = before
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


def test_an_event_is_one_line_of_json_with_its_ids(lines):
    structlog.get_logger("desk").info("order placed", session_id=3, order_id="a-b")
    (line,) = lines()
    assert (line["event"], line["session_id"], line["order_id"]) == ("order placed", 3, "a-b")
    assert line["level"] == "info"


def test_messages_of_other_libraries_come_as_json_too(lines):
    logging.getLogger("other").warning("it is %s", "late")
    assert lines()[0]["event"] == "it is late"


def test_secrets_are_written_nowhere(lines):
    log = structlog.get_logger("desk")
    log.info("sent", headers={"API-Key": SECRET}, rows=[(1, f"x{SECRET}x")])
    logging.getLogger("other").error("refused %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("failed")
    assert len(lines()) == 3
    assert SECRET not in json.dumps(lines())
    assert lines()[0]["headers"]["API-Key"] == HIDDEN


@given(st.lists(st.text("ab\n", min_size=6, max_size=8), max_size=3), st.text("ab\n", max_size=40))
def test_no_text_keeps_a_secret(secrets, text):
    cleaned = json.dumps(Redaction(secrets).clean({"deep": [text]}))
    assert not any(json.dumps(secret)[1:-1] in cleaned for secret in secrets)
