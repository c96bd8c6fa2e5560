"""A small Kraken on 127.0.0.1: OHLC and Trades over a list of trades, or the answers one puts before it."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

from tests.paths import shared

Trade = tuple[str, str, int]
"""Price, volume, time in nanoseconds."""


@dataclass
class Kraken:
    """Serves `trades` as of `now_s`; an entry of `answers` (status, body) goes out first."""

    trades: list[Trade] = field(default_factory=list)
    now_s: int = 0
    ohlc_bars: int = 720
    trades_page: int = 1_000
    since_includes: bool = False
    result_key: str = "XXBTZUSD"
    answers: deque[tuple[int, bytes]] = field(default_factory=deque)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, call: str, params: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of the next answer."""
        self.asked.append((call, params))
        if self.answers:
            return self.answers.popleft()
        rows, last = (
            self._ohlc(60 * int(params["interval"])) if call == "OHLC" else self._page(int(params["since"]))
        )
        return 200, json.dumps({"error": [], "result": {self.result_key: rows, "last": last}}).encode()

    def refuse(self, *errors: str, times: int = 1) -> None:
        """Answer the next calls with these errors, as Kraken does: with HTTP 200."""
        self.answers.extend([(200, json.dumps({"error": errors}).encode())] * times)

    def _page(self, since_ns: int) -> tuple[list[list[Any]], str]:
        after = [
            (number, trade)
            for number, trade in enumerate(self.trades, 1)
            if trade[2] > since_ns or (self.since_includes and trade[2] == since_ns)
        ][: self.trades_page]
        rows = [[price, volume, at / 1e9, "b", "l", "", number] for number, (price, volume, at) in after]
        return rows, str(after[-1][1][2] if after else since_ns)

    def _ohlc(self, length: int) -> tuple[list[list[Any]], int]:
        """Every interval from the first trade to now, those without trades too, the running one last."""
        rows: list[list[Any]] = []
        first = self.trades[0][2] // 10**9 // length * length if self.trades else self.now_s
        for start in range(first, self.now_s + 1, length):
            inside = [t for t in self.trades if start <= t[2] // 10**9 < start + length]
            prices = [price for price, _, _ in inside] or [rows[-1][4]]
            volume = f"{sum(float(volume) for _, volume, _ in inside):.8f}"
            high, low = max(prices, key=float), min(prices, key=float)
            rows.append([start, prices[0], high, low, prices[-1], "0.0", volume, len(inside)])
        return rows[-self.ohlc_bars :], self.now_s


def recorded(name: str) -> bytes:
    """The body of a recorded response."""
    text = shared(f"fixtures/kraken/kraken_net/Endpoints__Spot__ExchangeData__{name}.txt").read_text()
    return text.split("\n", 3)[3].encode()


@contextmanager
def serve(kraken: Kraken) -> Iterator[Kraken]:
    """The same `kraken`, answering at its `url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            url = urlparse(self.path)
            params = {name: values[0] for name, values in parse_qs(url.query).items()}
            status, body = kraken.answer(url.path.removeprefix("/0/public/"), params)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False  # kept connections would be waited for
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        kraken.url = f"http://127.0.0.1:{server.server_port}"
        yield kraken
        server.shutdown()
