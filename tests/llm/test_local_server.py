"""The app before llama.cpp's: what it makes of requests, and whom it refuses."""

import asyncio
import json
from itertools import count

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.llm.answers import Explanation, Proposal
from evotrade.llm.grammar import answer_gbnf
from evotrade.llm.local_server import Constrained, constrained

PROPOSAL = answer_gbnf(Proposal.model_json_schema())
EXPLANATION = answer_gbnf(Explanation.model_json_schema())


def body(*messages, **more):
    roles = ("system", "user", "assistant", "user", "assistant", "user")
    return {
        "messages": [{"role": role, "content": text} for role, text in zip(roles, messages, strict=False)],
        **more,
    }


def asked_in_words(answer):
    return body(
        f"Answer in this schema:\n\n{json.dumps(answer.model_json_schema())}\n\nand no other.", "Go {on}"
    )


def test_a_request_without_a_schema_gets_the_grammar_of_proposals():
    assert constrained(body("You", "Buy dips"), 7)["grammar"] == PROPOSAL


@pytest.mark.parametrize(("answer", "grammar"), [(Proposal, PROPOSAL), (Explanation, EXPLANATION)])
def test_a_schema_in_words_becomes_the_grammar_and_is_not_read(answer, grammar):
    bound = constrained(asked_in_words(answer), 7)
    assert bound["grammar"] == grammar
    (message,) = bound["messages"]
    assert message == {"role": "user", "content": "Answer in this schema:\n\n\n\nand no other.\n\nGo {on}"}


def test_a_schema_asked_for_by_the_api_becomes_the_grammar():
    schema = {"name": "answer", "schema": Explanation.model_json_schema()}
    bound = constrained(body("You", "Go", response_format={"type": "json_schema", "json_schema": schema}), 7)
    assert bound["grammar"] == EXPLANATION
    assert "response_format" not in bound


def test_a_grammar_a_seed_and_a_temperature_of_the_clients_own_are_kept():
    own = {"grammar": 'root ::= "a"', "seed": 3, "temperature": 0.2, "stream": True, "max_tokens": 9}
    bound = constrained(body("You", "Go", **own, tools=[{}], stream_options={}), 7)
    assert {name: bound[name] for name in own} == own
    assert not {"tools", "stream_options"} & set(bound)


def test_each_answer_that_did_not_serve_makes_the_next_one_wilder():
    talk = ("You", "Go", "one", "poor", "two", "poor again")
    heats = [constrained(body(*talk[:length]), 7)["temperature"] for length in (2, 4, 6)]
    assert heats == sorted(set(heats))


def test_a_long_talk_is_cut_to_the_task_and_the_last_feedback():
    talk = ("You" * 5_000, "Task" * 5_000, "my answer", "first feedback", "my other answer", "last feedback")
    (message,) = constrained(body(*talk), 7)["messages"]
    assert len(message["content"]) < 4_000
    assert message["content"].endswith("last feedback")
    assert "answer" not in message["content"]


def test_text_in_parts_is_read():
    parts = [{"type": "text", "text": "Buy"}, {"type": "text", "text": "dips"}]
    (message,) = constrained({"messages": [{"role": "user", "content": parts}]}, 7)["messages"]
    assert message["content"] == "Buy\ndips"


@given(st.text(alphabet='{}[]":,properties 1\\', max_size=60))
def test_no_text_of_a_message_upsets_it(text):
    assert constrained(body("You", text), 7)["grammar"]


def ask(content, *, headers=None, path="/v1/chat/completions", method="POST"):
    """Status and JSON of one request, and what the app behind it got."""
    got = []

    async def behind(scope, receive, send):
        message = await receive()
        got.append((dict(scope["headers"]), json.loads(message["body"] or b"null")))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def run():
        transport = httpx.ASGITransport(Constrained(behind, count(5)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, content=content, headers=headers)

    return asyncio.run(run()), got


def test_the_server_behind_gets_the_bound_request_with_its_length():
    reply, [(headers, bound)] = ask(json.dumps(body("You", "Go")))
    assert reply.status_code == 200
    assert bound == constrained(body("You", "Go"), 5)
    assert headers[b"content-length"] == str(len(json.dumps(bound))).encode()


@pytest.mark.parametrize("content", ["nonsense", "[]", '{"messages": 1}', '{"messages": ["a"]}'])
def test_what_is_no_request_is_refused_with_a_message(content):
    reply, got = ask(content)
    assert (reply.status_code, got) == (400, [])
    assert reply.json()["error"]["message"].startswith("no chat request that can be answered")


def test_a_schema_without_a_grammar_is_refused():
    schema = {"type": "object", "properties": {"a": {"type": "null"}}}
    reply, got = ask(json.dumps(body("You", "Go", response_format={"schema": schema})))
    assert (reply.status_code, got) == (400, [])


def test_a_page_of_a_browser_is_refused():
    reply, got = ask(json.dumps(body("You", "Go")), headers={"Origin": "http://example.org"})
    assert (reply.status_code, got) == (403, [])


def test_other_requests_go_through():
    reply, got = ask(None, path="/v1/models", method="GET")
    assert (reply.status_code, len(got)) == (200, 1)
