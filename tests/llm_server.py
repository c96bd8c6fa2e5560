"""An OpenAI-compatible server on 127.0.0.1 that answers as a test says, and records what it was sent."""

import contextlib
import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer.

    A streamed `content` goes out in `pieces` parts, `pause_s` apart; it breaks off after `drop_after` of
    them, or waits there until the test is over with `hang_after`. `tokens` in and out are told unless None.
    With `as_tool` the content is the arguments of the tool that the request offers.
    """

    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: int = 5
    pause_s: float = 0.0
    drop_after: int | None = None
    hang_after: int | None = None
    tokens: tuple[int, int] | None = (100, 50)
    as_tool: bool = False


def busy(retry_after_s: float | None = None) -> Reply:
    """A 429."""
    headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:g}"}
    return Reply('{"error": {"message": "slow down", "type": "rate_limit"}}', 429, headers)


def refusal(status: int, message: str) -> Reply:
    """An error of that status."""
    return Reply(json.dumps({"error": {"message": message}}), status)


GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"


def proposal(genome: str = GENOME, **changed: Any) -> dict[str, Any]:
    """A proposal as a model would write it."""
    return {
        "name": "crossing",
        "category": "trend",
        "hypothesis": "trends last",
        "expected": {"trades": 40, "win_rate_pct": 45.0, "sharpe": 0.8},
        "genome": genome,
        **changed,
    }


@dataclass
class LlmServer:
    """Gives the replies of `script` one by one, the last of them for ever.

    `requests` are what it was sent, `bodies` the same as text, `keys` their Authorization; `hanging` is set
    while a reply waits, and `released` ends the waiting.
    """

    script: deque[Reply] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "scripted", "object": "model"}])
    url: str = ""
    hanging: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)

    def says(self, *replies: Reply | str | dict[str, Any]) -> "LlmServer":
        """Put replies at the end of the script; text and dicts are contents."""
        for reply in replies:
            text = json.dumps(reply) if isinstance(reply, dict) else reply
            self.script.append(Reply(text) if isinstance(text, str) else text)
        return self

    def take(self, body: str, key: str | None) -> Reply:
        """The next reply; the request is kept."""
        self.bodies.append(body)
        self.requests.append(json.loads(body))
        self.keys.append(key)
        return self.script.popleft() if len(self.script) > 1 else self.script[0]

    def said(self, request: int = -1, message: int = -1) -> str:
        """What a message of a request says: its last, of the last."""
        return str(self.requests[request]["messages"][message]["content"])

    def wait_if(self, hang: bool) -> None:
        """Wait until the test is over."""
        if hang:
            self.hanging.set()
            self.released.wait(60)


@contextlib.contextmanager
def serve(server: LlmServer | None = None) -> Iterator[LlmServer]:
    """The server, answering at its `url`."""
    server = server or LlmServer()
    handler = type("Handler", (_Handler,), {"llm": server})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        http.block_on_close = False  # kept connections would be waited for
        Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        server.url = f"http://127.0.0.1:{http.server_port}/v1"
        try:
            yield server
        finally:
            server.released.set()
            http.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    llm: LlmServer

    def do_GET(self) -> None:
        self._send(200, json.dumps({"object": "list", "data": self.llm.models}), {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        reply, asked = self.llm.take(body, self.headers.get("Authorization")), json.loads(body)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the other side has had enough
            if reply.status != 200:
                self._send(reply.status, reply.content, reply.headers)
            elif asked.get("stream"):
                self._stream(reply, asked)
            else:
                self.llm.wait_if(reply.hang_after is not None)
                self._send(200, json.dumps(_whole(reply, asked)), {})

    def _send(self, status: int, text: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())
        self.wfile.flush()

    def _stream(self, reply: Reply, asked: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, piece in enumerate(_pieces(reply)):
            if number == reply.drop_after:
                self.close_connection = True
                return  # without the last chunk, which says that there is no more
            self.llm.wait_if(number == reply.hang_after)
            self._event(json.dumps(_chunk(_delta(reply, asked, piece, number == 0))))
            time.sleep(reply.pause_s)
        self._event(json.dumps(_chunk({}, _finish(reply))))
        if reply.tokens:
            self._event(json.dumps({**_chunk({}), "choices": [], "usage": _usage(reply.tokens)}))
        self._event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _event(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
        self.wfile.flush()

    def finish(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().finish()

    def log_message(self, *_: object) -> None:
        pass


def _pieces(reply: Reply) -> list[str]:
    size = max(1, -(-len(reply.content) // reply.pieces))
    return [reply.content[start : start + size] for start in range(0, len(reply.content), size)] or [""]


def _delta(reply: Reply, asked: dict[str, Any], piece: str, first: bool) -> dict[str, Any]:
    if not reply.as_tool:
        return {"role": "assistant", "content": piece}
    call: dict[str, Any] = {"index": 0, "function": {"arguments": piece}}
    if first:
        call |= {"id": "call-1", "type": "function"}
        call["function"]["name"] = asked["tools"][0]["function"]["name"]
    return {"role": "assistant", "tool_calls": [call]}


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.as_tool else "stop"


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}


def _whole(reply: Reply, asked: dict[str, Any]) -> dict[str, Any]:
    message = _delta(reply, asked, reply.content, True)
    usage = {"usage": _usage(reply.tokens)} if reply.tokens else {}
    choice = {"index": 0, "message": {"content": None, **message}, "finish_reason": _finish(reply)}
    return {**_HEAD, "object": "chat.completion", "choices": [choice], **usage}


_HEAD = {"id": "1", "created": 1, "model": "scripted"}


def _usage(tokens: tuple[int, int]) -> dict[str, int]:
    return {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
