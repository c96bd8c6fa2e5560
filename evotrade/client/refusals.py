"""What the daemon's refusals are here: the errors that it met."""

from __future__ import annotations

import json
from typing import Any

import httpx

from evotrade import errors
from evotrade.errors import DaemonError, EvotradeError, GenomeError, LlmBudget, LlmBusy

PROBLEM = "urn:evotrade:error:"
"""What the type of a problem document begins with that stands for an error of evotrade's tree."""


def not_running(url: str) -> DaemonError:
    """The error for a daemon that nobody can reach."""
    return DaemonError(f"the daemon is not running at {url}: start it with evotrade daemon")


def error_of(status: int, content: bytes) -> EvotradeError:
    """The error that a problem document tells of."""
    try:
        problem: Any = json.loads(content)
        detail, kind = str(problem["detail"]), str(problem.get("type", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _no_daemon(status)
    if status == 401:
        return DaemonError(
            "the daemon does not know this token, it runs on another store: name that one by EVOTRADE_STORE"
        )
    error = getattr(errors, kind.removeprefix(PROBLEM), None) if kind.startswith(PROBLEM) else None
    if error is GenomeError:
        return GenomeError(
            problem["message"],
            line=problem["line"],
            column=problem["column"],
            length=problem["length"],
            suggestion=problem["suggestion"],
        )
    if error is LlmBusy:
        return LlmBusy(detail, problem.get("retry_after_s"))
    if error is LlmBudget:
        return LlmBudget(detail, str(problem.get("which", "")))
    if isinstance(error, type) and issubclass(error, EvotradeError):
        return error(detail)
    mistakes = "; ".join(f"{one['field']}: {one['message']}" for one in problem.get("errors", ()))
    return DaemonError(f"the daemon cannot use what was asked, mend it ({mistakes})" if mistakes else detail)


def decoded(response: httpx.Response) -> Any:
    """What the daemon answered. `DaemonError` where something else answered in its place."""
    try:
        return response.json()
    except ValueError:
        raise _no_daemon(response.status_code) from None


def _no_daemon(status: int) -> DaemonError:
    return DaemonError(
        f"what answered with status {status} is no evotrade daemon: see daemon_url and daemon_port"
    )
