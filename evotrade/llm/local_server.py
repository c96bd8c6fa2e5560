"""The offline model as an OpenAI-compatible server: llama.cpp's, with every answer bound to a grammar.

A client need not know: the JSON schema that it asks for, in its request or in words, becomes the grammar.
What a very small model cannot use, as the schema's text or a long history, is left out of what it reads.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from itertools import count
from typing import Any

from evotrade.llm.answers import Proposal
from evotrade.llm.grammar import answer_gbnf

HOST = "127.0.0.1"
_CHAT = "/chat/completions"
_CONTEXT_TOKENS = 8_192
_LETTERS = {"instructions": 1_000, "task": 2_000, "feedback": 600}
_WIDE = {"top_p": 1.0, "top_k": 200, "min_p": 0.01}  # the grammar keeps it from nonsense, so it may vary
_TEMPERATURE, _HEAT, _HOTTEST = 1.1, 0.3, 2.0
_TAKEN = ("model", "max_tokens", "temperature", "top_p", "seed", "top_k", "stream", "stop", "grammar")
_MOST_BYTES = 4 << 20

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def constrained(body: Mapping[str, Any], seed: int, *, whole_language: bool = False) -> dict[str, Any]:
    """A chat request bound to the grammar of the answer that it asks for; without any, of a proposal.

    Only what llama.cpp's server understands is kept. `seed` is of this request, unless it brings one; each
    answer that did not serve makes the next one wilder.
    """
    messages = [(str(each.get("role")), _content(each)) for each in body.get("messages", ())]
    schema = _asked_schema(body) or next(_schemas(messages), None) or Proposal.model_json_schema()
    most = body.get("max_tokens") or body.get("max_completion_tokens")
    answers = sum(role == "assistant" for role, _ in messages)
    return {
        **_WIDE,
        "temperature": min(_HOTTEST, _TEMPERATURE + _HEAT * answers),
        "seed": seed,
        "grammar": answer_gbnf(schema, whole_language=whole_language),
        **({"max_tokens": most} if most else {}),
        **{name: body[name] for name in _TAKEN if body.get(name) is not None},
        "messages": [{"role": "user", "content": _readable(messages)}],
    }


def _asked_schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of a request's `response_format`."""
    wanted = body.get("response_format") or {}
    schema = (wanted.get("json_schema") or {}).get("schema") or wanted.get("schema")
    return schema if isinstance(schema, dict) else None


def _schemas(messages: Sequence[tuple[str, str]]) -> Iterator[Mapping[str, Any]]:
    """The schemas written into messages."""
    for _, text in messages:
        yield from (schema for schema, _, _ in _schemas_in(text))


def _schemas_in(text: str) -> Iterator[tuple[Mapping[str, Any], int, int]]:
    """Schemas of objects inside a text, each with where it begins and ends."""
    decoder, start = json.JSONDecoder(), text.find("{")
    while start >= 0:
        end = start + 1
        try:
            found, end = decoder.raw_decode(text, start)
            if isinstance(found, dict) and isinstance(found.get("properties"), dict):
                yield found, start, end
        except (ValueError, RecursionError):  # a brace that begins no JSON
            pass
        start = text.find("{", end)


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


def _readable(messages: Sequence[tuple[str, str]]) -> str:
    """Instructions, task and the last feedback, each cut to size, without the model's own answers.

    Those it would only repeat.
    """
    asked = [text for role, text in messages if role not in ("system", "developer", "assistant")]
    parts = {
        "instructions": "\n".join(text for role, text in messages if role in ("system", "developer")),
        "task": asked[0] if asked else "",
        "feedback": asked[-1] if len(asked) > 1 else "",
    }
    cut = (_without_schemas(text).strip()[: _LETTERS[part]] for part, text in parts.items())
    return "\n\n".join(text for text in cut if text)


def _without_schemas(text: str) -> str:
    for _, start, end in reversed(list(_schemas_in(text))):
        text = text[:start] + text[end:]
    return text


class Constrained:
    """An ASGI app before llama.cpp's: binds each chat request to its grammar, and refuses pages of browsers.

    `seeds` gives each request one of its own, so that asking again answers otherwise.
    """

    def __init__(self, app: App, seeds: Iterator[int], *, whole_language: bool = False) -> None:
        self._app, self._seeds, self._whole_language = app, seeds, whole_language

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        headers = dict(scope.get("headers", ()))
        if b"origin" in headers:  # the server behind it would let any site ask
            await _refuse(send, 403, "this server answers programs, not pages of a browser")
        elif scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(_CHAT):
            await self._chat(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _chat(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            body = json.loads(await _whole(receive))
            bound = constrained(body, next(self._seeds), whole_language=self._whole_language)
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            await _refuse(send, 400, f"no chat request that can be answered: {error}")
            return
        content = json.dumps(bound).encode()
        length = (b"content-length", str(len(content)).encode())
        others = [header for header in scope["headers"] if header[0] != b"content-length"]
        pending = [{"type": "http.request", "body": content, "more_body": False}]

        async def again() -> Message:
            return pending.pop() if pending else await receive()

        await self._app({**scope, "headers": [*others, length]}, again, send)


async def _whole(receive: Receive) -> bytes:
    """A request's body. `ValueError` where it is too long, or never came."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if message["type"] != "http.request" or len(body) > _MOST_BYTES:
            raise ValueError("the request is too long, or broke off")
        if not message.get("more_body"):
            return body


async def _refuse(send: Send, status: int, message: str) -> None:
    content = json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a model's file on this machine until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m evotrade.llm.local_server")
    parser.add_argument("--model", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--whole-language", action="store_true")
    options = parser.parse_args(arguments)

    import uvicorn
    from llama_cpp.server.app import create_app
    from llama_cpp.server.settings import ModelSettings, ServerSettings

    model = ModelSettings(
        model=options.model,
        model_alias=options.name,
        chat_format="gemma",
        n_ctx=_CONTEXT_TOKENS,
        n_threads=options.threads,
        n_threads_batch=options.threads,
        logits_all=False,  # of every token it read they would take gigabytes
        verbose=False,
    )
    app = create_app(server_settings=ServerSettings(host=HOST, port=options.port), model_settings=[model])
    bound = Constrained(app, count(options.seed), whole_language=options.whole_language)
    uvicorn.run(bound, host=HOST, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
