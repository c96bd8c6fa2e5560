"""The daemon's client for pages, commands and notebooks: one method a route, plain dicts as answers.

In answers money and quantities are decimal strings, to be read by `Decimal`, and times ISO 8601 in UTC.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self

import httpx

from evotrade.client.refusals import decoded, error_of, not_running
from evotrade.client.watch import Watch
from evotrade.errors import DaemonError
from evotrade.settings import Settings
from evotrade.tokens import FILE_NAME, Role, read_tokens, tokens_file

JSON = dict[str, Any]

_LONG_S = 300.0  # a start may have to fetch history, a new cell is backtested
_LONGEST_S = 3_600.0  # a model has as long as the daemon's llm_timeout_s


class Client:
    """The daemon at an address, asked with a token; close it, or use it in a `with` block.

    Every method raises `DaemonError` when the daemon can't be asked, and otherwise the error of evotrade's
    tree that the daemon met: `NotFound`, `SessionRefused`, `DeskLimit`, `GenomeError` …
    """

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 10.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = _checked_address(url)
        if not (token and token.isascii() and token.isprintable()):
            raise DaemonError(f"what was given is no token: use one of {FILE_NAME} beside the store")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(
            base_url=self.url,
            headers=self._headers,
            timeout=timeout_s,
            transport=transport,
            trust_env=False,  # a proxy would see the token, and does not reach this machine
        )

    @classmethod
    def of_settings(cls, settings: Settings, role: Role = "admin") -> Client:
        """The daemon of the settings, with the token of that role from the file beside the store.

        Raises `DaemonError` where no daemon has made that file yet, `SettingsError` where it is unusable.
        """
        path = tokens_file(settings.store)
        if not path.exists():
            raise DaemonError(f"no daemon ever ran on {settings.store}: start it with evotrade daemon")
        return cls(settings.daemon_address, read_tokens(path).of_role(role).token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    # The daemon

    def health(self) -> JSON:
        """Whether it is there: ok, pid, version."""
        return self._object("GET", "/health")

    def system(self) -> JSON:
        """All of its health: feed, jobs, sessions by status, counters, as `desk.views.Health`."""
        return self._object("GET", "/system")

    def alerts(self, limit: int = 100) -> list[JSON]:
        """at, level, session_id, text; newest first."""
        return self._list("/alerts", limit=limit)

    def test_alert(self) -> None:
        """Send a test message by every configured way. `SettingsError` where none is, or one failed."""
        self._object("POST", "/alerts/test", wait_s=60)

    def metrics(self) -> str:
        """The daemon's metrics as Prometheus reads them."""
        return self._ask("GET", "/metrics").text

    # Cells

    def cells(
        self,
        status: Literal["alive", "dead"] | None = None,
        dish: str | None = None,
        origin: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[JSON]:
        """Cells, best fitness first, each with `status` and `status_label`."""
        return self._list("/cells", status=status, dish=dish, origin=origin, limit=limit, offset=offset)

    def cell(self, cell_id: int) -> JSON:
        """One cell with its `phenotypes`."""
        return self._object("GET", f"/cells/{cell_id}")

    def phenotypes(self, cell_id: int) -> list[JSON]:
        """A cell's results, one for each timeframe and split."""
        return self._list(f"/cells/{cell_id}/phenotypes")

    def lineage(self, cell_id: int) -> list[JSON]:
        """The cell among its relatives, oldest ancestors first."""
        return self._list(f"/cells/{cell_id}/lineage")

    def create_cell(
        self,
        genome: str,
        *,
        name: str = "",
        hypothesis: str = "",
        category: str = "",
        parent: int | None = None,
        pair: str | None = None,
        timeframe: str | None = None,
    ) -> JSON:
        """Validate, backtest and store a genome: cell_id, status, status_label, reasons, fitness, results."""
        told = {"llm_name": name, "llm_hypothesis": hypothesis, "llm_category": category}
        body = {"dsl_genome": genome, **told, "parent_cell_id": parent, "pair": pair, "timeframe": timeframe}
        return self._object("POST", "/cells/create", body, wait_s=_LONG_S)

    def fork(
        self,
        cell_id: int,
        instruction: str,
        *,
        name: str = "",
        pair: str | None = None,
        timeframe: str | None = None,
    ) -> JSON:
        """Have the language model change a cell as wished: as `create_cell`, and genome, llm_…, message.

        Raises `LlmNotConfigured`, `LlmUnreachable`, `LlmBusy`, `LlmBudget` and `LlmAnswerUnusable`.
        """
        told = {"mutation_description": instruction, "llm_name": name}
        body = {**told, "pair": pair, "timeframe": timeframe}
        return self._object("POST", f"/cells/{cell_id}/fork", body, wait_s=_LONGEST_S)

    # Sessions

    def start(
        self,
        cell_id: int,
        *,
        allocation: Decimal | float | str = "1000",
        timeframe: str = "1h",
        dry_run: bool = True,
        pair: str | None = None,
        limits: Mapping[str, Any] | None = None,
        confirm: str | None = None,
    ) -> JSON:
        """Start a session and return it. Real orders need `confirm="<cell> <pair> <allocation>"`.

        `limits` has the fields of `engine.execution.Limits`. Raises `SessionRefused` with the failed check.
        """
        body: JSON = {
            "cell_id": cell_id,
            "allocation": f"{allocation:f}" if isinstance(allocation, Decimal) else str(allocation),
            "timeframe": timeframe,
            "dry_run": dry_run,
            "pair": pair,
            "confirm": confirm,
            "limits": dict(limits or {}),
        }
        return self._object("POST", "/trading/start", body, wait_s=_LONG_S)

    def stop(self, session_id: int, *, flatten: bool = True) -> JSON:
        """Stop a session, selling its position unless told not to; returns it, it may be `stopping` yet."""
        return self._object("POST", f"/trading/stop/{session_id}", {"flatten": flatten})

    def stop_all(self, *, flatten: bool = True) -> list[JSON]:
        """The kill switch: stop every session that runs, and return them."""
        found: list[JSON] = decoded(self._ask("POST", "/trading/stop-all", {"flatten": flatten}, 60))
        return found

    def resume(self, session_id: int, reason: str = "") -> JSON:
        """Let a halted session go on."""
        return self._object("POST", f"/trading/resume/{session_id}", {"reason": reason}, wait_s=_LONG_S)

    def sessions(self, active: bool | None = None, limit: int = 200) -> list[JSON]:
        """Sessions, newest first: those that run, those that ended, or both."""
        return self._list("/trading/sessions", active=active, limit=limit)

    def session(self, session_id: int) -> JSON:
        """One session: session_id, cell_id, status, current_pnl … as `desk.views.SessionView`."""
        return self._object("GET", f"/trading/session/{session_id}")

    def trades(self, session_id: int) -> list[JSON]:
        """Its fills, oldest first: trade_id, timestamp, side, quantity, price, fee, pnl, position_after …"""
        return self._list(f"/trading/session/{session_id}/trades")

    def positions(self, session_id: int) -> list[JSON]:
        """Its entries with what closed them, oldest first; the open one, if there is one, comes last."""
        return self._list(f"/trading/session/{session_id}/positions")

    def orders(self, session_id: int) -> list[JSON]:
        """Its orders, oldest first."""
        return self._list(f"/trading/session/{session_id}/orders")

    def transitions(self, session_id: int) -> list[JSON]:
        """Its changes of state: at, before, after, reason."""
        return self._list(f"/trading/session/{session_id}/transitions")

    def bars(self, session_id: int) -> list[JSON]:
        """The bars it used: start, open, high, low, close, volume, trades, decision, missed."""
        return self._list(f"/trading/session/{session_id}/bars")

    def ticks(self, session_id: int, since: datetime | None = None) -> list[JSON]:
        """seen_at, price, pnl; oldest first, at most 10 000."""
        after = None if since is None else since.isoformat()
        return self._list(f"/trading/session/{session_id}/ticks", since=after)

    def verify(self, session_id: int) -> JSON:
        """The session against the backtest of its bars, as `desk.views.Verification` with `agrees`."""
        return self._object("GET", f"/trading/session/{session_id}/verify", wait_s=_LONG_S)

    def watch(
        self, session_id: int, *, patience_s: float = 60.0, sleep: Callable[[float], None] = time.sleep
    ) -> Iterator[JSON]:
        """Messages of a session until it is stopped: a snapshot first, then changes as they happen.

        Each has `type` (snapshot, price, pnl, trade, position, state), `session_id`, `seq`, `epoch`, `data`.
        A lost connection is made again without missing one, or else with a new snapshot; `DaemonError`
        when that fails for `patience_s`.
        """
        return Watch(self.url, self._headers, session_id, patience_s, sleep).messages()

    # How it asks

    def _list(self, path: str, **query: object) -> list[JSON]:
        found: list[JSON] = decoded(self._ask("GET", path, query=query))
        return found

    def _object(self, method: str, path: str, body: JSON | None = None, wait_s: float | None = None) -> JSON:
        found: JSON = decoded(self._ask(method, path, body, wait_s))
        return found

    def _ask(
        self,
        method: str,
        path: str,
        body: JSON | None = None,
        wait_s: float | None = None,
        query: Mapping[str, object] | None = None,
    ) -> httpx.Response:
        given: Any = {name: value for name, value in (query or {}).items() if value is not None}
        timeout = httpx.USE_CLIENT_DEFAULT if wait_s is None else httpx.Timeout(wait_s, connect=10)
        try:
            response = self._http.request(method, path, json=body, params=given, timeout=timeout)
        except httpx.ConnectError:
            raise not_running(self.url) from None
        except httpx.TransportError as error:
            raise DaemonError(
                f"the daemon at {self.url} did not answer {method} {path} ({type(error).__name__}): it may "
                "or may not have done what was asked, look before you ask again"
            ) from None
        if response.is_success:
            return response
        raise error_of(response.status_code, response.content)


def _checked_address(url: str) -> str:
    try:
        known = httpx.URL(url)
    except httpx.InvalidURL:
        known = httpx.URL("")
    if known.scheme not in ("http", "https") or not known.host:
        raise DaemonError(f"{url!r} is no address of a daemon: mend daemon_url, like http://127.0.0.1:8710")
    return url.rstrip("/")
